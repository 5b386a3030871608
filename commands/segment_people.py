"""The people of a segment: the command `segment.people`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CsvStream, Stream, invalid
from tracker.api.csv_rows import csv_lines
from tracker.api.people_rows import (
    PEOPLE_COLUMNS,
    PEOPLE_SORTS,
    SOMEONE_EXAMPLE,
    SomeoneInformation,
    shown_people,
)
from tracker.api.report_answers import READY, AsOfAnswer, as_of
from tracker.api.report_asking import asked
from tracker.api.report_cursors import cursor_after, note_of_cut, page_of
from tracker.api.report_params import (
    INVALID_CURSOR,
    INVALID_LIMIT,
    INVALID_SORT,
    TOO_LARGE,
    TOO_SLOW,
    SubscriberNumbers,
    cursor_param,
    limit_param,
    with_limit,
)
from tracker.api.report_tables import plain_rows
from tracker.api.segment_params import (
    ASKED_ERRORS,
    INVALID_RULE,
    asked_segment,
    ever,
    segment_id,
    segment_rule,
)
from tracker.fields import Choice, ListID, YesOrNo
from tracker.questions import People

#: Rows of an answer without `Limit`.
USUAL_ROWS = 100
INVALID_SUBSCRIBERS, INVALID_ONLY = invalid("SubscriberIDs", 27), invalid("OnlySubscribers", 28)


class SegmentPeople(Command):
    """List the people of a segment, or of a rule, as they are now; `Format=csv` makes a table of up to 1,000.

    The rows are those of `reports.people`: `Events` and `Revenue` are of all that is kept. `Total` equals `People` of
    `segment.count`. `SubscriberIDs` tells which of these subscribers are in it. `Sort` puts the largest first. `Cursor` is where
    the next page begins: send it within a day, with the same parameters.
    """

    name = "segment.people"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "1000 per 60 seconds"
    other_media_types = (CsvStream.media_type,)
    errors = (
        *ASKED_ERRORS, invalid("Format", 11), TOO_LARGE, TOO_SLOW, INVALID_SORT, INVALID_LIMIT, INVALID_CURSOR,
        INVALID_SUBSCRIBERS, INVALID_ONLY,
    )  # fmt: skip
    example = (
        {"ListID": 123, "SegmentID": 5},
        {
            **READY,
            "Total": 1,
            "People": [SOMEONE_EXAMPLE],
            "Cursor": None,
            "AsOf": "2026-02-01T09:30:00.125Z",
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the segment"})
        SegmentID = segment_id()
        Rule = segment_rule()
        SubscriberIDs = SubscriberNumbers(metadata={"description": "Only these subscribers"})
        OnlySubscribers = YesOrNo(
            load_default=False, metadata={"description": "Leave out visitors whom nobody knows"}
        )
        Sort = Choice(*PEOPLE_SORTS, load_default="LastSeenAt", metadata={"description": "What to sort by"})
        Limit = limit_param(USUAL_ROWS)
        Cursor = cursor_param()
        Format = Choice("json", "csv", load_default="json", metadata={"description": "Form of the answer"})

    class Answer(AsOfAnswer):
        Total = fields.Integer(required=True, metadata={"description": "People on all pages"})
        People = fields.List(fields.Nested(SomeoneInformation), required=True)
        Cursor = fields.String(required=True, allow_none=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any] | Stream:
        params = with_limit(params, USUAL_ROWS)
        page, is_csv = page_of(self, params), params["Format"] == "csv"
        list_id, wanted = params["ListID"], params.get("SubscriberIDs")
        segment = asked_segment(self, list_id, params, page.now)
        question = People(
            ever(self, list_id, page.now, segment),
            sort=PEOPLE_SORTS[params["Sort"]],
            limit=params["Limit"],
            offset=page.offset,
            subscribers=None if wanted is None else tuple(wanted),
            is_known=params["OnlySubscribers"],
        )
        found = asked(self, question, is_csv, INVALID_RULE)
        told = found.answer or {"people": [], "total": 0}
        people = shown_people(self, list_id, told["people"])
        cursor = cursor_after(self, params, page, len(told["people"]))
        if is_csv:
            self.item_notes = note_of_cut(params, page, len(told["people"]), cursor, told["total"])
            return CsvStream(csv_lines(plain_rows(people, PEOPLE_COLUMNS, "Revenue")))
        return {
            **found.status,
            "Total": told["total"],
            "People": people,
            "Cursor": cursor,
            "AsOf": as_of(found.answer),
        }
