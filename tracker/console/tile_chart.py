"""Tile chart: the numbers of a plugin's tile, or of its report, in the drawing that the tile has chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tracker.console.charts import MAX_SERIES, Axis, Chart, Series, bars, grid, line, share, sparkline
from tracker.console.charts.chart_data import numbers
from tracker.console.current_list import CurrentList
from tracker.console.number_words import measure_name, number_of, plain, writer
from tracker.console.report_address import ReportAddress
from tracker.console.saved_answers import PINNED_ROWS, SavedQuestion
from tracker.console.trend_chart import trend_chart, unit_of, without_links


def chart_of_numbers(told: Mapping[str, Any]) -> Chart:
    """Return the numbers of an answer of `tile.get`."""
    series = tuple(Series(each["Name"], tuple(each["Values"])) for each in told["Series"])
    return _chart(told["Title"], "", told["Labels"], series, plain)


def chart_of_report(place: CurrentList, tile: Mapping[str, Any]) -> Chart:
    """Return the numbers of a tile's report. Raises CallRefused, Unanswered, CopyIsBuilt."""
    question = SavedQuestion(place, tile["Report"], tile["Params"], is_small=True)
    answer = question.answer()
    sent = question.params.get("Measures", ["people"])
    measure = sent[0] if isinstance(sent, list) else str(sent)
    if question.command == "reports.breakdown":
        return _broken_down(question, answer, measure, tile["Title"])
    by = next(iter(question.by), None)
    of_first = [each for each in answer["Series"] if each["Measure"] == measure][:MAX_SERIES]
    if not answer["Times"]:
        return _chart(tile["Title"], "", (), (), plain)
    drawn = trend_chart(
        {**answer, "Series": of_first}, measure, question.currency, ReportAddress({}), tile["Title"], by
    )
    return without_links(drawn)


def _broken_down(question: SavedQuestion, answer: Mapping[str, Any], measure: str, title: str) -> Chart:
    """Return one measure by a dimension's values: of two dimensions the first makes series and the second labels."""
    unit = unit_of([row.get(measure) for row in answer["Rows"]], question.currency)
    cells = {tuple(row["Values"]): number_of(row.get(measure), unit) for row in answer["Rows"]}
    *outer, inner = question.by
    values = list(dict.fromkeys(each[-1] for each in cells))
    names = list(dict.fromkeys(each[:-1] for each in cells))[:MAX_SERIES]
    series = tuple(
        Series(
            outer[0].value_words(name[0]) if outer else measure_name(measure),
            tuple(cells.get((*name, value)) for value in values),
        )
        for name in names
    )
    labels = [inner.value_words(value) for value in values]
    return _chart(title, inner.name, labels, series, writer(measure, unit))


def _chart(
    title: str,
    axis: str,
    labels: Sequence[str],
    series: tuple[Series, ...],
    words: Callable[[float], str],
) -> Chart:
    return Chart(title, Axis(axis, tuple(labels), tuple(labels)), series, words)


def drawn(kind: str, chart: Chart) -> dict[str, Any]:
    """Return what the page shows of the chart: a `chart`, or a table with `names`, `columns` and `rows`."""
    if not chart.has_numbers():
        return {"chart": None, "names": [], "columns": [], "rows": []}
    if kind == "sparkline":
        return _beside(chart)
    if kind == "share":
        return _behind(chart)
    if kind == "grid":
        rows, values = [each.name for each in chart.series], [each.values for each in chart.series]
        made = grid(chart.title, rows, chart.axis.labels, values, chart.words)
    else:
        made = line(chart) if kind == "line" else bars(chart)
    return {"chart": made, "names": [], "columns": [], "rows": []}


def _beside(chart: Chart) -> dict[str, Any]:
    """Return a row for each series: its last number, and a line beside it."""
    rows = []
    for each in chart.series:
        last = next(iter(numbers(reversed(each.values))), None)
        words = "–" if last is None else chart.words(last)
        told = sparkline(each.values, f"{each.name}: {words} at last", chart.axis.is_open)
        rows.append({"names": [each.name], "cells": [words], "line": told})
    return {"chart": None, "names": [chart.axis.name or "Number"], "columns": ["Last", "Trend"], "rows": rows}


def _behind(chart: Chart) -> dict[str, Any]:
    """Return a row for each of the first labels: the number of the first series, and a bar of its share behind the name."""
    first = chart.series[0]
    longest = max([0.0, *numbers(first.values)])
    rows = [
        {
            "names": [name],
            "cells": ["–" if value is None else chart.words(value)],
            "share": share((value or 0.0) / longest if longest > 0 else 0.0),
        }
        for name, value in zip(chart.axis.labels[:PINNED_ROWS], first.values, strict=False)
    ]
    return {"chart": None, "names": [chart.axis.name or "Name"], "columns": [first.name], "rows": rows}
