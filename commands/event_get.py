"""One event of a list, in full: the command `event.get`."""

from __future__ import annotations

from functools import partial
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from commands.event_collect import EventCollect
from tracker import Command, CommandError, Error, invalid
from tracker.api.event_list import EVENT_LIST_ERRORS, EventsParams, event_list_id
from tracker.api.event_responses import RECEIVED_EXAMPLE, ReceivedEvent, described_received
from tracker.api.refused_calls import RefusalReceipt, last_refusals
from tracker.fields import Text, WholeNumber

EVENT_NOT_FOUND = Error(8, "Event not found")
TWO_IDS = Error(10, "EventID and SentEventID exclude each other")
MISSING_ID = Error(
    6, "Missing EventID parameter", param="EventID", kind="missing", hint="Or send SentEventID"
)


class EventGet(Command):
    """Return one event that a list has received, with the subscriber it belongs to now.

    `EventID` is that of `events.recent`, `events.follow` and `subscriber.events`. `WithoutList` instead of `ListID` selects
    the events that were sent without a list.

    `SentEventID` asks for a receipt instead: it is the EventID that a client sent with an event. `Event` is the one that is stored
    with it, and of which every repeat is a duplicate; null if none is. `Refused` says why a call with it was refused in the last
    seven days, if one was and its body is kept (`rejections.get`). Both are of calls with a credential. What anybody may send with
    the public id of the list has EventIDs of its own: `PublicEvent` and `PublicRefused` say the same of it, and nothing about what
    your own program sent.

    With none of these, the event is not found: it never came, or was deleted. For 30 days a repeat of a deleted event is answered as a
    duplicate, though it is not found here.
    """

    name = "event.get"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "1000 per 60 seconds"
    errors = (
        *EVENT_LIST_ERRORS,
        MISSING_ID,
        invalid("EventID", 7),
        EVENT_NOT_FOUND,
        invalid("SentEventID", 9),
        TWO_IDS,
    )
    example = ({"ListID": 123, "EventID": int(str(RECEIVED_EXAMPLE["EventID"]))}, {"Event": RECEIVED_EXAMPLE})

    class Params(EventsParams):
        EventID = WholeNumber(metadata={"description": "The event"})
        SentEventID = Text(
            1, 64, metadata={"description": "Instead of EventID: the EventID that a client sent"}
        )

        @validates_schema(skip_on_field_errors=False, pass_original=True)
        def check_id(self, read: dict[str, Any], sent: dict[str, Any], **_: Any) -> None:
            if {"EventID", "SentEventID"} <= sent.keys():
                raise ValidationError([TWO_IDS])
            if not {"EventID", "SentEventID"} & sent.keys():
                raise ValidationError([MISSING_ID], "EventID")

    class Answer(Schema):
        Event = fields.Nested(ReceivedEvent, required=True, allow_none=True)
        Refused = fields.Nested(
            RefusalReceipt,
            allow_none=True,
            metadata={"description": "Only with `SentEventID`: the last refusal; null: none is known"},
        )
        PublicEvent = fields.Nested(
            ReceivedEvent,
            allow_none=True,
            metadata={
                "description": "Only with `SentEventID`: the event that somebody sent by the list's public id"
            },
        )
        PublicRefused = fields.Nested(
            RefusalReceipt,
            allow_none=True,
            metadata={"description": "Only with `SentEventID`: the last refusal of a call by the public id"},
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = event_list_id(self, params)
        if "SentEventID" in params:
            return self._receipt(list_id, params["SentEventID"])
        found = self.services.reports.received(list_id, [params["EventID"]], self.deadline)
        if not found:
            raise CommandError(EVENT_NOT_FOUND)
        return {"Event": described_received(found[0])}

    def _receipt(self, list_id: int, sent: str) -> dict[str, Any]:
        numbers = self.services.reports.events_with_key(list_id, sent, self.deadline)
        own, public = map(partial(self._stored, list_id), numbers)
        refused, refused_public = last_refusals(self, list_id, sent, EventCollect.name)
        answer = {"Event": own, "Refused": refused, "PublicEvent": public, "PublicRefused": refused_public}
        if not any(answer.values()):
            raise CommandError(EVENT_NOT_FOUND)
        return answer

    def _stored(self, list_id: int, number: int | None) -> dict[str, Any] | None:
        wanted = [] if number is None else [number]
        found = self.services.reports.received(list_id, wanted, self.deadline)
        return described_received(found[0]) if found else None
