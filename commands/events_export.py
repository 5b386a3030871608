"""Events as lines: the command `events.export`."""

from __future__ import annotations

from itertools import chain
from typing import Any

from tracker import Command, CsvStream, NdjsonStream, Stream, invalid
from tracker.api.event_lines import csv_parts, event_pages, ndjson_parts
from tracker.api.event_responses import IDENTIFY_EXAMPLE, ReceivedEvent
from tracker.api.name_params import spellings_of
from tracker.api.report_answers import scope_header
from tracker.api.report_params import (
    HEAD_ERRORS,
    INVALID_EVENT,
    HeadParams,
    OneOrMore,
    event_param,
    head_of,
    refusing,
)
from tracker.fields import Choice
from tracker.questions import EventIds

INVALID_PROPERTIES = invalid("Properties", 30)
#: Columns for properties in a table.
MAX_COLUMNS = 50


class EventsExport(Command):
    """Export the events that answer a question, oldest first, as lines: a JSON object each (NDJSON), or a table (CSV).

    The events are those that `reports.trend` counts as `events`, each as in `events.recent`. A table has a column for each of
    `Properties`, and one with all properties as JSON; a text, or a part of one after a semicolon or a break, that a spreadsheet
    would take for a formula begins with an apostrophe. A column has the value of whichever spelling is set (`event.alias`); the events themselves keep the names that they
    came with. Lines are sent while they are read: a transfer that breaks off is not complete. `Compare`, `MatchWeekday` and
    `GoalID` change nothing. The header `X-Tracker-Scope` has the `Scope` of reports as JSON, as of the first line. The export is
    noted in the audit log.
    """

    name = "events.export"
    permission = "Subscribers.Get"
    rate_limit = "100 per 60 seconds"
    media_type = NdjsonStream.media_type
    other_media_types = (CsvStream.media_type,)
    errors = (*HEAD_ERRORS, INVALID_EVENT, INVALID_PROPERTIES)
    example = ({"ListID": 123, "Event": "identify", "Format": "ndjson"}, IDENTIFY_EXAMPLE)
    Answer = ReceivedEvent

    class Params(HeadParams):
        Event = event_param()
        Format = Choice("ndjson", "csv", load_default="ndjson", metadata={"description": "Form of the lines"})
        Properties = OneOrMore(MAX_COLUMNS, metadata={"description": "Properties to give columns in a table"})

    def run(self, params: dict[str, Any]) -> Stream:
        head, event = head_of(self, params, self.now), params.get("Event")
        with refusing():
            EventIds(head, event)
        following = event_pages(self, head, event)
        first = next(following)
        self._note(head.list_id)
        pages, told = chain([first], following), scope_header(first.scope)
        if params["Format"] == "csv":
            spellings = spellings_of(self, head.list_id)
            return CsvStream(csv_parts(pages, params.get("Properties", []), spellings), told)
        return NdjsonStream(ndjson_parts(pages), told)

    def _note(self, list_id: int) -> None:
        """Note an export that can begin in the audit log."""
        audit = self.services.audit
        self.services.storage.write(
            lambda transaction: audit.note(transaction, self.caller, self.name, f"list:{list_id}"),
            self.deadline,
        )
