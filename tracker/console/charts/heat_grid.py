"""Heat grid: numbers of two breakdowns against each other, shaded in five steps, each cell a link."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from tracker.console.charts.chart_data import numbers
from tracker.console.charts.svg import cut, element, join

CELL_WIDTH, CELL_HEIGHT, NAME_WIDTH = 84, 28, 150
STEPS = 5


def grid(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
    words: Callable[[float], str],
    paths: Sequence[Sequence[str]] = (),
) -> Markup:
    """Return the grid: `values[row][column]`, with `paths` alike. A blank cell has no number."""
    known = list(numbers(value for row in values for value in row))
    highest = max([0.0, *known])
    width, height = NAME_WIDTH + CELL_WIDTH * len(columns), CELL_HEIGHT * (len(rows) + 1)
    told = f"{len(rows)} by {len(columns)}, up to {words(highest)}." if known else "There are no numbers."
    head = join(
        element(
            "text", cut(name, 12), x=_x(column) + CELL_WIDTH / 2, y=18, text_anchor="middle", class_="given"
        )
        for column, name in enumerate(columns)
    )
    body = join(
        element("text", cut(name, 22), x=0, y=CELL_HEIGHT * (row + 1) + 18, class_="given")
        + join(
            _cell(row, column, value, f"{name}, {columns[column]}", words, highest, paths)
            for column, value in enumerate(values[row])
        )
        for row, name in enumerate(rows)
    )
    drawing = element(
        "svg",
        element("title", title),
        element("desc", told),
        head,
        body,
        class_="heat",
        view_box=f"0 0 {width} {height}",
        width=width,
        role="group",
    )
    return element("div", drawing, class_="scrolled", tabindex=0, role="region", aria_label=title)


def step_of(value: float, highest: float) -> int:
    """Return the shade of a number, from 0 (least) to STEPS - 1."""
    if highest <= 0 or value <= 0:
        return 0
    return min(int(value / highest * STEPS), STEPS - 1)


def _cell(
    row: int,
    column: int,
    value: float | None,
    name: str,
    words: Callable[[float], str],
    highest: float,
    paths: Sequence[Sequence[str]],
) -> Markup:
    x, y = _x(column), CELL_HEIGHT * (row + 1)
    if value is None:
        return element("rect", class_="cell blank", x=x, y=y, width=CELL_WIDTH - 2, height=CELL_HEIGHT - 2)
    step = step_of(value, highest)
    inside = join(
        (
            element("title", f"{name}: {words(value)}"),
            element("rect", class_=f"cell q{step}", x=x, y=y, width=CELL_WIDTH - 2, height=CELL_HEIGHT - 2),
            element(
                "text",
                words(value),
                x=x + CELL_WIDTH / 2,
                y=y + 18,
                text_anchor="middle",
                class_=f"on-q{step}",
            ),
        )
    )
    if not paths:
        return element("g", inside)
    return element("a", inside, href=paths[row][column])


def _x(column: int) -> int:
    return NAME_WIDTH + CELL_WIDTH * column
