"""Numbers over time: the command `reports.trend`."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tracker import Command, CsvStream, Stream, invalid
from tracker.api.dimension_params import FORMS, read_dimension
from tracker.api.report_answers import (
    READY,
    SCOPE_EXAMPLE,
    ReportAnswer,
    SeriesSchema,
    local_iso,
    scope_of,
)
from tracker.api.report_asking import asked
from tracker.api.report_params import (
    HEAD_ERRORS,
    INVALID_BY,
    INVALID_EVENT,
    INVALID_MEASURES,
    HeadParams,
    event_param,
    head_of,
    measures_param,
    read_measures,
    refusing,
)
from tracker.api.report_tables import report_table, trend_rows
from tracker.fields import Choice, Text, WholeNumber
from tracker.questions import INTERVALS, Head, Trend, auto_interval
from tracker.questions.question import MAX_TOP

INVALID_INTERVAL, INVALID_TOP = invalid("Interval", 30), invalid("Top", 31)
#: Values of an answer without `Top`.
USUAL_TOP = 5


class ReportsTrend(Command):
    """Count over time: people, visits, revenue and other measures for each hour, day, week or month of a range.

    `Series` has a series for each of the `Measures`; with `By` one for each of the `Top` values with most of the first measure
    (with most events, if that is a share, an average or bounces). `HasMoreValues` says whether there are further ones. `Points`
    are the values of the times in `Times`, where each interval begins; `Total` is that of the whole range, in which people
    count once. `Before` is the same of the range compared with.

    A measure of money is an object of decimals by currency. `Interval` is chosen by the length of the range if it is `auto`;
    `none` gives totals alone. An answer has at most 400 times.
    """

    name = "reports.trend"
    method = "GET"
    permission = "Reports.Get"
    is_report = True
    rate_limit = "1000 per 60 seconds"
    other_media_types = (CsvStream.media_type,)
    errors = (*HEAD_ERRORS, INVALID_EVENT, INVALID_MEASURES, INVALID_BY, INVALID_INTERVAL, INVALID_TOP)
    example = (
        {"ListID": 123, "Interval": "day", "Measures": ["people", "revenue"]},
        {
            **READY,
            "Interval": "day",
            "Times": ["2026-01-30T00:00:00.000+01:00"],
            "Series": [
                {
                    "Measure": "people",
                    "Value": None,
                    "Points": [3],
                    "Total": 3,
                    "Before": {"Points": [2], "Total": 2},
                },
            ],
            "HasMoreValues": False,
            "Scope": SCOPE_EXAMPLE,
        },
    )

    class Params(HeadParams):
        Event = event_param()
        Measures = measures_param()
        Interval = Choice(
            "auto", *INTERVALS, load_default="auto", metadata={"description": "Distance of the times"}
        )
        By = Text(1, 300, metadata={"description": f"A series for each value of this: {FORMS}"})
        Top = WholeNumber(
            1,
            MAX_TOP,
            metadata={"description": f"Values of `By`; without it {USUAL_TOP}, of a table {MAX_TOP}"},
        )

    class Answer(ReportAnswer):
        Interval = fields.String(required=True, metadata={"enum": list(INTERVALS)})
        Times = fields.List(
            fields.DateTime(metadata={"description": "With the offset of the list's time zone"}),
            required=True,
        )
        Series = fields.List(fields.Nested(SeriesSchema), required=True)
        HasMoreValues = fields.Boolean(
            required=True, metadata={"description": "Whether `By` has more values than there are series"}
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any] | Stream:
        head = head_of(self, params, self.now)
        interval: Any = params["Interval"]
        if interval == "auto":
            interval = auto_interval(head.begins, head.ends)
        with refusing({"interval": INVALID_INTERVAL, "top": INVALID_TOP}):
            by = read_dimension(self, head.list_id, params["By"]) if "By" in params else None
            measures = read_measures(params)
            is_table = params["Format"] == "csv"
            top = params.get("Top", MAX_TOP if is_table else USUAL_TOP)
            question = Trend(head, measures, params.get("Event"), interval, by, top)
        found = asked(self, question, is_whole=is_table)
        answer = {
            **found.status,
            "Interval": interval,
            **_series(head, found.answer),
            "Scope": scope_of(head, found.answer),
        }
        if not is_table:
            return answer
        if answer["HasMoreValues"]:
            self.item_notes = f"values 1 to {top}, more follow: narrow the question, or ask reports.breakdown"
        return report_table(trend_rows(answer), answer["Scope"])


def _series(head: Head, answer: dict[str, Any] | None) -> dict[str, Any]:
    if answer is None:
        return {"Times": [], "Series": [], "HasMoreValues": False}
    return {
        "Times": [local_iso(moment, head.zone) for moment in answer["times"]],
        "Series": [
            {
                "Measure": each["measure"],
                "Value": each["value"],
                "Points": each["points"],
                "Total": each["total"],
                "Before": _before(each.get("before")),
            }
            for each in answer["series"]
        ],
        "HasMoreValues": answer["has_more"],
    }


def _before(series: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if series is None else {"Points": series["points"], "Total": series["total"]}
