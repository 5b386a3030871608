"""Recent events of a list, with cursor pagination: the command `events.recent`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CommandError, invalid
from tracker.api.event_list import EVENT_LIST_ERRORS, EventsParams, event_list_id
from tracker.api.event_responses import RECEIVED_EXAMPLE, ReceivedEvent, described_received
from tracker.api.name_params import event_names
from tracker.domain.cursors import cursor_of, numbers_in
from tracker.fields import Text, WholeNumber

#: Events of one answer: by default, and at most.
USUAL_RECORDS, MAX_RECORDS = 25, 100
INVALID_CURSOR = invalid("Cursor", 8)
#: The owner number in cursors of a whole list: subscribers and visitors have numbers from 1.
WHOLE_LIST = 0


class EventsRecent(Command):
    """List the events that a list has received, newest first, each with the subscriber it belongs to now.

    `WithoutList` instead of `ListID` selects the events that were sent without a list. `Event` selects events of one name, in whichever
    of its spellings (`event.alias`).

    `Cursor` of the answer is where the next page begins: send it with the same parameters; it is null at the end. Events
    that arrive meanwhile do not shift the pages. A page examines at most 5,000 events for a name, so it may have fewer
    events than `RecordsPerRequest`, even none, and still a cursor.
    """

    name = "events.recent"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "1000 per 60 seconds"
    errors = (*EVENT_LIST_ERRORS, invalid("Event", 6), invalid("RecordsPerRequest", 7), INVALID_CURSOR)
    example = ({"ListID": 123, "RecordsPerRequest": 25}, {"Events": [RECEIVED_EXAMPLE], "Cursor": None})

    class Params(EventsParams):
        Event = Text(1, 200, metadata={"description": "Only events of this name"})
        RecordsPerRequest = WholeNumber(
            1, MAX_RECORDS, load_default=USUAL_RECORDS, metadata={"description": "Events to return at most"}
        )
        Cursor = Text(1, 200, metadata={"description": "Where the page begins, from the previous answer"})

    class Answer(Schema):
        Events = fields.List(fields.Nested(ReceivedEvent), required=True)
        Cursor = fields.String(
            required=True, allow_none=True, metadata={"description": "Where the next page begins"}
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = event_list_id(self, params)
        before_id, size = _before(list_id, params), params["RecordsPerRequest"]
        reports = self.services.reports
        page = reports.recent(list_id, event_names(self, list_id, params), before_id, size, self.deadline)
        rest = None if page.rest is None else cursor_of(list_id, WHOLE_LIST, (page.rest,))
        return {"Events": [described_received(each) for each in page.events], "Cursor": rest}


def _before(list_id: int, params: dict[str, Any]) -> int | None:
    """Return the id before which the page begins, or None for the first page. Raises CommandError (8)."""
    if "Cursor" not in params:
        return None
    numbers = numbers_in(list_id, WHOLE_LIST, params["Cursor"], 1)
    if numbers is None:
        raise CommandError(INVALID_CURSOR)
    return numbers[0]
