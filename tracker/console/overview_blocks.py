"""Overview blocks: the way to the purchase and the products of a list, each a short form of its own page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from tracker.console.client import CallRefused
from tracker.console.current_list import CurrentList
from tracker.console.funnel_view import funnel_chart, opened_step
from tracker.console.journey_question import cell_path, journey_path
from tracker.console.offered_steps import OfferedSteps, names_of, seen_steps
from tracker.console.report_address import HEAD, ReportAddress
from tracker.console.report_pages import report
from tracker.console.revenue_view import product_rows

#: Columns of the products' block, as places in their numbers, and its rows.
SHOWN, ROWS = (("Seen", 0), ("Bought", 2), ("Seen to bought", 5)), 6
Saved = Sequence[Mapping[str, Any]]


def purchase_block(place: CurrentList, address: ReportAddress, saved: Saved) -> dict[str, Any] | None:
    """Return the first saved funnel, else the one that the list's names suggest, for the time of the page; None if there is none."""
    title, params = _funnel(place, saved)
    if not params:
        return None
    try:
        answer = report("reports.funnel", place, address, **params)
    except CallRefused:  # a saved funnel of a goal that is gone: its own page tells
        return None
    if not answer["Steps"][0]["People"]:
        return None
    names = [each["Name"] for each in answer["Steps"]]
    if not saved_funnels(saved):
        names = names_of(params["Steps"], OfferedSteps({}))
    counted, opened = params.get("Count", "people"), partial(opened_step, place, address, params)
    return {
        "title": title,
        "chart": funnel_chart(answer, names, place.described["Currency"], counted, opened, is_small=True),
        "all": place.path + journey_path("reports.funnel", params, address),
    }


def products_block(place: CurrentList, address: ReportAddress) -> dict[str, Any] | None:
    """Return the products with most revenue; None if the list has none in this time."""
    answer = report("reports.products", place, address, Limit=ROWS)
    if not answer["Rows"]:
        return None
    rows = product_rows(
        answer["Rows"],
        place.described["Currency"],
        lambda at: cell_path(place, address, "reports.products", {}, **at),
    )
    return {
        "columns": [name for name, _ in SHOWN],
        "rows": [{**row, "numbers": [row["numbers"][at] for _, at in SHOWN]} for row in rows],
        "all": place.path + journey_path("reports.products", {}, address),
    }


def saved_funnels(saved: Saved) -> list[Mapping[str, Any]]:
    return [each for each in saved if each["Report"] == "reports.funnel"]


def _funnel(place: CurrentList, saved: Saved) -> tuple[str, dict[str, Any]]:
    for each in saved_funnels(saved):
        head = (*HEAD, "Interval", "By", "Next")
        return each["Name"], {name: value for name, value in each["Params"].items() if name not in head}
    steps = seen_steps(place).suggested(place.described.get("Products") or {})
    return "To the purchase", {"Steps": steps} if len(steps) > 1 else {}
