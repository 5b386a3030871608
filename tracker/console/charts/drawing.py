"""Drawing of a chart: its frame with scale and labels, the two sizes, and the numbers as a table below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from tracker.console.charts.chart_data import MAX_SERIES, Chart, at, described
from tracker.console.charts.scales import Scale, scale, shown_ticks
from tracker.console.charts.svg import cut, element, join

#: Rows of the table below a chart; the report's CSV has all.
MAX_ROWS = 400
#: A dash for each series, so that no line is told by its colour alone; the last is that of "Others".
DASHES = (None, "8 4", "2 3", "10 3 2 3", "5 2", "1 4")
NAME_LENGTH = 18
#: Characters of a note that are shown where its bucket is pointed at; below the chart it stands in full.
NOTE_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Frame:
    """The place for the drawing between the labels, in pixels."""

    width: int
    height: int
    left: float
    right: float
    scale: Scale

    @property
    def zero(self) -> float:
        """The height at which 0 stands."""
        return self.scale.y(0.0)


def figure(chart: Chart, draw: Callable[[Chart, Frame], Markup]) -> Markup:
    """Return the chart for wide and for narrow windows, one of which is shown, and its table."""
    drawings = join(
        _svg(chart, size, width, height, draw)
        for size, width, height in (("wide", 820, 250), ("narrow", 340, 220))
    )
    return element("div", drawings, _table(chart), class_="chart")


def series_class(index: int) -> str:
    return f"s{min(index, MAX_SERIES)}"


def dash(index: int) -> str | None:
    return DASHES[min(index, MAX_SERIES)]


def point_words(chart: Chart, index: int) -> str:
    """Return what is said of a bucket: `Sat 21 Nov: 31 (before: 27)`."""
    single = len(chart.series) == 1
    told = [
        f"{'' if single else series.name + ' '}{_words(chart, at(series.values, index))}"
        for series in chart.series
    ]
    before = at(chart.series[0].before, index) if chart.has_before else None
    after = f" (before: {chart.words(before)})" if before is not None else ""
    notes = "".join(f" · {cut(note.words, NOTE_LENGTH)}" for note in chart.notes if note.index == index)
    return f"{chart.axis.labels[index]}: {', '.join(told)}{after}{notes}"


def noted(chart: Chart, frame: Frame, places: list[float]) -> Markup:
    """Return a dashed line with a mark on top for each bucket that has notes. Their words are in the description."""
    indexes = sorted({note.index for note in chart.notes})
    top = frame.scale.top
    return join(
        element("path", class_="note-line", d=f"M{places[index]:.1f} {top:.1f}V{frame.scale.bottom:.1f}")
        + element(
            "path",
            class_="note-mark",
            d=f"M{places[index]:.1f} {top - 9:.1f}l4.5 4.5l-4.5 4.5l-4.5 -4.5Z",
        )
        for index in indexes
    )


def _words(chart: Chart, value: float | None) -> str:
    return "–" if value is None else chart.words(value)


def _svg(chart: Chart, size: str, width: int, height: int, draw: Callable[[Chart, Frame], Markup]) -> Markup:
    frame = _frame(chart, width, height)
    inside = draw(chart, frame) if chart.has_numbers() else _nothing(frame)
    return element(
        "svg",
        element("title", chart.title),
        element("desc", described(chart)),
        _grid_lines(chart, frame),
        inside,
        class_=f"chart-{size}",
        view_box=f"0 0 {width} {height}",
        role="group",
    )


def _frame(chart: Chart, width: int, height: int) -> Frame:
    lowest, highest = chart.highest()
    measured = scale(lowest, highest, chart.is_whole(), top=26.0, bottom=height - 24.0)
    letters = max(len(chart.words(tick)) for tick in measured.ticks)
    beside = 10.0 if len(chart.series) < 2 else (120.0 if width > 500 else 84.0)
    return Frame(width, height, 14.0 + 6.4 * letters, width - beside, measured)


def _grid_lines(chart: Chart, frame: Frame) -> Markup:
    lines = join(
        element("path", class_="rule", d=f"M{frame.left:.1f} {frame.scale.y(tick):.1f}H{frame.right:.1f}")
        + element("text", chart.words(tick), x=frame.left - 8, y=frame.scale.y(tick) + 3.5, text_anchor="end")
        for tick in frame.scale.ticks
    )
    return element("g", lines, class_="scale", aria_hidden="true")


def below(chart: Chart, frame: Frame, places: list[float]) -> Markup:
    """Return the labels below the drawing, as many as there is room for."""
    most = 8 if frame.width > 500 else 4
    shown = join(
        element("text", chart.axis.ticks[index], x=places[index], y=frame.height - 6, text_anchor="middle")
        for index in shown_ticks(len(places), most)
    )
    return element("g", shown, class_="scale", aria_hidden="true")


def end_labels(chart: Chart, frame: Frame, heights: list[float | None]) -> Markup:
    """Return the names of the series at their ends instead of a legend, pushed apart so that each can be read."""
    if len(chart.series) < 2:
        return Markup("")
    placed = apart(
        [frame.zero if height is None else height for height in heights], 13.0, 12.0, frame.height - 26.0
    )
    length = NAME_LENGTH if frame.width > 500 else 12
    return join(
        element(
            "text",
            cut(series.name, length),
            x=frame.right + 8,
            y=y + 3.5,
            class_=f"given name {series_class(index)}",
        )
        for index, (series, y) in enumerate(zip(chart.series, placed, strict=True))
    )


def apart(heights: list[float], distance: float, top: float, bottom: float) -> list[float]:
    """Return the heights moved so that neighbours are `distance` apart, from `top` to `bottom` as far as there is room."""
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    placed = dict(enumerate(heights))
    last = top - distance
    for index in order:
        last = placed[index] = max(placed[index], last + distance)
    following = bottom + distance
    for index in reversed(order):
        following = placed[index] = min(placed[index], following - distance)
    return [placed[index] for index in range(len(heights))]


def _nothing(frame: Frame) -> Markup:
    middle = (frame.left + frame.right) / 2
    return element(
        "text", "Nothing in this time", x=middle, y=frame.height / 2, text_anchor="middle", class_="nothing"
    )


def _table(chart: Chart) -> Markup:
    """Return the numbers as a table that is folded away."""
    names = [series.name for series in chart.series] + ([chart.before_name] if chart.has_before else [])
    head = element("th", chart.axis.name, scope="col") + join(
        element("th", name, scope="col", class_="num given") for name in names
    )
    rows = join(_row(chart, index) for index in range(min(len(chart.axis.labels), MAX_ROWS)))
    table = element(
        "table",
        element("caption", chart.title, class_="visually-hidden"),
        element("thead", element("tr", head)),
        element("tbody", rows),
        class_="table plain",
    )
    left_out = len(chart.axis.labels) - MAX_ROWS
    rest = element("p", f"{left_out:,} more rows are in the CSV.", class_="muted") if left_out > 0 else None
    region = element(
        "div", table, class_="scrolled", tabindex=0, role="region", aria_label=f"{chart.title}, as a table"
    )
    return element("details", element("summary", "As a table"), region, rest, class_="as-table")


def _row(chart: Chart, index: int) -> Markup:
    label = chart.axis.labels[index]
    linked: str | Markup = element("a", label, href=chart.axis.paths[index]) if chart.axis.paths else label
    values = [at(series.values, index) for series in chart.series]
    values += [at(chart.series[0].before, index)] if chart.has_before else []
    cells = join(element("td", _words(chart, value), class_="num") for value in values)
    return element("tr", element("th", linked, scope="row"), cells)
