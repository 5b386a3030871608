"""CSV: rows of cells as lines, which no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

#: A text that begins with one of these is a formula to a spreadsheet; an apostrophe before it makes it a text.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Yield each row as a line. None is an empty cell, a boolean `true` or `false`."""
    for row in rows:
        line = io.StringIO()
        csv.writer(line, lineterminator="\r\n").writerow([_cell(value) for value in row])
        yield line.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value.startswith(FORMULA_SIGNS):
        return f"'{value}"
    return value


class MeasureColumns:
    """The columns of measures: one for each, and of money one for each currency. With a `suffix` those compared with."""

    def __init__(self, words: Sequence[str], cells: Iterable[Mapping[str, Any]], suffix: str = "") -> None:
        money: dict[str, set[str]] = {word: set() for word in words}
        for cell in cells:
            for word in words:
                if isinstance(cell.get(word), dict):
                    money[word].update(cell[word])
        self._columns = [(word, currency) for word in words for currency in sorted(money[word]) or [""]]
        self.names = [word + (f" {c}" if c else "") + suffix for word, c in self._columns]

    def of(self, cell: Mapping[str, Any] | None) -> list[Any]:
        """Return the cells of one row."""
        return [_measured((cell or {}).get(word), currency) for word, currency in self._columns]


def _measured(value: Any, currency: str) -> Any:
    """Return the number of one column. Money is a decimal, so that its minus is no sign of a formula."""
    if isinstance(value, dict):
        return Decimal(value[currency]) if currency in value else None
    return value
