"""Products page at `/lists/<id>/products`: who saw, put into the cart and bought each, and by which names that is known."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template
from werkzeug.wrappers import Response

from tracker.console.client import ask
from tracker.console.current_list import CurrentList, list_of
from tracker.console.journey_question import asked, cell_path, taken_along
from tracker.console.page_context import Route
from tracker.console.report_address import ReportAddress
from tracker.console.report_pages import frame, report, report_page
from tracker.console.revenue_view import PRODUCT_COLUMNS, product_rows, sold

COMMAND = "reports.products"
#: What each column of the table sorts by.
SORTS = ("Seen", "InCart", "Bought", "Quantity", "Revenue", "SeenToBought")
#: What the list's names of events and properties are names of.
PARTS = {
    "Seen": "looked at, by the event",
    "InCart": "put into the cart, by the event",
    "Bought": "bought, by the event",
    "ID": "its ID",
    "Name": "its name",
    "Price": "its price",
    "Quantity": "how many",
    "Items": "several of them, in the array",
}
#: Rows of a page.
ROWS = 50


@report_page
def show(place: CurrentList, address: ReportAddress) -> Any:
    params, currency = asked(COMMAND, address), place.described["Currency"]
    answer = report(COMMAND, place, address, **params, Limit=ROWS, Cursor=address.args.get("Cursor") or None)
    total, sort = answer["Total"], params.get("Sort", "Revenue")
    return render_template(
        "products.html",
        tab="revenue",
        columns=[
            (name, address.link(Sort=word), word == sort)
            for name, word in zip(PRODUCT_COLUMNS, SORTS, strict=True)
        ],
        rows=product_rows(
            answer["Rows"], currency, lambda at: cell_path(place, address, COMMAND, params, **at)
        ),
        total=sold(total, currency) if total else None,
        names=[(words, answer["Names"][key]) for key, words in PARTS.items()],
        is_suggested=answer["Names"]["Suggested"],
        following=address.link(Cursor=answer["Cursor"]) if answer["Cursor"] else None,
        first=address.link() if address.args.get("Cursor") else None,
        **taken_along(COMMAND, place, address, params),
        **frame(place, address, answer),
    )


def confirm(list_id: str) -> Response:
    """Keep the names that were found, so that a later event of another name changes nothing."""
    place = list_of(list_id)
    found = {key: value for key, value in place.described["Products"].items() if key in PARTS}
    ask("list.update", **place.params, Products=found)
    return redirect(f"{place.path}/products", 303)


ROUTES = (
    Route("GET", "/lists/<list_id>/products", show),
    Route("POST", "/lists/<list_id>/products", confirm),
)
