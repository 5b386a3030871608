"""The people behind a number: the command `reports.people`."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tracker import Command, CsvStream, Stream, invalid
from tracker.api.cell_params import INVALID_CELL, cell_param, read_cell
from tracker.api.people_rows import (
    PEOPLE_COLUMNS,
    PEOPLE_SORTS,
    SOMEONE_EXAMPLE,
    SomeoneInformation,
    shown_people,
)
from tracker.api.report_answers import READY, SCOPE_EXAMPLE, ReportAnswer, scope_of
from tracker.api.report_asking import asked
from tracker.api.report_cursors import cursor_after, note_of_cut, page_of
from tracker.api.report_params import (
    HEAD_ERRORS,
    INVALID_CURSOR,
    INVALID_EVENT,
    INVALID_LIMIT,
    INVALID_SORT,
    HeadParams,
    SubscriberNumbers,
    cursor_param,
    event_param,
    head_of,
    limit_param,
    refusing,
    with_limit,
)
from tracker.api.report_tables import plain_rows, report_table
from tracker.fields import Choice, YesOrNo
from tracker.questions import OPENED_MEASURES, People
from tracker.questions.time_range import MAX_RANGE_DAYS

#: Rows of an answer without `Limit`.
USUAL_ROWS = 100
INVALID_SUBSCRIBERS, INVALID_ONLY = invalid("SubscriberIDs", 27), invalid("OnlySubscribers", 28)
INVALID_MEASURE = invalid("Measure", 29)
#: The range of a question about some subscribers.
LONGEST = {"From": f"-{MAX_RANGE_DAYS - 1}d", "Compare": "none"}


class ReportsPeople(Command):
    """List the people behind a number: ask the same question, with the condition of the row and the range of the point.

    A person is a subscriber or, where nobody knows who it is, a visitor, whose `SubscriberID` is null; `UUID` is one of their
    visitors. `Events` and `Revenue` are of the events that match, in the range that is asked for. `FirstSeenAt`, `LastSeenAt` and
    `Source`, the channel that they came from first, are of all their events that are kept, whatever the range. `Total` is the
    number of people on all pages: it equals the measure `people`.

    `Measure` is the number to open: `conversions` and `rate` restrict the answer, and its `Events` and `Revenue`, to conversions that
    count or, with a `GoalID`, to events that reach the goal; `revenue` to conversions that count, `views` to page views.

    `Cell` opens a number of another report, such as those who left a funnel: `Total` equals that number. Send it with the list, the
    range and the `Where` of that report, and without an `Event`; `Events` and `Revenue` are those of all events that match.

    `SubscriberIDs` restricts the answer to these subscribers, for whom the range is the longest there is unless you send one.
    Somebody without a matching event is in no answer, as somebody who does not exist.

    `Sort` puts the largest first. `Cursor` is where the next page begins: send it within a day, with the same parameters.
    """

    name = "reports.people"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "1000 per 60 seconds"
    other_media_types = (CsvStream.media_type,)
    errors = (
        *HEAD_ERRORS,
        INVALID_EVENT,
        INVALID_SORT,
        INVALID_LIMIT,
        INVALID_CURSOR,
        INVALID_SUBSCRIBERS,
        INVALID_ONLY,
        INVALID_MEASURE,
        INVALID_CELL,
    )
    example = (
        {"ListID": 123, "Event": "conversion"},
        {
            **READY,
            "Total": 1,
            "People": [SOMEONE_EXAMPLE],
            "Cursor": None,
            "Scope": SCOPE_EXAMPLE,
        },
    )

    class Params(HeadParams):
        Event = event_param()
        Measure = Choice(
            *OPENED_MEASURES,
            load_default="people",
            metadata={"description": "Only people who are in this number, by the events that it counts"},
        )
        Cell = cell_param()
        SubscriberIDs = SubscriberNumbers(
            metadata={"description": "Only these subscribers; by default over the longest range"}
        )
        OnlySubscribers = YesOrNo(
            load_default=False, metadata={"description": "Leave out visitors whom nobody knows"}
        )
        Sort = Choice(*PEOPLE_SORTS, load_default="LastSeenAt", metadata={"description": "What to sort by"})
        Limit = limit_param(USUAL_ROWS)
        Cursor = cursor_param()

    class Answer(ReportAnswer):
        Total = fields.Integer(required=True, metadata={"description": "People on all pages"})
        People = fields.List(fields.Nested(SomeoneInformation), required=True)
        Cursor = fields.String(required=True, allow_none=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any] | Stream:
        params = with_limit(params, USUAL_ROWS)
        page = page_of(self, params)
        wanted = params.get("SubscriberIDs")
        is_ever = wanted is not None and "From" not in params and "To" not in params
        head = head_of(self, LONGEST | params if is_ever else params, page.now)
        with refusing({"cell": INVALID_CELL}):
            question = People(
                head,
                params.get("Event"),
                PEOPLE_SORTS[params["Sort"]],
                params["Limit"],
                page.offset,
                None if wanted is None else tuple(wanted),
                params["OnlySubscribers"],
                params["Measure"],
                read_cell(self, head, params["Cell"]) if "Cell" in params else None,
            )
        is_csv = params["Format"] == "csv"
        found = asked(self, question, is_whole=is_csv, bad_step=INVALID_CELL)
        told = found.answer or {"people": [], "total": 0}
        people = shown_people(self, head.list_id, told["people"])
        cursor = cursor_after(self, params, page, len(told["people"]))
        if is_csv:
            self.item_notes = note_of_cut(params, page, len(told["people"]), cursor, told["total"])
            return report_table(plain_rows(people, PEOPLE_COLUMNS, "Revenue"), scope_of(head, found.answer))
        return {
            **found.status,
            "Total": told["total"],
            "People": people,
            "Cursor": cursor,
            "Scope": scope_of(head, found.answer),
        }
