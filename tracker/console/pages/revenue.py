"""Revenue page at `/lists/<id>/revenue`: what brought the orders and their money, by the model that one chooses."""

from __future__ import annotations

from typing import Any

from flask import render_template

from tracker.console.current_list import CurrentList
from tracker.console.journey_question import asked, cell_path, step_text, taken_along
from tracker.console.offered_steps import offered_steps
from tracker.console.page_context import Route
from tracker.console.report_address import ReportAddress
from tracker.console.report_pages import frame, report, report_page
from tracker.console.revenue_view import ATTRIBUTION_COLUMNS, CREDITED, attribution_rows, credited, headline

COMMAND = "reports.attribution"
MODELS = {
    "last_non_direct": "the last visit that was not direct",
    "first": "the first visit",
    "even": "all visits evenly",
}
DAYS = ("1", "7", "30", "60", "90")
#: Rows of a page.
ROWS = 50


@report_page
def show(place: CurrentList, address: ReportAddress) -> Any:
    params, currency = asked(COMMAND, address), place.described["Currency"]
    by, days, conversion = params.get("By", "channel"), params.get("Days", "30"), params.get("Conversion")
    answer = report(COMMAND, place, address, **params, Limit=ROWS, Cursor=address.args.get("Cursor") or None)
    total = answer["Total"]
    return render_template(
        "revenue.html",
        tab="revenue",
        by=by,
        forms=CREDITED,
        model=params.get("Model", "last_non_direct"),
        models=MODELS,
        days=days,
        windows=DAYS if days in DAYS else (*DAYS, days),
        conversion_text=step_text(conversion) if conversion else "",
        groups=offered_steps(place, address).groups(conversion),
        columns=ATTRIBUTION_COLUMNS,
        rows=attribution_rows(
            answer["Rows"], currency, lambda at: cell_path(place, address, COMMAND, params, **at)
        ),
        headline=headline(total, currency) if total else "",
        total=credited(total, currency) if total else None,
        following=address.link(Cursor=answer["Cursor"]) if answer["Cursor"] else None,
        first=address.link() if address.args.get("Cursor") else None,
        **taken_along(COMMAND, place, address, params),
        **frame(place, address, answer),
    )


ROUTES = (Route("GET", "/lists/<list_id>/revenue", show),)
