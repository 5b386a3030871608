"""Numbers by the values of one or two dimensions: the command `reports.breakdown`."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tracker import Command, CsvStream, Stream
from tracker.api.dimension_params import FORMS, read_dimension
from tracker.api.report_answers import (
    READY,
    SCOPE_EXAMPLE,
    BreakdownRow,
    MeasureValues,
    ReportAnswer,
    scope_of,
)
from tracker.api.report_asking import asked
from tracker.api.report_cursors import cursor_after, note_of_cut, page_of
from tracker.api.report_params import (
    HEAD_ERRORS,
    INVALID_BY,
    INVALID_CURSOR,
    INVALID_EVENT,
    INVALID_LIMIT,
    INVALID_MEASURES,
    INVALID_SORT,
    MEASURE_PATTERN,
    MISSING_BY,
    HeadParams,
    OneOrMore,
    cursor_param,
    event_param,
    head_of,
    limit_param,
    measures_param,
    read_measures,
    refusing,
    with_limit,
)
from tracker.api.report_tables import breakdown_rows, report_table
from tracker.fields import Text
from tracker.questions import Breakdown, measure_of
from tracker.questions.question import MAX_DIMENSIONS

#: Rows of an answer without `Limit`.
USUAL_ROWS = 10


class ReportsBreakdown(Command):
    """Count by the values of one or two things: sources, campaigns, pages, devices, custom fields.

    `By` names what to count by: `Event` is the event's name, `<property>` a property of the event, `visit:<property>` the
    first value in the visit (its entry), `visit-exit:<property>` the last, `person:<field>` a custom field, by alias or
    `CustomField<ID>`; that needs the permission `Subscribers.Get`. A property whose name begins like one of these forms is
    `event:<property>`.

    `Rows` are ordered by the measure `Sort`, by default the first of `Measures`, largest first. `Others` has what the rows
    leave, for measures that add up; null for others, since a person can be in several rows. `Total` counts everything.
    `Before` and `TotalBefore` are of the range compared with. `Cursor` is where the next page begins, null at the end.
    """

    name = "reports.breakdown"
    method = "GET"
    permission = "Reports.Get"
    is_report = True
    rate_limit = "1000 per 60 seconds"
    other_media_types = (CsvStream.media_type,)
    errors = (
        *HEAD_ERRORS, INVALID_EVENT, INVALID_MEASURES, INVALID_BY, INVALID_SORT, INVALID_LIMIT, INVALID_CURSOR, MISSING_BY,
    )  # fmt: skip
    example = (
        {"ListID": 123, "By": ["Event"], "Measures": ["people", "events"], "Limit": 10},
        {
            **READY,
            "Rows": [
                {
                    "Values": ["page_view"],
                    "people": 78,
                    "events": 401,
                    "Before": {"people": 70, "events": 380},
                }
            ],
            "Others": {"people": None, "events": 12},
            "Total": {"people": 91, "events": 413},
            "TotalBefore": {"people": 80, "events": 390},
            "Cursor": None,
            "Scope": SCOPE_EXAMPLE,
        },
    )

    class Params(HeadParams):
        By = OneOrMore(MAX_DIMENSIONS, required=True, metadata={"description": f"What to count by: {FORMS}"})
        Event = event_param()
        Measures = measures_param()
        Sort = Text(
            1,
            300,
            metadata={
                "description": "Measure to order the rows by; by default the first",
                "pattern": MEASURE_PATTERN,
            },
        )
        Limit = limit_param(USUAL_ROWS)
        Cursor = cursor_param()

    class Answer(ReportAnswer):
        Rows = fields.List(fields.Nested(BreakdownRow), required=True)
        Others = fields.Nested(MeasureValues, required=True, allow_none=True)
        Total = fields.Nested(MeasureValues, required=True, allow_none=True)
        TotalBefore = fields.Nested(MeasureValues, required=True, allow_none=True)
        Cursor = fields.String(required=True, allow_none=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any] | Stream:
        params = with_limit(params, USUAL_ROWS)
        page = page_of(self, params)
        head = head_of(self, params, page.now)
        with refusing():
            by = tuple(read_dimension(self, head.list_id, each) for each in params["By"])
            measures, event = read_measures(params), params.get("Event")
        with refusing({"measures": INVALID_SORT}):
            sort = measure_of(params["Sort"]) if "Sort" in params else None
        with refusing():
            question = Breakdown(head, by, measures, event, sort, params["Limit"], page.offset)
        is_csv = params["Format"] == "csv"
        found = asked(self, question, is_whole=is_csv)
        told = found.answer or {}
        rows = [_row(each) for each in told.get("rows", [])]
        answer = {
            **found.status,
            "Rows": rows,
            "Others": told.get("others"),
            "Total": told.get("total"),
            "TotalBefore": told.get("before_total"),
            "Cursor": cursor_after(self, params, page, len(rows)),
            "Scope": scope_of(head, found.answer),
        }
        if not is_csv:
            return answer
        self.item_notes = note_of_cut(params, page, len(rows), answer["Cursor"])
        return report_table(
            breakdown_rows(answer, params["By"], [each.word for each in measures]), answer["Scope"]
        )


def _row(found: dict[str, Any]) -> dict[str, Any]:
    measured = {word: value for word, value in found.items() if word not in ("values", "before")}
    return {"Values": found["values"], **measured, "Before": found.get("before")}
