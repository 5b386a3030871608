"""Line chart: up to five series and the others over time, the compared time dashed over the area, each point a link."""

from __future__ import annotations

from markupsafe import Markup

from tracker.console.charts.chart_data import Chart, Values, at
from tracker.console.charts.drawing import (
    Frame,
    below,
    dash,
    end_labels,
    figure,
    noted,
    point_words,
    series_class,
)
from tracker.console.charts.scales import spread, thinned
from tracker.console.charts.svg import element, join, number, path

#: Points that are links of their own; with more the table below has the links.
MAX_LINKS = 100


def line(chart: Chart) -> Markup:
    """Return the chart as lines, in two sizes, with its table."""
    return figure(chart, _draw)


def _draw(chart: Chart, frame: Frame) -> Markup:
    places = spread(len(chart.axis.labels), frame.left + 8, frame.right - 8)
    single = len(chart.series) == 1
    return join(
        (
            _area(chart.series[0].values, frame, places) if single else Markup(""),
            join(
                _line(series.values, index, chart, frame, places) for index, series in enumerate(chart.series)
            ),
            _before(chart, frame, places),
            noted(chart, frame, places),
            _running(chart, frame, places),
            end_labels(chart, frame, [_last_height(series.values, frame) for series in chart.series]),
            below(chart, frame, places),
            points(chart, frame, places),
        )
    )


def _line(values: Values, index: int, chart: Chart, frame: Frame, places: list[float]) -> Markup:
    drawn = element(
        "path",
        class_=f"line {series_class(index)}",
        d=_path(values, frame, places),
        stroke_dasharray=dash(index),
    )
    alone = [_dot(values, i, index, frame, places) for i in range(len(places)) if _is_alone(values, i)]
    return drawn + join(alone if not (len(places) == 1 and chart.axis.is_open) else ())


def _is_alone(values: Values, index: int) -> bool:
    """Whether a number has no neighbour, so that no line would show it."""
    beside = [at(values, i) for i in (index - 1, index + 1) if i >= 0]
    return at(values, index) is not None and all(value is None for value in beside)


def _dot(
    values: Values, place: int, index: int, frame: Frame, places: list[float], extra: str = ""
) -> Markup:
    value = at(values, place)
    return element(
        "circle",
        class_=f"dot {extra}{series_class(index)}",
        cx=places[place],
        cy=frame.scale.y(value or 0.0),
        r=3,
    )


def _area(values: Values, frame: Frame, places: list[float]) -> Markup:
    """Return what is below the line, each stretch without gap for itself."""
    stretches: list[list[tuple[float, float]]] = [[]]
    for point in _points(values, frame, places):
        if point is None:
            stretches.append([])
        else:
            stretches[-1].append(point)
    closed = (
        f"{path(stretch)}L{number(stretch[-1][0])} {number(frame.zero)}H{number(stretch[0][0])}Z"
        for stretch in stretches
        if stretch
    )
    return element("path", class_="area", d="".join(closed))


def _before(chart: Chart, frame: Frame, places: list[float]) -> Markup:
    if not chart.has_before:
        return Markup("")
    return element(
        "path", class_="before", d=_path(chart.series[0].before, frame, places), stroke_dasharray="4 4"
    )


def _running(chart: Chart, frame: Frame, places: list[float]) -> Markup:
    """Return an open dot for a last bucket that is not over."""
    last = len(places) - 1
    if not chart.axis.is_open or last < 0:
        return Markup("")
    return join(
        _dot(series.values, last, index, frame, places, "open ")
        for index, series in enumerate(chart.series)
        if at(series.values, last) is not None
    )


def _path(values: Values, frame: Frame, places: list[float]) -> str:
    return path(_points(values, frame, places))


def _points(values: Values, frame: Frame, places: list[float]) -> list[tuple[float, float] | None]:
    known = [at(values, index) for index in range(len(places))]
    found: list[tuple[float, float] | None] = []
    for index in thinned(known, int(frame.right - frame.left)):
        value = known[index]
        found.append(None if value is None else (places[index], frame.scale.y(value)))
    return found


def _last_height(values: Values, frame: Frame) -> float | None:
    known = [value for index in range(len(values)) if (value := at(values, index)) is not None]
    return frame.scale.y(known[-1]) if known else None


def points(chart: Chart, frame: Frame, places: list[float]) -> Markup:
    """Return a column for each bucket that shows its numbers, and opens it where it has a path."""
    if len(places) > MAX_LINKS:
        return Markup("")
    return element(
        "g", join(_point(chart, frame, places, index) for index in range(len(places))), class_="points"
    )


def _point(chart: Chart, frame: Frame, places: list[float], index: int) -> Markup:
    x = places[index]
    start = (places[index - 1] + x) / 2 if index else frame.left
    end = (x + places[index + 1]) / 2 if index + 1 < len(places) else frame.right
    top, bottom = frame.scale.top, frame.scale.bottom
    inside = join(
        (
            element("rect", class_="hit", x=start, y=0, width=end - start, height=bottom),
            element("path", class_="mark-line", d=f"M{number(x)} {number(top - 6)}V{number(bottom)}"),
            join(
                element("circle", class_=f"dot {series_class(number_)}", cx=x, cy=frame.scale.y(value), r=3.5)
                for number_, series in enumerate(chart.series)
                if (value := at(series.values, index)) is not None
            ),
            element("text", point_words(chart, index), class_="tip given", **_anchor(x, frame)),
        )
    )
    if not chart.axis.paths:
        return element("g", inside, class_="point")
    opened = element("a", inside, class_="point", href=chart.axis.paths[index])
    return opened + _note_link(chart, frame, x, index)


def _note_link(chart: Chart, frame: Frame, x: float, index: int) -> Markup:
    """Return the sign below a point that leads to a note on it, for pointers: the form below the chart is for everybody."""
    if not chart.axis.note_paths:
        return Markup("")
    words = f"Note on {chart.axis.labels[index]}"
    y = frame.scale.bottom - 9
    inside = join(
        (
            element("title", words),
            element("circle", class_="note-hit", cx=x, cy=y, r=9),
            element(
                "path", class_="note-plus", d=f"M{number(x - 4)} {number(y)}h8M{number(x)} {number(y - 4)}v8"
            ),
        )
    )
    return element(
        "a", inside, class_="note-add", href=chart.axis.note_paths[index], tabindex=-1, aria_label=words
    )


def _anchor(x: float, frame: Frame) -> dict[str, object]:
    """Return where the words of a point stand: above it, or against the nearer end of the drawing."""
    part = (x - frame.left) / max(frame.right - frame.left, 1.0)
    if part < 0.3:
        return {"x": frame.left, "y": 12, "text_anchor": "start"}
    if part > 0.7:
        return {"x": frame.right, "y": 12, "text_anchor": "end"}
    return {"x": x, "y": 12, "text_anchor": "middle"}
