"""One visit with its events: the command `visit.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CommandError, Error, invalid, missing
from tracker.api.event_responses import IDENTIFY_EXAMPLE, ReceivedEvent, described_received
from tracker.api.report_answers import READY, StatusAnswer
from tracker.api.report_asking import asked
from tracker.api.report_params import LIST_ERRORS, TOO_SLOW, calendar, own_list_id, refusing
from tracker.api.visit_rows import VISIT_EXAMPLE, VisitInformation, shown_visits
from tracker.fields import ListID, WholeNumber
from tracker.questions import Visit

MISSING_EVENT_ID, INVALID_EVENT_ID = missing("EventID", 4), invalid("EventID", 5)
EVENT_NOT_FOUND = Error(
    6, "Event not found", hint="Reports see an event a second or two after it was received"
)
#: Events of one answer, the first of the visit.
MAX_EVENTS = 500


class VisitGet(Command):
    """Get the visit that an event is part of, with its events in the order in which they happened.

    `EventID` is any event of the visit. A visit is a person's events without a silence of more than 30 minutes; a setting of
    the list changes that. Of a longer one `Events` has the first 500. Robots' events are part of no visit.
    """

    name = "visit.get"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "1000 per 60 seconds"
    errors = (*LIST_ERRORS, MISSING_EVENT_ID, INVALID_EVENT_ID, EVENT_NOT_FOUND, TOO_SLOW)
    example = (
        {"ListID": 123, "EventID": 358117233766563841},
        {**READY, "Visit": VISIT_EXAMPLE, "Events": [IDENTIFY_EXAMPLE]},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the event"})
        EventID = WholeNumber(required=True, metadata={"description": "Any event of the visit"})

    class Answer(StatusAnswer):
        Visit = fields.Nested(VisitInformation, required=True, allow_none=True)
        Events = fields.List(fields.Nested(ReceivedEvent), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = own_list_id(self, params)
        zone, visit_gap_ms, events_from = calendar(self, list_id)
        with refusing():
            question = Visit(list_id, params["EventID"], zone, visit_gap_ms, events_from)
        found = asked(self, question)
        if found.answer is None:
            return {**found.status, "Visit": None, "Events": []}
        told = found.answer
        visits = [] if told["visit"] is None else shown_visits(self, list_id, [told["visit"]])
        events = self.services.reports.received(list_id, told["events"][:MAX_EVENTS], self.deadline)
        if not visits or not events:
            raise CommandError(EVENT_NOT_FOUND)
        return {**found.status, "Visit": visits[0], "Events": [described_received(each) for each in events]}
