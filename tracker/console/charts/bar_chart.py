"""Bar chart: a group of columns for each bucket, a dash at the height of the compared time; and the bar behind a row's name."""

from __future__ import annotations

from markupsafe import Markup

from tracker.console.charts.chart_data import Chart, at
from tracker.console.charts.drawing import Frame, below, end_labels, figure, noted, series_class
from tracker.console.charts.line_chart import points
from tracker.console.charts.scales import thinned
from tracker.console.charts.svg import element, join, number


def bars(chart: Chart) -> Markup:
    """Return the chart as columns, in two sizes, with its table."""
    return figure(chart, _draw)


def share(part: float) -> Markup:
    """Return the bar behind the name of a row: `part` is its share of the longest, from 0 to 1."""
    width = 100 * min(max(part, 0.0), 1.0) if part == part else 0.0  # NaN is not itself
    return element(
        "svg",
        element("rect", width=width, height=1),
        class_="share",
        view_box="0 0 100 1",
        aspect="none",
        aria_hidden="true",
    )


def _draw(chart: Chart, frame: Frame) -> Markup:
    count = len(chart.axis.labels)
    room = (frame.right - frame.left) / count
    places = [frame.left + room * (index + 0.5) for index in range(count)]
    ends = [_last_height(series.values, frame) for series in chart.series]
    return join(
        (
            join(_columns(chart, index, frame, places, room) for index in range(len(chart.series))),
            _before(chart, frame, places, room),
            noted(chart, frame, places),
            end_labels(chart, frame, ends),
            below(chart, frame, places),
            points(chart, frame, places),
        )
    )


def _columns(chart: Chart, index: int, frame: Frame, places: list[float], room: float) -> Markup:
    """Return the columns of one series. A column with a number is seen, however near to 0 it is."""
    values = [at(chart.series[index].values, place) for place in range(len(places))]
    width = max(room * 0.72 / len(chart.series), 0.5)
    drawn: list[Markup] = []
    for place in thinned(values, int(frame.right - frame.left)):
        value = values[place]
        if value is None or value == 0:
            continue
        top, bottom = sorted((frame.scale.y(value), frame.zero))
        is_open = chart.axis.is_open and place == len(places) - 1
        drawn.append(
            element(
                "rect",
                class_=f"column {'open ' if is_open else ''}{series_class(index)}",
                x=places[place] - room * 0.36 + width * index,
                y=top,
                width=width,
                height=max(bottom - top, 1.0),
            )
        )
    return join(drawn)


def _before(chart: Chart, frame: Frame, places: list[float], room: float) -> Markup:
    if not chart.has_before:
        return Markup("")
    dashes = "".join(
        f"M{number(x - room * 0.42)} {number(frame.scale.y(value))}H{number(x + room * 0.42)}"
        for index, x in enumerate(places)
        if (value := at(chart.series[0].before, index)) is not None
    )
    ground = element("path", class_="before-ground", d=dashes)  # so that they are seen on a column too
    return ground + element("path", class_="before", d=dashes, stroke_dasharray="4 3")


def _last_height(values: tuple[float | None, ...], frame: Frame) -> float | None:
    value = at(values, len(values) - 1)
    return None if value is None else frame.scale.y(value)
