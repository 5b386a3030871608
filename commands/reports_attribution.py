"""What brought the conversions: the command `reports.attribution`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CsvStream, Stream
from tracker.api.attribution_params import (
    ATTRIBUTION_ERRORS,
    INVALID_CONVERSION,
    AttributionParams,
    read_attribution,
)
from tracker.api.csv_rows import csv_lines
from tracker.api.report_answers import READY, SCOPE_EXAMPLE, ReportAnswer, money_field, scope_of
from tracker.api.report_asking import asked
from tracker.api.report_cursors import cursor_after, note_of_cut, page_of
from tracker.api.report_params import (
    HEAD_ERRORS,
    INVALID_CURSOR,
    INVALID_LIMIT,
    HeadParams,
    cursor_param,
    head_of,
    limit_param,
    refusing,
    with_limit,
)
from tracker.api.report_tables import plain_rows
from tracker.questions import Attribution

#: Rows of an answer without `Limit`.
USUAL_ROWS = 10
MONEY = ("Revenue", "FirstRevenue", "PerPerson")


class ReportsAttribution(Command):
    """Credit conversions to what brought the people who made them: channels, sources, campaigns, referrers, `pr` tokens, entry pages.

    A conversion of the range can be credited to the visits of the same person that began in the `Days` before it, its own included; `By`
    is what each of these began with (`entry` is its first page). By the model `last_non_direct` the last visit has the credit whose
    channel is not `Direct`, and a direct one where there is no other; of `pr` the last visit that has one. By `first` the earliest
    visit has it, by `even` all share it evenly. A conversion without any visit before it is `Direct`; null where `By` is no channel.

    Each `conversion-id` counts once. With a `GoalID`, or a `Conversion` of your own, the events like that are credited instead. `Orders`
    and `Revenue` are exact decimals, `Revenue` for each currency; nothing is converted. Shares are rounded to six digits so that
    the rows add up to `Total` (those that lost most by rounding down have what is left). `FirstRevenue` is what the model `first` would say.

    `People` came in the range by a visit that began so, `Buyers` have a conversion that is credited to it, `PerPerson` is `Revenue`
    by `People`. Rows with most revenue come first. Nothing is compared with a range before. A row opens to its people by
    the `Cell` of `reports.people`. `Cursor` is where the next page begins, null at the end.
    """

    name = "reports.attribution"
    method = "GET"
    permission = "Reports.Get"
    is_report = True
    rate_limit = "1000 per 60 seconds"
    other_media_types = (CsvStream.media_type,)
    errors = (*HEAD_ERRORS, *ATTRIBUTION_ERRORS, INVALID_LIMIT, INVALID_CURSOR)
    example = (
        {"ListID": 123, "By": "campaign", "Model": "even", "Limit": 10},
        {
            **READY,
            "Rows": [
                {
                    "Value": "first-flush", "People": 40, "Buyers": 9, "Orders": "8.5", "Revenue": {"EUR": "160.00"},
                    "FirstRevenue": {"EUR": "312.00"}, "PerPerson": {"EUR": "4.00"},
                }
            ],
            "Total": {
                "People": 293, "Buyers": 44, "Orders": "46", "Revenue": {"EUR": "1691.00"}, "PerPerson": {"EUR": "5.771331"},
            },
            "Cursor": None,
            "Scope": SCOPE_EXAMPLE | {"Compare": None},
        },
    )  # fmt: skip

    class Params(HeadParams, AttributionParams):
        Limit = limit_param(USUAL_ROWS)
        Cursor = cursor_param()

    class Answer(ReportAnswer):
        class Credited(Schema):
            People = fields.Integer(required=True, metadata={"description": "Who came by it in the range"})
            Buyers = fields.Integer(
                required=True, metadata={"description": "Who have a conversion that is credited to it"}
            )
            Orders = fields.String(required=True, metadata={"description": "Decimal of up to six digits"})
            Revenue = money_field()
            PerHead = money_field("PerPerson")

        class Row(Credited):
            Value = fields.String(
                required=True, allow_none=True, metadata={"description": "Null: there is none"}
            )
            FirstRevenue = money_field()

        Rows = fields.List(fields.Nested(Row), required=True)
        Total = fields.Nested(Credited, required=True, allow_none=True)
        Cursor = fields.String(required=True, allow_none=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any] | Stream:
        params = with_limit(params, USUAL_ROWS)
        page = page_of(self, params)
        head = replace(head_of(self, params, page.now), before=None)
        plan = read_attribution(self, head.list_id, params)
        with refusing():
            question = Attribution(head, plan, params["Limit"], page.offset)
        is_csv = params["Format"] == "csv"
        found = asked(self, question, is_whole=is_csv, bad_step=INVALID_CONVERSION)
        told = found.answer or {"rows": [], "total": None}
        rows = [_row(each) for each in told["rows"]]
        cursor = cursor_after(self, params, page, len(rows))
        if is_csv:
            self.item_notes = note_of_cut(params, page, len(rows), cursor)
            return CsvStream(csv_lines(plain_rows(rows, ("Value", "People", "Buyers", "Orders"), *MONEY)))
        return {
            **found.status,
            "Rows": rows,
            "Total": None if told["total"] is None else _credited(told["total"]),
            "Cursor": cursor,
            "Scope": scope_of(head, found.answer),
        }


def _row(found: dict[str, Any]) -> dict[str, Any]:
    return {"Value": found["value"], **_credited(found), "FirstRevenue": found["first_revenue"]}


def _credited(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "People": found["people"],
        "Buyers": found["buyers"],
        "Orders": found["orders"],
        "Revenue": found["revenue"],
        "PerPerson": found["per_head"],
    }
