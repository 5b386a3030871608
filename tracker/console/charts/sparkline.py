"""Sparkline: a line without scale beside a number that is written out."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from tracker.console.charts.chart_data import at, numbers
from tracker.console.charts.scales import portion, spread, thinned
from tracker.console.charts.svg import element, path

WIDTH, HEIGHT = 96, 24


def sparkline(values: Sequence[float | None], words: str, is_open: bool = False) -> Markup:
    """Return the line. `words` says what a reader hears of it; `is_open`: the last value is still growing."""
    known = tuple(values)
    drawn = list(numbers(known))
    low, high = min([0.0, *drawn]), max([0.0, *drawn])
    places = spread(len(known), 3.0, WIDTH - 4.0) if known else []
    heights = [_height(at(known, index), low, high) for index in range(len(known))]
    points = [
        None if (height := heights[index]) is None else (places[index], height)
        for index in thinned(heights, WIDTH)
    ]
    last = heights[-1] if heights else None
    end = None
    if last is not None:
        end = element("circle", class_="dot open s0" if is_open else "dot s0", cx=places[-1], cy=last, r=2)
    return element(
        "svg",
        element("title", words),
        element("path", class_="line s0", d=path(points)),
        end,
        class_="sparkline",
        view_box=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
    )


def _height(value: float | None, low: float, high: float) -> float | None:
    if value is None:
        return None
    return HEIGHT - 3.0 - portion(value, low, high) * (HEIGHT - 6.0)
