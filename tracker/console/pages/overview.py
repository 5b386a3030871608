"""Overview page at `/lists/<id>`: six numbers with their chart, and where people come from, what they see and reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from flask import render_template

from tracker.console.beside import Begin, beside
from tracker.console.charts import line
from tracker.console.client import ask
from tracker.console.current_list import CurrentList
from tracker.console.dimension_words import DimensionWords
from tracker.console.goal_form import PAGE, goal_link
from tracker.console.number_words import MEASURES, SIX, change, written
from tracker.console.overview_blocks import products_block, purchase_block
from tracker.console.page_context import Route
from tracker.console.pages.tiles import tiles_of
from tracker.console.report_address import ReportAddress
from tracker.console.report_pages import (
    annotations_of,
    api_call,
    csv_path,
    frame,
    kept,
    report,
    report_page,
)
from tracker.console.report_rows import breakdown_rows, people_path, people_question, second_measure
from tracker.console.report_scope import ReportScope
from tracker.console.saved_answers import tile
from tracker.console.trend_chart import series_of, trend_chart, without_links

#: Rows of a card, and goals whose numbers are asked for.
ROWS, MAX_GOALS = 8, 4


class Card(NamedTuple):
    """A card of breakdowns: its title, and its tabs with what they break down by."""

    title: str
    tabs: dict[str, DimensionWords]
    note: str = ""
    is_of_pages: bool = False


CARDS = (
    Card(
        "Sources",
        {
            "Channel": DimensionWords("visit:$channel"),
            "Campaign": DimensionWords("visit:$utm_campaign"),
            "Referrer": DimensionWords("visit:$referring_domain"),
        },
    ),
    Card(
        "Pages",
        {
            "Entry": DimensionWords("visit:$pathname"),
            "Seen": DimensionWords("$pathname"),
            "Exit": DimensionWords("visit-exit:$pathname"),
        },
        is_of_pages=True,
    ),
    Card(
        "Devices",
        {
            "Type": DimensionWords("visit:$device_type"),
            "Browser": DimensionWords("visit:$browser"),
            "System": DimensionWords("visit:$os"),
        },
    ),
    Card("Countries", {"Country": DimensionWords("visit:$country")}, "By the time zone of the browser."),
)


@report_page
def show(place: CurrentList, address: ReportAddress) -> Any:
    with beside() as begin:
        asked = begin(partial(_trend, place, address))
        products = begin(partial(products_block, place, address))
        saved = ask("savedreports.get", **place.params)["SavedReports"]
        purchase = begin(partial(purchase_block, place, address, saved))
        goals = ask("goals.get", **place.params)["Goals"]
        reached = [begin(partial(_goal, goal, place, address)) for goal in goals[:MAX_GOALS]]
        trend, chosen = asked()
        notes = annotations_of(place, trend)
        numbers = _numbers(place, address, trend, chosen, notes, begin)
        total = series_of(trend, "people")[0]["Total"]
        blocks: dict[str, Any] = {
            "purchase": purchase(),
            "products": products(),
            "goals": [goal() for goal in reached],
        }
        # After the page's own, which would wait behind those that take long.
        pinned = [begin(partial(tile, place, each)) for each in saved if each["IsPinned"]]
        blocks["pinned"] = [each() for each in pinned]
    return render_template(
        "overview.html",
        tab="overview",
        **numbers,
        **blocks,
        people=people_path(place.path, address, chosen),
        people_question=people_question(total if chosen in ("people", "visits") else None),
        definitions=[MEASURES[name] for name in SIX],
        plugin_tiles=tiles_of(place),
        csv=csv_path("reports.trend", place, address, {"Measures": SIX}),
        call=api_call("reports.trend", place, address, Measures=list(SIX)),
        keep=kept("reports.trend", address, Measures=list(SIX)),
        **frame(place, address, trend, goals, notes),
    )


def shared_overview(place: CurrentList, address: ReportAddress) -> dict[str, Any]:
    """Return the numbers of the overview for the page of a share link, which has no people, no goals and no notes."""
    trend, chosen = _trend(place, address)
    with beside() as begin:
        numbers = _numbers(place, address, trend, chosen, (), begin)
    return {**numbers, "scope": ReportScope.of(trend["Scope"])}


def _trend(place: CurrentList, address: ReportAddress) -> tuple[dict[str, Any], str]:
    """Return the six measures, and which of them the chart shows."""
    measure = address.args.get("Show", "people")
    return report(
        "reports.trend", place, address, Measures=list(SIX)
    ), measure if measure in SIX else "people"


def _numbers(
    place: CurrentList,
    address: ReportAddress,
    trend: dict[str, Any],
    measure: str,
    notes: Sequence[dict[str, Any]],
    begin: Begin,
) -> dict[str, Any]:
    """Return tiles, chart and cards, which are asked for at once. Where the place has no path, nothing in the chart leads anywhere."""
    currency = place.described["Currency"]
    totals = {name: series_of(trend, name)[0] for name in SIX}
    second = second_measure({name: totals[name]["Total"] for name in SIX})
    cards = [begin(partial(_card, card, place, address, second, currency)) for card in CARDS]
    title = f"{MEASURES[measure][0]} by {trend['Interval']}"
    chart = trend_chart(
        trend, measure, currency, address, title, annotations=notes, notes_path=f"{place.path}/notes"
    )
    return {
        "tiles": [_tile(name, totals[name], address, currency, name == measure) for name in SIX],
        "chart": line(chart if place.path else without_links(chart)),
        "cards": [card() for card in cards],
        "second": MEASURES[second][0],
    }


def _tile(
    measure: str, series: Mapping[str, Any], address: ReportAddress, currency: str, is_chosen: bool
) -> dict[str, Any]:
    before = (series["Before"] or {}).get("Total")
    return {
        "name": MEASURES[measure][0],
        "value": written(measure, series["Total"], currency, is_brief=True),
        "before": written(measure, before, currency, is_brief=True),
        "change": change(measure, series["Total"], before, currency),
        "link": address.link(Show=measure),
        "is_chosen": is_chosen,
    }


def _card(
    card: Card, place: CurrentList, address: ReportAddress, second: str, currency: str
) -> dict[str, Any]:
    chosen = address.args.get(card.title, "")
    by = card.tabs.get(chosen) or next(iter(card.tabs.values()))
    answer = report("reports.breakdown", place, address, By=by.form, Measures=["people", second], Limit=ROWS)
    rows = breakdown_rows(answer, by, ("people", second), place.path, address, currency)
    values = [row["Values"][0] for row in answer["Rows"]] if card.is_of_pages else []
    return {
        "title": card.title,
        "note": card.note,
        "goals": [value and goal_link(place.path, "page_view", {PAGE: value}, value) for value in values],
        "tabs": [(name, address.link(**{card.title: name}), each is by) for name, each in card.tabs.items()],
        "by": by,
        "rows": rows,
        "all": f"{place.path}/explore{address.question(By=by.form, As='table')}",
    }


def _goal(goal: Mapping[str, Any], place: CurrentList, address: ReportAddress) -> dict[str, Any]:
    number = str(goal["GoalID"])
    asked = ReportAddress({**address.args, "GoalID": number})
    answer = report("reports.trend", place, asked, Measures=["conversions", "rate"], Interval="none")
    reached, rate = (series_of(answer, name)[0] for name in ("conversions", "rate"))
    is_chosen = address.args.get("GoalID") == number
    return {
        "name": goal["Name"],
        "link": address.link(GoalID=None if is_chosen else number),
        "is_chosen": is_chosen,
        "numbers": [written("conversions", reached["Total"], ""), written("rate", rate["Total"], "")],
        "change": change("rate", rate["Total"], (rate["Before"] or {}).get("Total"), ""),
        "people": people_path(place.path, asked, "conversions"),
    }


ROUTES = (Route("GET", "/lists/<list_id>", show),)
