"""One event of a list, in full: the command `event.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CommandError, Error, invalid, missing
from tracker.api.event_list import EVENT_LIST_ERRORS, EventsParams, event_list_id
from tracker.api.event_responses import RECEIVED_EXAMPLE, ReceivedEvent, described_received
from tracker.fields import WholeNumber

EVENT_NOT_FOUND = Error(8, "Event not found")


class EventGet(Command):
    """Return one event that a list has received, with the subscriber it belongs to now.

    `EventID` is that of `events.recent`, `events.follow` and `subscriber.events`. `WithoutList` instead of `ListID` selects
    the events that were sent without a list.
    """

    name = "event.get"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "1000 per 60 seconds"
    errors = (*EVENT_LIST_ERRORS, missing("EventID", 6), invalid("EventID", 7), EVENT_NOT_FOUND)
    example = ({"ListID": 123, "EventID": int(str(RECEIVED_EXAMPLE["EventID"]))}, {"Event": RECEIVED_EXAMPLE})

    class Params(EventsParams):
        EventID = WholeNumber(required=True, metadata={"description": "The event"})

    class Answer(Schema):
        Event = fields.Nested(ReceivedEvent, required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = event_list_id(self, params)
        found = self.services.reports.received(list_id, [params["EventID"]], self.deadline)
        if not found:
            raise CommandError(EVENT_NOT_FOUND)
        return {"Event": described_received(found[0])}
