"""Shaded table: numbers in rows of different lengths, each cell in one of five shades with its number in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tracker.console.charts.heat_grid import step_of
from tracker.console.charts.svg import element, join


@dataclass(frozen=True, slots=True)
class ShadedCell:
    """A cell: its number from 0 to 1, which decides its shade, its words, what is said of it, and where it leads, if anywhere.

    `is_open`: its time is not over, so the number will grow.
    """

    value: float
    words: str
    told: str = ""
    path: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class ShadedRow:
    """A row: its name, a number in words that leads somewhere, and cells; None is blank."""

    name: str
    number: str
    cells: tuple[ShadedCell | None, ...]
    path: str = ""
    is_total: bool = False


def shaded(title: str, first: str, counted: str, columns: Sequence[str], rows: Sequence[ShadedRow]) -> Markup:
    """Return the table. The shade is of the largest number of all rows; in print and forced colours the numbers say it alone."""
    highest = max((cell.value for row in rows for cell in row.cells if cell), default=0.0)
    head = join(element("th", name, scope="col", class_="num") for name in (counted, *columns))
    table = element(
        "table",
        element("caption", title, class_="visually-hidden"),
        element("thead", element("tr", element("th", first, scope="col"), head)),
        element("tbody", join(_row(row, len(columns), highest) for row in rows)),
        class_="table shaded",
    )
    return element("div", table, class_="scrolled", tabindex=0, role="region", aria_label=title)


def _row(row: ShadedRow, count: int, highest: float) -> Markup:
    number: Markup | str = row.number
    if row.path:
        number = element(
            "a", row.number, class_="opens", href=row.path, aria_label=f"{row.number}: who began {row.name}?"
        )
    cells = [*row.cells, *[None] * (count - len(row.cells))][:count]
    return element(
        "tr",
        element("th", row.name, scope="row"),
        element("td", number, class_="num"),
        join(_cell(cell, highest) for cell in cells),
        class_="total" if row.is_total else None,
    )


def _cell(cell: ShadedCell | None, highest: float) -> Markup:
    if cell is None:
        return element("td", class_="blank")
    words: Markup | str = cell.words
    if cell.path:
        words = element(
            "a", cell.words, href=cell.path, title=cell.told, aria_label=f"{cell.words}: {cell.told}"
        )
    return element("td", words, class_=f"q{step_of(cell.value, highest)}{' open' if cell.is_open else ''}")
