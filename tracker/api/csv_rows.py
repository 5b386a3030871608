"""CSV: rows of cells as lines, which no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

#: What begins with one of these is a formula to a spreadsheet, in full width too, and `|` to some; an apostrophe before it
#: makes it a text. So does what begins with a break.
FORMULA_SIGNS, BREAKS = "=+-@|\uff1d\uff0b\uff0d\uff20", "\t\r\n"
#: A cell begins at the text's start, and within it where another spreadsheet divides: where the comma is a decimal sign, lines
#: are divided at semicolons, quoted or not. What is not seen before a sign does not keep it from being one.
_UNSEEN = (
    r"[\x00-\x08\x0b\x0c\x0e-\x20\x7f-\xa0\xad\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]*"
)
_BEGINS = re.compile(rf"^(?=[{BREAKS}])|(?:^|(?<=[;{BREAKS}]))(?={_UNSEEN}[{re.escape(FORMULA_SIGNS)}])")


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Yield each row as a line. None is an empty cell, a boolean `true` or `false`."""
    for row in rows:
        line = io.StringIO()
        csv.writer(line, lineterminator="\r\n").writerow([_cell(value) for value in row])
        yield line.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return _BEGINS.sub("'", value) if isinstance(value, str) else value


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
