"""Explore page at `/lists/<id>/explore`: one question as a sentence, answered by lines, bars or a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import render_template

from tracker.console.charts import MAX_SERIES, bars, line, sparkline
from tracker.console.client import Unanswered, ask
from tracker.console.crossed_rows import Pair, crossed_grid, crossed_rows
from tracker.console.current_list import CurrentList
from tracker.console.dimension_words import OFFERED, DimensionWords, of_property
from tracker.console.number_words import MEASURES, change, measure_name, number_of, written
from tracker.console.page_context import Route
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
from tracker.console.report_rows import breakdown_rows, people_path, people_question
from tracker.console.trend_chart import series_of, trend_chart, unit_of

FORMS = {"lines": "lines", "bars": "bars", "table": "a table"}
INTERVALS = ("auto", "hour", "day", "week", "month")
#: Values with a line of their own in the table, and rows of a page of the table alone.
TOP, ROWS = 10, 50
#: Pairs of values that are asked for at most.
CROSSED = 200
#: Names of events and properties that the form offers.
OFFERED_EVENTS, OFFERED_PROPERTIES = 100, 60


@report_page
def show(place: CurrentList, address: ReportAddress) -> Any:
    asked = {name: address.args.get(name) or None for name in ("Event", "By", "Interval", "Cursor")}
    if asked["Interval"] == "none":  # totals alone are no chart
        asked["Interval"] = None
    measure, form = address.args.get("Show") or "people", address.args.get("As", "lines")
    by = DimensionWords(asked["By"]) if asked["By"] else None
    across = DimensionWords(address.args["Across"]) if by and address.args.get("Across") else None
    if by and across and across != by:
        answered = _crossed(place, address, measure, asked, (by, across))
    elif by and form == "table":
        answered = _table(place, address, measure, asked, by)
    else:
        answered = _trend(place, address, measure, asked, by, form)
    return render_template(
        "explore.html",
        tab="explore",
        measure=measure,
        event=asked["Event"],
        by=by,
        across=across,
        interval=asked["Interval"] or "auto",
        intervals=INTERVALS,
        form=form if form in FORMS else "lines",
        forms=FORMS,
        offered=_offered(place, asked["Event"], measure, [each for each in (by, across) if each]),
        people=people_path(place.path, address, measure, event=asked["Event"]),
        people_question=people_question(),
        **answered,
    )


def _trend(
    place: CurrentList,
    address: ReportAddress,
    measure: str,
    asked: Mapping[str, Any],
    by: DimensionWords | None,
    form: str,
) -> dict[str, Any]:
    currency = place.described["Currency"]
    params = {"Event": asked["Event"], "Measures": [measure], "Interval": asked["Interval"]}
    params |= {"By": by.form, "Top": TOP} if by else {}
    answer = report("reports.trend", place, address, **params)
    title = f"{measure_name(measure)} by {answer['Interval']}"
    notes = annotations_of(place, answer)
    drawn = {**answer, "Series": answer["Series"][:MAX_SERIES]}
    chart = trend_chart(drawn, measure, currency, address, title, by, notes, f"{place.path}/notes")
    return {
        "chart": (bars if form == "bars" else line)(chart),
        "rows": [
            _line_row(each, measure, by, place, address, asked["Event"])
            for each in series_of(answer, measure)
        ],
        "more": f"{place.path}/explore{address.link(As='table')}" if by else None,
        **_taken_along("reports.trend", place, address, params),
        **frame(place, address, answer, annotations=notes),
    }


def _line_row(
    series: Mapping[str, Any],
    measure: str,
    by: DimensionWords | None,
    place: CurrentList,
    address: ReportAddress,
    event: str | None,
) -> dict[str, Any]:
    currency = place.described["Currency"]
    before = (series["Before"] or {}).get("Total")
    unit = unit_of([series["Total"]], currency)
    condition = by.condition(series["Value"]) if by else None
    name = by.value_words(series["Value"]) if by else measure_name(measure)
    total = written(measure, series["Total"], currency)
    return {
        "name": name,
        "link": address.with_condition(condition) if condition else None,
        "numbers": [total],
        "before": written(measure, before, currency),
        "change": change(measure, series["Total"], before, currency),
        "line": sparkline([number_of(each, unit) for each in series["Points"]], f"{name}: {total} in all"),
        "people": people_path(place.path, address, measure, *([condition] if condition else []), event=event),
    }


def _table(
    place: CurrentList, address: ReportAddress, measure: str, asked: Mapping[str, Any], by: DimensionWords
) -> dict[str, Any]:
    measures = [measure] if measure == "people" else [measure, "people"]
    params = {"Event": asked["Event"], "By": by.form, "Measures": measures, "Limit": ROWS}
    answer = report("reports.breakdown", place, address, **params, Cursor=asked["Cursor"])
    currency = place.described["Currency"]
    return {
        "chart": None,
        "columns": [measure_name(each) for each in measures],
        "rows": breakdown_rows(answer, by, measures, place.path, address, currency, asked["Event"]),
        "total": [written(each, (answer["Total"] or {}).get(each), currency) for each in measures],
        "following": address.link(Cursor=answer["Cursor"]) if answer["Cursor"] else None,
        "first": address.link() if asked["Cursor"] else None,
        **_taken_along("reports.breakdown", place, address, params),
        **frame(place, address, answer),
    }


def _crossed(
    place: CurrentList, address: ReportAddress, measure: str, asked: Mapping[str, Any], by: Pair
) -> dict[str, Any]:
    """Ask for two dimensions at once: each of the first against each of the second."""
    measures = [measure] if measure == "people" else [measure, "people"]
    params = {
        "Event": asked["Event"],
        "By": [each.form for each in by],
        "Measures": measures,
        "Limit": CROSSED,
    }
    answer = report("reports.breakdown", place, address, **params)
    currency = place.described["Currency"]
    return {
        "chart": crossed_grid(answer, by, measure, place.path, address, currency, asked["Event"])
        if answer["Rows"]
        else None,
        "columns": [*(each.name for each in by), *(measure_name(each) for each in measures)],
        "pairs": crossed_rows(answer, by, measures, place.path, address, currency, asked["Event"]),
        **_taken_along("reports.breakdown", place, address, params),
        **frame(place, address, answer),
    }


def _taken_along(
    command: str, place: CurrentList, address: ReportAddress, params: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the same question as a file, as a call of the API, and as the form that saves it has it."""
    known = {name: value for name, value in params.items() if value is not None}
    texts = {name: str(known[name]) for name in ("Event", "Interval", "Top") if name in known}
    by = known.get("By", [])
    repeated = {"Measures": known["Measures"], "By": by if isinstance(by, list) else [by]}
    return {
        "csv": csv_path(command, place, address, repeated, **texts),
        "call": api_call(command, place, address, **known),
        "keep": kept(command, address, **{**known, "Limit": None}),
    }


def _offered(
    place: CurrentList, event: str | None, measure: str, chosen: Sequence[DimensionWords]
) -> dict[str, Any]:
    """Return what the sentence can be made of. Names come from the catalogue, if the user may read it."""
    try:
        found = ask("website_events.catalogue", **place.params, RecordsPerRequest=OFFERED_EVENTS)["Events"]
    except Unanswered as failure:
        if failure.status != 403:
            raise
        found = []
    ordered = sorted(found, key=lambda each: (each["Event"] != event, -each["Count"]))
    properties = [each for shown in ordered for each in shown["Properties"]]
    names = list(dict.fromkeys(each["Property"] for each in properties if each["Property"]))[
        :OFFERED_PROPERTIES
    ]
    numeric = dict.fromkeys(
        each["Property"] for each in properties if each["Property"] and "number" in each["Types"]
    )
    measures = {name: words for name, (words, _) in MEASURES.items()}
    measures |= {
        f"{kind}:{name}": measure_name(f"{kind}:{name}")
        for name in list(numeric)[:8]
        for kind in ("sum", "avg", "median")
    }
    dimensions = {form: DimensionWords(form).name for form in OFFERED} | {
        each.form: each.name for each in chosen
    }
    return {
        "events": [each["Event"] for each in ordered],
        "is_unseen": event is not None
        and 0 < len(found) < OFFERED_EVENTS  # all that there are
        and all(each["Event"] != event for each in found),
        "measures": measures | ({} if measure in measures else {measure: measure_name(measure)}),
        "dimensions": dimensions,
        "properties": {of_property(name): name for name in names if of_property(name) not in dimensions},
    }


ROUTES = (Route("GET", "/lists/<list_id>/explore", show),)
