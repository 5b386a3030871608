"""Who comes back: the command `reports.retention`."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tracker import Command, CsvStream, Stream
from tracker.api.journey_answers import Cohort, cohorts_shown, retention_rows
from tracker.api.report_answers import READY, SCOPE_EXAMPLE, ReportAnswer, scope_of
from tracker.api.report_asking import asked
from tracker.api.report_params import HEAD_ERRORS, HeadParams, head_of, refusing
from tracker.api.report_tables import report_table
from tracker.api.retention_params import (
    INVALID_FIRST,
    INVALID_PERIOD_INTERVAL,
    RETENTION_ERRORS,
    RetentionParams,
    read_retention,
)
from tracker.questions import Retention


class ReportsRetention(Command):
    """Tell how many people come back in the days, weeks or months after they began.

    A cohort is everybody who did `First` for the first time, of all that is kept, in one period of the range. `Returned` tells how many
    of them did `Return` in the first, second, … period after that one, also after the end of the range; null where the period has not
    begun. `Complete` is how many of these periods are over: the numbers after them still grow. `Average` is the share of those who
    came back among all people of the cohorts of which the period is over.

    First, return and everything else must match the question. It is compared with no other range. Any number opens with
    the `Cell` of `reports.people`.
    """

    name = "reports.retention"
    method = "GET"
    permission = "Reports.Get"
    is_report = True
    rate_limit = "1000 per 60 seconds"
    other_media_types = (CsvStream.media_type,)
    errors = (*HEAD_ERRORS, *RETENTION_ERRORS)
    example = (
        {"ListID": 123, "From": "yesterday", "To": "yesterday", "Interval": "day", "Periods": 2},
        {
            **READY,
            "Cohorts": [
                {
                    "Start": "2026-01-30T00:00:00.000+01:00",
                    "People": 31,
                    "Returned": [13, None],
                    "Complete": 0,
                }
            ],
            "Average": [None, None],
            "Scope": SCOPE_EXAMPLE,
        },
    )

    class Params(HeadParams, RetentionParams):
        pass

    class Answer(ReportAnswer):
        Cohorts = fields.List(fields.Nested(Cohort), required=True)
        Average = fields.List(
            fields.Float(allow_none=True),
            required=True,
            metadata={
                "description": "Share that came back in each period; null: it is over for no cohort with people"
            },
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any] | Stream:
        head = head_of(self, params, self.now)
        plan = read_retention(self, head.list_id, params)
        with refusing({"interval": INVALID_PERIOD_INTERVAL}):
            question = Retention(head, plan)
        is_csv = params["Format"] == "csv"
        found = asked(self, question, is_whole=is_csv, bad_step=INVALID_FIRST)
        told = found.answer or {"cohorts": [], "average": []}
        answer = {
            **found.status,
            "Cohorts": cohorts_shown(head, told["cohorts"]),
            "Average": told["average"],
            "Scope": scope_of(head, found.answer),
        }
        return report_table(retention_rows(answer, plan.periods), answer["Scope"]) if is_csv else answer
