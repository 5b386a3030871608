"""Is every cell read back as it was, and none a formula?"""

from __future__ import annotations

import csv
import io
import re
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.api.csv_rows import BREAKS, FORMULA_SIGNS, MeasureColumns, csv_lines

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    "=+-@|;,\"' \t\r\n\v\u200b\xa0\uff1d\uff0bx"
)
CELLS = st.none() | st.booleans() | st.integers() | TEXTS


def written(rows: list[list[Any]]) -> list[list[str]]:
    text = b"".join(csv_lines(rows)).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


@given(st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=5))
def test_texts_are_read_back_and_no_formulas(rows: list[list[Any]]) -> None:
    found = written(rows)
    assert [len(row) for row in found] == [len(row) for row in rows]
    for cell, sent in zip(chain(*found), chain(*rows), strict=True):
        if isinstance(sent, str):
            assert is_with_apostrophes(cell, sent)
            assert not cell.startswith(tuple(BREAKS))
            parts = [part.lstrip(" \v\xa0\u200b") for part in re.split("[;\t\r\n]", cell)]
            assert not any(part.startswith(tuple(FORMULA_SIGNS)) for part in parts)
        else:
            assert cell == ("" if sent is None else str(sent).lower())


def is_with_apostrophes(cell: str, sent: str) -> bool:
    """Whether a cell is what was sent, with nothing but apostrophes before parts of it."""
    rest = iter(sent)
    following = next(rest, None)
    for sign in cell:
        if sign == following:
            following = next(rest, None)
        elif sign != "'":
            return False
    return following is None


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("=1", "'=1"),
        (" =1", "' =1"),
        ("\x0b=1", "'\x0b=1"),
        ("\ufeff\uff1d1", "'\ufeff\uff1d1"),
        ("|x", "'|x"),
        (";=1", ";'=1"),
        ("x;=HYPERLINK(1)", "x;'=HYPERLINK(1)"),
        ("x\n @sum", "x\n' @sum"),
        ("\tx", "'\tx"),
        ("a-b=c; d", "a-b=c; d"),
        ("", ""),
    ],
)
def test_what_begins_a_formula_is_a_text(sent: str, told: str) -> None:
    assert written([[sent, "x"]]) == [[told, "x"]]


def test_money_has_a_column_for_each_currency() -> None:
    cells = [{"revenue": {"EUR": "-1.50", "": "2.00"}, "people": 3}, {"revenue": {}, "people": None}]
    columns = MeasureColumns(["people", "revenue"], cells, " before")
    assert columns.names == ["people before", "revenue before", "revenue EUR before"]
    assert b"".join(csv_lines(columns.of(cell) for cell in cells)) == b"3,2.00,-1.50\r\n,,\r\n"
    assert MeasureColumns(["revenue"], []).names == ["revenue"]
    assert columns.of(None) == [None, None, None]
