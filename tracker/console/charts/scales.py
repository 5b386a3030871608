"""Scales of charts: round steps, places on the drawing, and the thinning of more points than there are pixels."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

#: Above this many points only the smallest and the largest of each pixel column are drawn.
MAX_POINTS = 300
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_WHOLE_STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """A vertical scale: `lowest` stands at `bottom`, `highest` at `top`, in pixels from above; `ticks` are round."""

    lowest: float
    highest: float
    top: float
    bottom: float
    ticks: tuple[float, ...]

    def y(self, value: float) -> float:
        part = portion(value, self.lowest, self.highest)
        return self.bottom - part * (self.bottom - self.top)


def scale(lowest: float, highest: float, is_whole: bool, top: float, bottom: float) -> Scale:
    """Return a scale from the round number at or below `lowest` to that at or above `highest`, in at most five steps."""
    step = _step(max(highest / 4 - lowest / 4, 0.0), is_whole)
    first, last = math.floor(lowest / step), math.ceil(highest / step)
    last = max(last, first + 1)
    while last - first > 5:
        step *= 2
        first, last = math.floor(lowest / step), max(math.ceil(highest / step), math.floor(lowest / step) + 1)
    ticks = tuple(_finite(index * step) for index in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], top, bottom, ticks)


def portion(value: float, lowest: float, highest: float) -> float:
    """Return where a value is between two others, as a part of their distance: of quarters, as that of two doubles may be none."""
    return (value / 4 - lowest / 4) / ((highest / 4 - lowest / 4) or 1.0)


def _finite(value: float) -> float:
    return min(max(value, -sys.float_info.max), sys.float_info.max)


def _step(wanted: float, is_whole: bool) -> float:
    if wanted < 1e-9:
        return 1.0
    power = 10.0 ** math.floor(math.log10(wanted))
    step = next(
        each * power for each in (_WHOLE_STEPS if is_whole else _STEPS) if each * power >= wanted * 0.999
    )
    return max(step, 1.0) if is_whole else step


def spread(count: int, left: float, right: float) -> list[float]:
    """Return the places of `count` points from `left` to `right`; a single one stands in the middle."""
    if count == 1:
        return [(left + right) / 2]
    return [left + (right - left) * index / (count - 1) for index in range(count)]


def shown_ticks(count: int, most: int) -> list[int]:
    """Return the indices of at most `most` labels, evenly apart, the first among them."""
    return list(range(0, count, max(1, math.ceil(count / most))))


def thinned(values: Sequence[float | None], columns: int) -> list[int]:
    """Return the indices to draw: all up to MAX_POINTS, else the smallest and the largest of each of `columns`.

    The first and the last index stay, and so does one gap a column.
    """
    count = len(values)
    if count <= MAX_POINTS:
        return list(range(count))
    kept = {0, count - 1}
    for column in range(columns):
        inside = range(column * count // columns, (column + 1) * count // columns)
        known = [index for index in inside if values[index] is not None]
        if known:
            kept |= {min(known, key=lambda i: values[i] or 0.0), max(known, key=lambda i: values[i] or 0.0)}
        kept |= {index for index in inside if values[index] is None and not known}
    return sorted(kept)
