"""How do browsers send events? The command `event.collect`, which the door at `/t/<EventListTrackerID>` calls."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any

from marshmallow import Schema, ValidationError, fields

from tracker import Command, CommandError, ParamReader, invalid, public_list
from tracker.api.batch import MAX_EVENTS, Outcome, cost_of, track_each, track_one
from tracker.api.captured_events import mended
from tracker.api.event_params import (  # fmt: skip
    EVENT_ERRORS,
    INVALID_LIST,
    INVALID_PROPERTIES,
    MISSING_EVENT,
    PROPERTIES,
    TIME,
    EventName,
    EventParams,
    Events,
    Time,
)
from tracker.api.event_request import EventRequest
from tracker.api.truncation import CUT, PageProperties, cleaned, overlong
from tracker.domain.enrichment import enrich
from tracker.domain.event import Event
from tracker.domain.url_scrubbing import hidden
from tracker.errors import FORBIDDEN
from tracker.formats.client_ip import truncated
from tracker.times import MAX_EPOCH_MS

INVALID_EVENTS = invalid("Events", 2, f"Invalid Events parameter: an array of at most {MAX_EVENTS} events")
ERRORS = tuple(row for row in EVENT_ERRORS if row is not INVALID_LIST)


#: How such a time is described.
CLOCK = {"type": TIME["type"]}


_FAR_YEAR = re.compile(r"[+-][0-9]{6}-")


class ClockTime(Time):
    """A time by a clock that may stand anywhere: what it says beyond the calendar's ends are those."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = min(max(value, 0), MAX_EPOCH_MS - 1)
        elif isinstance(value, str) and _FAR_YEAR.match(
            value
        ):  # as JavaScript writes years of more than four digits
            value = MAX_EPOCH_MS - 1 if value[0] == "+" else 0
        return super()._deserialize(value, *args, **kwargs)


class OneEvent(EventParams):
    """The parameters of an event whose list the credential names, sent by a page that cannot help its clock or address."""

    Properties = PageProperties(INVALID_PROPERTIES, PROPERTIES)
    Timestamp = ClockTime(metadata=CLOCK | {"description": "When it happened, by the browser's clock"})
    SentAt = ClockTime(
        metadata=CLOCK | {"description": "When it was sent, by the same clock: corrects Timestamp"}
    )

    class Meta:
        exclude = ("ListID",)


EVENT = ParamReader(OneEvent, ERRORS)


def _cut_names() -> fields.List[Any]:
    said = "Properties of the script's own that were too long and are stored cut; only if there are any"
    return fields.List(fields.String(), metadata={"description": said})


class FromBrowser(EventRequest):
    """Events of one list, with what the request itself tells."""

    is_public = True

    def __init__(self, command: Command) -> None:
        caller, lists = command.caller, command.services.stores.lists
        super().__init__(command.user_id, lists, command.now, command.deadline, command.is_form)
        if caller.list_id is None:
            raise TypeError("only a list's public id leads here")
        settings = command.services.stores.list_settings.of(caller.list_id, command.deadline)
        self._list_id, self._sender = caller.list_id, caller.sender
        origins = settings.allowed_origins
        self.is_from_elsewhere = bool(origins) and self._sender.origin not in (None, *origins)
        has_signal = settings.is_privacy_signal_honoured and self._sender.has_privacy_signal
        self._is_unwanted = has_signal or self._sender.is_prefetch
        self._hidden = hidden(settings.hidden_parameters)
        self._lacks_key = settings.is_key_needed_for_conversions
        self._kept_address = truncated(caller.address) if settings.is_address_kept else None

    def event(self, params: dict[str, Any]) -> Event:
        sent = params.get("Properties") or {}
        event = super().event({**params, "ListID": self._list_id, "Properties": cleaned(sent, self._hidden)})
        event.lacks_key = self._lacks_key
        sender = self._sender
        return enrich(event, sender.user_agent, self._kept_address, overlong(sent), sender.is_image)

    def is_test(self, event: Event) -> bool:
        """Of a person who does not want it, and of what nobody may ever look at, nothing is stored either."""
        return self._is_unwanted or super().is_test(event)


class EventCollect(Command):
    """Track one event, or up to 1,000, of a website's visitors, with nothing but the public id of a list.

    Called as `POST /t/<EventListTrackerID>` by pages of other origins and as `GET /t/<EventListTrackerID>.gif` by
    mails. Each event has the parameters of `event.track` but `ListID`; beside `Events`, `UUID` and `SentAt` may be given
    once for all. The answer holds nothing but what was sent and whether it was taken: no visitor and no person can be
    looked up here. An event takes nothing over: who exists gets no ID or address by it, a visitor that is theirs stays so,
    and only empty custom fields are filled. What it links gives way to what comes with a key. Properties that start with `$`
    and can be told from the request (browser, system, device, host) are added; in those that are sent, half a character is
    read as U+FFFD.
    """

    name = "event.collect"
    permission = public_list
    rate_limit = "30000 per 60 seconds"
    address_limit = "600 per 60 seconds"
    max_body_bytes = 1024 * 1024
    items_param = "Events"
    max_items = MAX_EVENTS
    mend = staticmethod(mended)
    errors = (INVALID_EVENTS, *ERRORS)
    example = (
        {
            "EventListTrackerID": "nJ0xW2bq_3Zt8Jm1",
            "UUID": "550e8400-e29b-41d4-a716-446655440000",
            "Events": [{"Event": "page_view", "EventID": "e-1"}, {"Event": ""}],
        },
        {
            "status": "success",
            "results": [
                {"status": "ok", "EventID": "e-1"},
                {"status": "error", "Errors": [{"Code": 5, "Message": "Missing event parameter"}]},
            ],
        },
    )

    class Params(OneEvent):
        Event = EventName(metadata={"description": "Event name, if this is one event"})
        Events = Events(MAX_EVENTS)

        def check(self, values: dict[str, Any], refused: Set[str] = frozenset()) -> None:
            if "Events" in values or "Events" in refused:
                return
            if "Event" not in values and "Event" not in refused:
                raise ValidationError([MISSING_EVENT], "Event")
            super().check(values, refused)

    class Answer(Schema):
        class Collected(Schema):
            class Row(Schema):
                Code = fields.Integer(required=True)
                Message = fields.String(required=True)
                Hint = fields.String()

            status = fields.String(required=True, metadata={"enum": ["ok", "error"]})
            EventID = fields.String(metadata={"description": "As sent, if it was"})
            cut_properties = _cut_names()
            Errors = fields.List(fields.Nested(Row), metadata={"description": "Only with `error`"})

        status = fields.String(required=True, metadata={"const": "success"})
        EventID = fields.String(metadata={"description": "As sent, if it was"})
        cut_properties = _cut_names()
        results = fields.List(
            fields.Nested(Collected), metadata={"description": "One an event, in order; only with `Events`"}
        )

    @classmethod
    def cost(cls, params: Mapping[str, Any]) -> int:
        return cost_of(params.get("Events"))

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        intake = FromBrowser(self)
        if intake.is_from_elsewhere:
            raise CommandError(FORBIDDEN)
        if "Events" not in params:
            track_one(self.services.ingest, intake, intake.event(params), self.deadline)
            return {"status": "success", **_sent(params), **_cut(params)}
        shared: dict[str, Any] = {name: params[name] for name in ("UUID", "SentAt") if name in params}

        def read(sent: dict[str, Any]) -> dict[str, Any]:
            return {**shared, **EVENT.read(EVENT.spelled(sent))}

        events = params["Events"]
        outcomes = track_each(self.services.ingest, intake, events, read, self.deadline)
        return {"status": "success", "results": list(map(_result, events, outcomes))}


def _result(sent: Any, outcome: Outcome) -> dict[str, Any]:
    """A repeat is `ok` as well: whether it was there before is nobody else's business."""
    said = _sent(EVENT.spelled(sent)) if isinstance(sent, dict) else {}
    if isinstance(outcome, CommandError):
        return {"status": "error", **said, **outcome.body}
    return {"status": "ok", **said, **_cut(EVENT.spelled(sent))}


def _cut(params: Mapping[str, Any]) -> dict[str, Any]:
    names = overlong(params.get("Properties"))
    return {CUT: names} if names else {}


def _sent(params: Mapping[str, Any]) -> dict[str, Any]:
    event_id = params.get("EventID")
    return {"EventID": event_id} if isinstance(event_id, str) else {}
