"""How are many events tracked at once? The command `event.batch`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CommandError, Error, ParamReader, invalid, missing
from tracker.errors import OUTCOME_UNKNOWN, UNEXPECTED, because
from tracker.fields import ListID
from tracker.ingest.event import Event, EventIdTaken, EventOutcomeUnknown, Tracked
from tracker.ingest.intake import Intake, answer, ignored_names
from tracker.ingest.parameters import (
    EVENT_ERRORS,
    EVENT_ID_TAKEN,
    INVALID_EVENT,
    INVALID_LIST,
    INVALID_SENT_AT,
    TIME,
    EventParams,
    Time,
)  # fmt: skip

#: Events of one request.
MOST_EVENTS = 1_000
INVALID_EVENTS = invalid("Events", 2, f"Invalid Events parameter: an array of at most {MOST_EVENTS} events")
EVENT = ParamReader(EventParams, EVENT_ERRORS)


class Events(fields.Field[list[Any]]):
    """An array; what stands in it is checked event by event."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list) or len(value) > MOST_EVENTS:
            raise self.make_error("validator_failed")
        return value


class EventBatch(Command):
    """Track up to 1,000 events in one transaction.

    Each event has the parameters of `event.track`; `ListID` and `SentAt` may be given once for all. The answer has one
    result an event, in order: `ok`, `duplicate` (its EventID is stored already), or `error` with the numbered errors
    of `event.track`. Every `ok` and `duplicate` is committed; an event that is refused harms no other. The body may be
    NDJSON (`application/x-ndjson`, one event a line) and gzip. A batch counts as many calls of `event.track` as it has
    events; one that does not fit into the limit is refused whole and consumes nothing. Error 100013 carries
    `EventIDs`, one an event in order: the batch may be repeated with them, and nothing is stored twice.
    """

    name = "event.batch"
    path = "events"
    permission = None
    shares_limit_of = "event.track"
    max_body_bytes = 1024 * 1024
    items_param = "Events"
    most_items = MOST_EVENTS
    errors = (missing("Events", 1), INVALID_EVENTS, INVALID_LIST, INVALID_SENT_AT)
    example = (
        {"ListID": 123, "Events": [{"Event": "page_view", "EventID": "e-1"}, {"Event": ""}]},
        {
            "status": "success",
            "results": [
                {
                    "status": "ok",
                    "uuid": "550e8400-e29b-41d4-a716-446655440000",
                    "external_id": None,
                    "identify_event_sent": False,
                },
                {"status": "error", "Errors": [{"Code": 5, "Message": "Missing event parameter"}]},
            ],
        },
    )

    class Params(Schema):
        Events = Events(
            required=True,
            metadata={
                "type": "array",
                # No type: what is no object is an error of that event only.
                "items": {"description": "An object with the parameters of `event.track`"},
                "maxItems": MOST_EVENTS,
                "description": "The events",
            },
        )
        ListID = ListID(metadata={"description": "List of the events that name none"})
        SentAt = Time(
            metadata=TIME
            | {"description": "When the request was sent, by the client's clock: corrects Timestamps"}
        )

    class Answer(Schema):
        class Result(Schema):
            class Row(Schema):
                Code = fields.Integer(required=True)
                Message = fields.String(required=True)

            status = fields.String(required=True, metadata={"enum": ["ok", "duplicate", "error"]})
            uuid = fields.UUID(metadata={"description": "The visitor; not with `error`"})
            external_id = fields.String(
                allow_none=True, metadata={"description": "The ID sent; not with `error`"}
            )
            identify_event_sent = fields.Boolean(
                metadata={"description": "Whether it identified someone; not with `error`"}
            )
            ignored_identify_properties = ignored_names()
            Errors = fields.List(
                fields.Nested(Row), metadata={"description": "Rows of `event.track`; only with `error`"}
            )

        status = fields.String(required=True, metadata={"const": "success"})
        results = fields.List(
            fields.Nested(Result), required=True, metadata={"description": "One an event, in order"}
        )

    @classmethod
    def cost(cls, params: Mapping[str, Any]) -> int:
        """One an event. Too many are no matter of the limit: they are refused however long one waits."""
        events = params.get("Events")
        return len(events) or 1 if isinstance(events, list) and len(events) <= MOST_EVENTS else 1

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        lists = self.services.stores.lists
        intake = Intake(self.caller.user_id, lists, self.now, self.deadline, self.is_form)
        if "ListID" in params:
            intake.own_list(params["ListID"])
        shared: dict[str, Any] = {name: params[name] for name in ("ListID", "SentAt") if name in params}
        read = [self._read(sent, shared, intake) for sent in params["Events"]]
        to_store = [one for one in read if isinstance(one, Event)]
        tracked = iter(self._tracked(read, to_store))
        results = [_result(next(tracked) if isinstance(one, Event) else one) for one in read]
        return {"status": "success", "results": results}

    def _read(self, sent: Any, shared: dict[str, Any], intake: Intake) -> Event | Tracked | CommandError:
        """The event to store, what a test event is answered with, or why it is refused."""
        try:
            event = intake.event({**shared, **EVENT.read(EVENT.spelled(_object(sent)))})
        except CommandError as refused:
            return refused
        return self.services.ingest.check(event, self.deadline) if intake.is_test(event) else event

    def _tracked(self, read: list[Any], events: list[Event]) -> list[Tracked | Exception]:
        try:
            return self.services.ingest.track_batch(events, self.deadline)  # type: ignore[no-any-return]
        except EventOutcomeUnknown as unknown:
            ids = iter(unknown.event_ids)
            repeat_with = [next(ids) if isinstance(one, Event) else None for one in read]
            raise CommandError(OUTCOME_UNKNOWN, extra={"EventIDs": repeat_with}) from None


def _object(sent: Any) -> dict[str, Any]:
    if isinstance(sent, Error):  # it could not be read
        raise CommandError(sent)
    if not isinstance(sent, dict):
        raise CommandError(because(INVALID_EVENT, "an event is an object"))
    return {name: value for name, value in sent.items() if value is not None}


def _result(outcome: Tracked | Exception) -> dict[str, Any]:
    if isinstance(outcome, Tracked):
        return {"status": "duplicate" if outcome.is_duplicate else "ok", **answer(outcome)}
    if isinstance(outcome, EventIdTaken):
        outcome = CommandError(EVENT_ID_TAKEN)
    if not isinstance(outcome, CommandError):  # the others are committed: no reason to say otherwise
        outcome = CommandError(UNEXPECTED)
    return {"status": "error", **outcome.body}
