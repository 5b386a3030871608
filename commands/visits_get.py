"""Visit listing: the command `visits.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tracker import Command, CsvStream, Stream
from tracker.api.report_answers import READY, SCOPE_EXAMPLE, ReportAnswer, scope_of
from tracker.api.report_asking import asked
from tracker.api.report_cursors import cursor_after, note_of_cut, page_of
from tracker.api.report_params import (
    HEAD_ERRORS,
    INVALID_CURSOR,
    INVALID_EVENT,
    INVALID_LIMIT,
    HeadParams,
    cursor_param,
    event_param,
    head_of,
    limit_param,
    refusing,
    with_limit,
)
from tracker.api.report_tables import plain_rows, report_table
from tracker.api.visit_rows import VISIT_COLUMNS, VISIT_EXAMPLE, VisitInformation, shown_visits
from tracker.questions import Visits

#: Rows of an answer without `Limit`.
USUAL_ROWS = 50


class VisitsGet(Command):
    """List visits, newest first: those in which an event matches the question.

    A visit is a person's events without a silence of more than 30 minutes; a setting of the list changes that. `Entry` and
    `Exit` are the first and last page, `Channel`, `Campaign`, `Device` and `Country` the first values in the visit. `EventID`
    is its first event: `visit.get` shows all of them.

    `Cursor` is where the next page begins: send it within a day, with the same parameters.
    """

    name = "visits.get"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "1000 per 60 seconds"
    other_media_types = (CsvStream.media_type,)
    errors = (*HEAD_ERRORS, INVALID_EVENT, INVALID_LIMIT, INVALID_CURSOR)
    example = (
        {"ListID": 123, "Limit": 25},
        {**READY, "Total": 1, "Visits": [VISIT_EXAMPLE], "Cursor": None, "Scope": SCOPE_EXAMPLE},
    )

    class Params(HeadParams):
        Event = event_param()
        Limit = limit_param(USUAL_ROWS)
        Cursor = cursor_param()

    class Answer(ReportAnswer):
        Total = fields.Integer(required=True, metadata={"description": "Visits on all pages"})
        Visits = fields.List(fields.Nested(VisitInformation), required=True)
        Cursor = fields.String(required=True, allow_none=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any] | Stream:
        params = with_limit(params, USUAL_ROWS)
        page = page_of(self, params)
        head = head_of(self, params, page.now)
        with refusing():
            question = Visits(head, params.get("Event"), params["Limit"], page.offset)
        is_csv = params["Format"] == "csv"
        found = asked(self, question, is_whole=is_csv)
        told = found.answer or {"visits": [], "total": 0}
        visits = shown_visits(self, head.list_id, told["visits"])
        cursor = cursor_after(self, params, page, len(told["visits"]))
        if is_csv:
            self.item_notes = note_of_cut(params, page, len(told["visits"]), cursor, told["total"])
            return report_table(plain_rows(visits, VISIT_COLUMNS, "Revenue"), scope_of(head, found.answer))
        return {
            **found.status,
            "Total": told["total"],
            "Visits": visits,
            "Cursor": cursor,
            "Scope": scope_of(head, found.answer),
        }
