"""Batch tracking: the command `event.batch`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CommandError, ParamReader, invalid, missing
from tracker.api.batch import MAX_EVENTS, EventReader, Outcome, cost_of, track_each
from tracker.api.event_params import INVALID_LIST, INVALID_SENT_AT, TIME, Events, Time
from tracker.api.event_request import answer, ignored_names
from tracker.api.relayed_events import INVALID_TRACKER_ID, RELAYED_ERRORS, FromRelay, RelayedParams
from tracker.fields import ListID, Text

INVALID_EVENTS = invalid("Events", 2, f"Invalid Events parameter: an array of at most {MAX_EVENTS} events")
EVENT = ParamReader(RelayedParams, RELAYED_ERRORS)


class EventBatch(Command):
    """Track up to 1,000 events in one transaction; where lists are spread over shards, in one for each shard.

    Each event has the parameters of `event.track`; `ListID` and `SentAt` may be sent once for all, and the list may be named by
    its public id. `UserAgent` and `IPAddress` of an event tell of the browser that it comes from: what follows from them and
    from the page's address is added, as at the collect endpoint, and a robot's event is not counted. The answer has one
    result per event, in order: `ok`, `duplicate` (its `EventID` is already stored), or `error` with the numbered errors of
    `event.track`. Every `ok` and `duplicate` is committed; a refused event does not affect the others. The body may be
    NDJSON (`application/x-ndjson`, one event per line) and compressed with gzip. A batch counts as many calls of
    `event.track` as it has events; a batch that exceeds the rate limit is refused as a whole and consumes nothing. Error
    100013 carries `EventIDs`, one per event in order: repeat the batch with them, and nothing is stored twice.
    """

    name = "event.batch"
    path = "events"
    permission = None
    shares_limit_of = "event.track"
    max_body_bytes = 1024 * 1024
    items_param = "Events"
    max_items = MAX_EVENTS
    errors = (missing("Events", 1), INVALID_EVENTS, INVALID_LIST, INVALID_SENT_AT, INVALID_TRACKER_ID)
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
        Events = Events(MAX_EVENTS, required=True)
        ListID = ListID(metadata={"description": "List of the events without a ListID"})
        EventListTrackerID = Text(metadata={"description": "The same, by the public id of a list of yours"})
        SentAt = Time(
            metadata=TIME
            | {"description": "When the request was sent, by the client's clock: corrects Timestamps"}
        )

    class Answer(Schema):
        class Result(Schema):
            class Row(Schema):
                Code = fields.Integer(required=True)
                Message = fields.String(required=True)
                Hint = fields.String()

            status = fields.String(required=True, metadata={"enum": ["ok", "duplicate", "error"]})
            uuid = fields.UUID(metadata={"description": "The visitor; not with `error`"})
            external_id = fields.String(
                allow_none=True, metadata={"description": "The ID sent; not with `error`"}
            )
            identify_event_sent = fields.Boolean(
                metadata={"description": "Whether an identify event was sent with it; not with `error`"}
            )
            ignored_identify_properties = ignored_names()
            Errors = fields.List(
                fields.Nested(Row), metadata={"description": "Rows of `event.track`; only with `error`"}
            )

        status = fields.String(required=True, metadata={"const": "success"})
        results = fields.List(
            fields.Nested(Result), required=True, metadata={"description": "One per event, in order"}
        )

    @classmethod
    def cost(cls, params: Mapping[str, Any]) -> int:
        return cost_of(params.get("Events"))

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        request = FromRelay(self)
        if "ListID" in params:
            request.own_list(params["ListID"])
        if "EventListTrackerID" in params:
            named = request.named_list(params["EventListTrackerID"], params.get("ListID"))
            params["ListID"] = named.id
        shared: dict[str, Any] = {name: params[name] for name in ("ListID", "SentAt") if name in params}
        items = EventReader(EVENT, shared)
        outcomes = track_each(self.services.ingest, request, params["Events"], items.read, self.deadline)
        self.services.metrics.refused_events(self.name, outcomes)
        self.item_notes = items.notes()
        return {"status": "success", "results": [_result(outcome) for outcome in outcomes]}


def _result(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, CommandError):
        return {"status": "error", **outcome.body}
    return {"status": "duplicate" if outcome.is_duplicate else "ok", **answer(outcome)}
