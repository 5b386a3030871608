"""Event collection from browsers: the command `event.collect`, called by the endpoint `/t/<EventListTrackerID>`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any

from marshmallow import Schema, ValidationError, fields

from tracker import Command, CommandError, ParamReader, invalid, public_list
from tracker.api.batch import MAX_EVENTS, EventReader, Outcome, cost_of, track_each, track_one
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
from tracker.api.event_request import EventRequest, list_access
from tracker.api.relayed_events import AGENT, INVALID_USER_AGENT
from tracker.api.truncation import CUT, PageProperties, cleaned, overlong
from tracker.domain.enrichment import enrich
from tracker.domain.event import Event
from tracker.domain.url_scrubbing import hidden, scrubbed_within
from tracker.errors import FORBIDDEN
from tracker.fields import Text
from tracker.formats.client_ip import is_in_networks, truncated
from tracker.times import MAX_EPOCH_MS

INVALID_EVENTS = invalid("Events", 2, f"Invalid Events parameter: an array of at most {MAX_EVENTS} events")
ERRORS = (*(row for row in EVENT_ERRORS if row is not INVALID_LIST), INVALID_USER_AGENT)


#: The schema of a time without bounds.
CLOCK = {"type": TIME["type"]}


_FAR_YEAR = re.compile(r"[+-][0-9]{6}-")


class ClockTime(Time):
    """A time of a clock that may be wrong by any amount: a time beyond the calendar's ends becomes the nearest end."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = min(max(value, 0), MAX_EPOCH_MS - 1)
        elif isinstance(value, str) and _FAR_YEAR.match(
            value
        ):  # as JavaScript writes years of more than four digits
            value = MAX_EPOCH_MS - 1 if value[0] == "+" else 0
        return super()._deserialize(value, *args, **kwargs)


class OneEvent(EventParams):
    """The parameters of a page's event, without ListID: lenient about clock and URL, which the page does not choose."""

    Properties = PageProperties(INVALID_PROPERTIES, PROPERTIES)
    Timestamp = ClockTime(metadata=CLOCK | {"description": "When it happened, by the browser's clock"})
    SentAt = ClockTime(
        metadata=CLOCK | {"description": "When it was sent, by the same clock: corrects Timestamp"}
    )
    UserAgent = Text(metadata={"description": f"{AGENT}. Without it, that of the request"})

    class Meta:
        exclude = ("ListID",)


EVENT = ParamReader(OneEvent, ERRORS)


def _cut_names() -> fields.List[Any]:
    description = "Captured properties that were too long and are stored cut; absent if there are none"
    return fields.List(fields.String(), metadata={"description": description})


class FromBrowser(EventRequest):
    """Makes public events of one list, enriched from the request that carried them."""

    is_public = True

    def __init__(self, command: Command) -> None:
        super().__init__(*list_access(command), command.now, command.is_form)
        caller = command.caller
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
        self._rules = settings.channel_rules
        self._is_own = is_in_networks(caller.address, settings.own_networks)
        self._kept_address = truncated(caller.address) if settings.is_address_kept else None

    def event(self, params: dict[str, Any]) -> Event:
        sent = params.get("Properties") or {}
        sender, cut = self._sender, overlong(sent)
        kept = cleaned(sent, self._hidden, cut, sender.is_sdk)
        event = super().event({**params, "ListID": self._list_id, "Properties": kept})
        if sender.is_sdk:
            event.identify_properties = scrubbed_within(event.identify_properties, self._hidden)
        event.lacks_key = self._lacks_key
        agent = (params["UserAgent"] or None) if "UserAgent" in params else sender.user_agent
        return enrich(
            event, agent, self._kept_address, cut, sender.is_image, self._rules, is_own=self._is_own
        )

    def is_test(self, event: Event) -> bool:
        """Return whether nothing is stored: test events, people who ask not to be tracked, and prefetched pages."""
        return self._is_unwanted or (not self._sender.is_sdk and super().is_test(event))


class EventCollect(Command):
    """Track one event, or up to 1,000, of a website's visitors. The only credential is the public id of a list.

    Pages of other origins call it as `POST /t/<EventListTrackerID>`, mails as `GET /t/<EventListTrackerID>.gif`. Each event
    has the parameters of `event.track` except `ListID`; with `Events`, `UUID` and `SentAt` may be sent once for all. The
    answer repeats the `EventID` and says whether the event was accepted: it reveals no visitor and no subscriber.

    Events of this command never overwrite identity: an existing subscriber gets no ID or address from them, a visitor
    linked to a subscriber stays linked, and only empty custom fields are filled. A link that they make gives way to one made
    with a key. Server-side enrichment adds properties that start with `$` and follow from the request (browser, system,
    device, host); in captured properties that are sent, a lone surrogate becomes U+FFFD.
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
        Event = EventName(metadata={"description": "Event name, if a single event is sent"})
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
            fields.Nested(Collected), metadata={"description": "One per event, in order; only with `Events`"}
        )

    @classmethod
    def cost(cls, params: Mapping[str, Any]) -> int:
        return cost_of(params.get("Events"))

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        request = FromBrowser(self)
        if request.is_from_elsewhere:
            raise CommandError(FORBIDDEN)
        if "Events" not in params:
            track_one(self.services.ingest, request, request.event(params), self.deadline)
            return {"status": "success", **_sent(params), **_cut(params)}
        shared: dict[str, Any] = {name: params[name] for name in ("UUID", "SentAt") if name in params}
        items = EventReader(EVENT, shared)
        events = params["Events"]
        outcomes = track_each(self.services.ingest, request, events, items.read, self.deadline)
        self.services.metrics.refused_events(self.name, outcomes)
        self.item_notes = items.notes()
        return {"status": "success", "results": list(map(_result, events, outcomes))}


def _result(sent: Any, outcome: Outcome) -> dict[str, Any]:
    """Describe an outcome. A duplicate is `ok` too: a public answer does not reveal what is stored."""
    sent_id = _sent(EVENT.spelled(sent)) if isinstance(sent, dict) else {}
    if isinstance(outcome, CommandError):
        return {"status": "error", **sent_id, **outcome.body}
    return {"status": "ok", **sent_id, **_cut(EVENT.spelled(sent))}


def _cut(params: Mapping[str, Any]) -> dict[str, Any]:
    names = overlong(params.get("Properties"))
    return {CUT: names} if names else {}


def _sent(params: Mapping[str, Any]) -> dict[str, Any]:
    event_id = params.get("EventID")
    return {"EventID": event_id} if isinstance(event_id, str) else {}
