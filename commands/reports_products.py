"""Products seen, put into the cart and bought: the command `reports.products`."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CsvStream, Stream
from tracker.api.csv_rows import csv_lines
from tracker.api.product_params import EXAMPLE_PRODUCTS, ProductNames, product_names_of, product_plan
from tracker.api.report_answers import READY, SCOPE_EXAMPLE, ReportAnswer, money_field, scope_of
from tracker.api.report_asking import asked
from tracker.api.report_cursors import cursor_after, note_of_cut, page_of
from tracker.api.report_params import (
    HEAD_ERRORS,
    INVALID_CURSOR,
    INVALID_LIMIT,
    INVALID_SORT,
    HeadParams,
    cursor_param,
    head_of,
    limit_param,
    refusing,
    with_limit,
)
from tracker.api.report_tables import plain_rows
from tracker.fields import Choice
from tracker.questions import Products

#: Rows of an answer without `Limit`.
USUAL_ROWS = 10
#: What rows are sorted by, and what the question calls it.
SORTS = {
    "Revenue": "revenue",
    "Bought": "bought",
    "Quantity": "quantity",
    "InCart": "in_cart",
    "Seen": "seen",
    "SeenToBought": "seen_to_bought",
}
COLUMNS = ("Product", "Name", "Seen", "InCart", "Bought", "Quantity", "SeenToBought")


class ReportsProducts(Command):
    """Count the people who saw each product, put it into the cart and bought it, with quantities and money.

    `Names` says by which events and properties products are told: those of the list's setting `Products` or, until it is confirmed
    (`list.update`), the likeliest among the names of the list, with `Suggested` true. An event tells one product by its
    properties, or several by an array of objects in the property `Items`, each with the same names or `product_id`, `item_id`,
    `sku`, `id`, `item_name`, `name`, `price`, `quantity`.

    `Seen`, `InCart` and `Bought` are people, each counted once for a product. `Quantity` and `Revenue` (`Price` times `Quantity`, which
    is one where it is not said) are exact sums over what was bought, `Revenue` for each currency. A conversion counts once for each
    `conversion-id`. Prices count to six digits, quantities to three. `SeenToBought` is the share of those who saw it who bought it.

    `Sort` puts the largest first. Nothing is compared with a range before. A number opens to its people by the `Cell` of
    `reports.people`. `Cursor` is where the next page begins, null at the end.
    """

    name = "reports.products"
    method = "GET"
    permission = "Reports.Get"
    is_report = True
    rate_limit = "1000 per 60 seconds"
    other_media_types = (CsvStream.media_type,)
    errors = (*HEAD_ERRORS, INVALID_SORT, INVALID_LIMIT, INVALID_CURSOR)
    example = (
        {"ListID": 123, "Sort": "Bought", "Limit": 10},
        {
            **READY,
            "Names": EXAMPLE_PRODUCTS,
            "Rows": [
                {
                    "Product": "cup-01", "Name": "Cup", "Seen": 62, "InCart": 31, "Bought": 24, "Quantity": "26",
                    "Revenue": {"EUR": "377.00"}, "SeenToBought": 0.387097,
                }
            ],
            "Total": {
                "Seen": 201, "InCart": 105, "Bought": 40, "Quantity": "71", "Revenue": {"EUR": "1471.00"}, "SeenToBought": 0.199005,
            },
            "Cursor": None,
            "Scope": SCOPE_EXAMPLE | {"Compare": None},
        },
    )  # fmt: skip

    class Params(HeadParams):
        Sort = Choice(*SORTS, load_default="Revenue", metadata={"description": "What to sort by"})
        Limit = limit_param(USUAL_ROWS)
        Cursor = cursor_param()

    class Answer(ReportAnswer):
        class Sold(Schema):
            Seen = fields.Integer(required=True, metadata={"description": "People who looked at it"})
            InCart = fields.Integer(
                required=True, metadata={"description": "People who put it into the cart"}
            )
            Bought = fields.Integer(required=True, metadata={"description": "People who bought it"})
            Quantity = fields.String(required=True, metadata={"description": "Decimal: how many were bought"})
            Revenue = money_field()
            SeenToBought = fields.Float(
                required=True, allow_none=True, metadata={"description": "Null: nobody looked at it"}
            )

        class Product(Sold):
            Product = fields.String(required=True, metadata={"description": "The product's ID"})
            Name = fields.String(
                required=True,
                allow_none=True,
                metadata={"description": "What it was last called; null: nothing"},
            )

        Names = fields.Nested(ProductNames, required=True)
        Rows = fields.List(fields.Nested(Product), required=True)
        Total = fields.Nested(Sold, required=True, allow_none=True)
        Cursor = fields.String(required=True, allow_none=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any] | Stream:
        params = with_limit(params, USUAL_ROWS)
        page = page_of(self, params)
        head = replace(head_of(self, params, page.now), before=None)
        names = product_names_of(self, head.list_id)
        with refusing():
            question = Products(
                head, product_plan(names), SORTS[params["Sort"]], params["Limit"], page.offset
            )
        is_csv = params["Format"] == "csv"
        found = asked(self, question, is_whole=is_csv)
        told = found.answer or {"rows": [], "total": None}
        rows = [{"Product": each["product"], "Name": each["name"], **_sold(each)} for each in told["rows"]]
        cursor = cursor_after(self, params, page, len(rows))
        if is_csv:
            self.item_notes = note_of_cut(params, page, len(rows), cursor)
            numbers = [row | {"Quantity": Decimal(row["Quantity"])} for row in rows]
            return CsvStream(csv_lines(plain_rows(numbers, COLUMNS, "Revenue")))
        return {
            **found.status,
            "Names": names,
            "Rows": rows,
            "Total": None if told["total"] is None else _sold(told["total"]),
            "Cursor": cursor,
            "Scope": scope_of(head, found.answer),
        }


def _sold(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "Seen": found["seen"],
        "InCart": found["in_cart"],
        "Bought": found["bought"],
        "Quantity": found["quantity"],
        "Revenue": found["revenue"],
        "SeenToBought": found["seen_to_bought"],
    }
