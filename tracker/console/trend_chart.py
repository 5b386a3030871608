"""Trend chart: an answer of `reports.trend` as the data of a chart, with a link for each bucket of time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from tracker.console.charts import MAX_SERIES, Axis, Chart, ChartNote, Series
from tracker.console.dimension_words import DimensionWords
from tracker.console.number_words import main_currency, measure_name, number_of, writer
from tracker.console.report_address import ReportAddress
from tracker.console.report_scope import ReportScope, last_day

#: Intervals with the name of their axis, in the order of their lengths.
INTERVALS = {"hour": "Hour", "day": "Day", "week": "Week", "month": "Month"}


def series_of(answer: Mapping[str, Any], measure: str) -> list[dict[str, Any]]:
    """Return the series of one measure."""
    return [series for series in answer["Series"] if series["Measure"] == measure]


def trend_chart(
    answer: Mapping[str, Any],
    measure: str,
    currency: str,
    address: ReportAddress,
    title: str,
    by: DimensionWords | None = None,
    annotations: Iterable[Mapping[str, Any]] = (),
    notes_path: str = "",
) -> Chart:
    """Return the chart of one measure of a trend, each bucket with the address that zooms into it and its annotations.

    With `notes_path`, of the page with notes, a day has a way to a note on it.

    Buckets that are still to come are left out, so the last one is the one that runs.
    """
    scope = ReportScope.of(answer["Scope"])
    times, axis = time_axis(answer["Times"], answer["Interval"], scope, address)
    if notes_path and answer["Interval"] == "day":
        axis = replace(axis, note_paths=tuple(f"{notes_path}?At={time.date()}" for time in times))
    shown = series_of(answer, measure)[: MAX_SERIES + 1]
    unit = unit_of([each["Total"] for each in shown], currency)
    series = tuple(_series(each, measure, unit, len(times), by) for each in shown)
    before = scope.before_words or "before"
    return Chart(title, axis, series, writer(measure, unit), before, tuple(notes_at(annotations, times)))


def time_axis(
    told: Iterable[str], interval: str, scope: ReportScope, address: ReportAddress
) -> tuple[list[datetime], Axis]:
    """Return the buckets of an answer that have begun, and the axis of them."""
    times = [time for each in told if scope.has_begun(time := datetime.fromisoformat(each))]
    return times, Axis(
        INTERVALS[interval],
        tuple(label(time, interval) for time in times),
        tuple(tick(time, interval) for time in times),
        tuple(_zoomed(times, index, interval, scope, address) for index in range(len(times))),
        scope.is_running,
    )


def without_links(chart: Chart) -> Chart:
    """Return the chart whose buckets lead nowhere: for pages that show one time and no other."""
    return replace(chart, axis=replace(chart.axis, paths=(), note_paths=()))


def notes_at(annotations: Iterable[Mapping[str, Any]], times: Sequence[datetime]) -> Iterator[ChartNote]:
    """Yield the annotations with the buckets they are in."""
    for each in annotations:
        index = bisect_right(times, datetime.fromisoformat(each["At"])) - 1
        if index >= 0:
            yield ChartNote(index, each["Text"])


def unit_of(totals: Iterable[Any], currency: str) -> str:
    """Return the currency in which money is drawn: the list's, or if there is none in it the one with the largest sum."""
    sums: dict[str, float] = {}
    for name, amount in (pair for total in totals if isinstance(total, Mapping) for pair in total.items()):
        sums[name] = sums.get(name, 0.0) + float(amount)
    return main_currency(sums, currency)


def label(time: datetime, interval: str) -> str:
    """Return a bucket's name in full: `Sat 21 Nov`, `Sat 21 Nov, 14:00`, `Week of 16 Nov 2026`, `Nov 2026`."""
    form = {"hour": "%a %-d %b, %H:%M", "day": "%a %-d %b", "week": "Week of %-d %b %Y", "month": "%b %Y"}[
        interval
    ]
    return f"{time:{form}}"


def tick(time: datetime, interval: str) -> str:
    form = {"hour": "%H:%M", "day": "%-d %b", "week": "%-d %b", "month": "%b %y"}[interval]
    return f"{time:{form}}"


def _series(
    series: Mapping[str, Any], measure: str, currency: str, count: int, by: DimensionWords | None
) -> Series:
    name = measure_name(measure) if by is None else by.value_words(series["Value"])
    before = (series["Before"] or {}).get("Points") or ()
    return Series(name, _numbers(series["Points"], currency, count), _numbers(before, currency, count))


def _numbers(points: Sequence[Any], currency: str, count: int) -> tuple[float | None, ...]:
    return tuple(number_of(each, currency) for each in points[:count])


def _zoomed(
    times: Sequence[datetime], index: int, interval: str, scope: ReportScope, address: ReportAddress
) -> str:
    """Return the address of one bucket's time alone: a day is shown by the hour, a week by the day."""
    begins = times[index]
    ends = times[index + 1] if index + 1 < len(times) else scope.ends
    if interval == "hour":
        return address.link(From=begins.isoformat(), To=ends.isoformat(), Interval=None)
    return address.link(From=begins.date().isoformat(), To=last_day(ends).isoformat(), Interval=None)
