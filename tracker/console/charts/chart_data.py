"""Chart data: an axis of times or names, up to five series and the others, and how their numbers are written."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

#: Series that colours and dashes tell apart; a further one is "Others".
MAX_SERIES = 5
Values = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """The buckets: `labels` in full, `ticks` for below the chart, `paths` to open each, if any.

    `is_open`: the last bucket is still running, so its numbers will grow. `note_paths` lead to a note on each, if any.
    """

    name: str
    labels: tuple[str, ...]
    ticks: tuple[str, ...]
    paths: tuple[str, ...] = ()
    is_open: bool = False
    note_paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """A line: a number for each bucket, None where there is none. `before` are those of the compared time."""

    name: str
    values: Values
    before: Values = ()


@dataclass(frozen=True, slots=True)
class ChartNote:
    """What happened in a bucket, in words."""

    index: int
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart. `words` writes a number (`1,246`, `€14.50`, `10.1 %`); `before_name` names the compared time."""

    title: str
    axis: Axis
    series: tuple[Series, ...]
    words: Callable[[float], str]
    before_name: str = "before"
    notes: tuple[ChartNote, ...] = ()

    @property
    def has_before(self) -> bool:
        """Whether the comparison is drawn: beside a single series, since ten lines tell nobody anything."""
        return len(self.series) == 1 and any(True for _ in numbers(self.series[0].before))

    def highest(self) -> tuple[float, float]:
        """Return the smallest and the largest number that is drawn, with 0 among them."""
        drawn = [*self._values(), 0.0]
        return min(drawn), max(drawn)

    def is_whole(self) -> bool:
        """Whether all numbers are whole, so that the scale must be."""
        return all(float(value).is_integer() for value in self._values())

    def has_numbers(self) -> bool:
        return any(True for _ in self._values())

    def _values(self) -> Iterable[float]:
        for series in self.series:
            yield from numbers(series.values)
            if self.has_before:
                yield from numbers(series.before)


def numbers(values: Iterable[float | None]) -> Iterable[float]:
    """Yield the values that are finite numbers."""
    return (value for value in values if value is not None and math.isfinite(value))


def at(values: Values, index: int) -> float | None:
    """Return the value at an index; None where there is none or no finite one."""
    value = values[index] if index < len(values) else None
    return value if value is not None and math.isfinite(value) else None


def described(chart: Chart) -> str:
    """Return the chart in words: its range, its smallest and largest number, its last one."""
    labels = chart.axis.labels
    if not chart.has_numbers() or not labels:
        return "There are no numbers."
    told = [f"From {labels[0]} to {labels[-1]}." if len(labels) > 1 else f"{labels[0]}."]
    told += [_range_of(series, chart) for series in chart.series]
    if chart.has_before:
        values = list(numbers(chart.series[0].before))
        told.append(f"{chart.before_name}: {chart.words(min(values))} to {chart.words(max(values))}.")
    if chart.axis.is_open:
        told.append(f"{labels[-1]} is not over.")
    told += [f"Note on {labels[note.index]}: {note.words}." for note in chart.notes]
    return " ".join(told)


def _range_of(series: Series, chart: Chart) -> str:
    found = [
        (value, label)
        for value, label in zip(series.values, chart.axis.labels, strict=False)
        if value is not None
    ]
    found = [(value, label) for value, label in found if math.isfinite(value)]
    if not found:
        return f"{series.name}: no numbers."
    (low, low_at), (high, high_at) = (
        min(found, key=lambda each: each[0]),
        max(found, key=lambda each: each[0]),
    )
    if low == high:
        return f"{series.name}: {chart.words(low)} throughout."
    return f"{series.name}: lowest {chart.words(low)} ({low_at}), highest {chart.words(high)} ({high_at})."
