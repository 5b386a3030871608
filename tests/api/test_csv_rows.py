"""Is every cell read back as it was, and none a formula?"""

from __future__ import annotations

import csv
import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tracker.api.csv_rows import FORMULA_SIGNS, MeasureColumns, csv_lines

CELLS = st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=5))
def test_texts_are_read_back_and_no_formulas(rows: list[list[Any]]) -> None:
    written = b"".join(csv_lines(rows)).decode()
    found = list(csv.reader(io.StringIO(written, newline="")))
    assert [[as_read(cell) for cell in row] for row in rows] == found
    texts = [
        cell
        for row, sent in zip(found, rows, strict=True)
        for cell, value in zip(row, sent, strict=True)
        if isinstance(value, str)
    ]
    assert not any(cell.startswith(FORMULA_SIGNS) for cell in texts)


def as_read(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    is_formula = isinstance(value, str) and value.startswith(FORMULA_SIGNS)
    return f"'{value}" if is_formula else str(value)


def test_money_has_a_column_for_each_currency() -> None:
    cells = [{"revenue": {"EUR": "-1.50", "": "2.00"}, "people": 3}, {"revenue": {}, "people": None}]
    columns = MeasureColumns(["people", "revenue"], cells, " before")
    assert columns.names == ["people before", "revenue before", "revenue EUR before"]
    assert b"".join(csv_lines(columns.of(cell) for cell in cells)) == b"3,2.00,-1.50\r\n,,\r\n"
    assert MeasureColumns(["revenue"], []).names == ["revenue"]
    assert columns.of(None) == [None, None, None]
