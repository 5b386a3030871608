"""Shared rows: stored events as lines of JSON for ClickHouse, with a text for each property, and a number where it is one."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import orjson

from tracker.analytics.clickhouse.shared_tables import NUMBER, TEXT
from tracker.analytics.copy.copied_rows import Values
from tracker.analytics.copy.copy_tables import PropertyColumn
from tracker.questions import canonical_text, plain_number

#: What a staged event has before the columns of properties, with its types.
BATCH = {
    "id": "Int64", "happened": "Int64", "name": "String", "visitor": "Int64", "span": "Int32", "named": "Int64", "is_robot": "Bool",
    "is_counted": "Bool", "worth": "Nullable(Decimal(38, 6))", "currency": TEXT, "rest": "Map(String, String)",
    "numbers": "Map(String, Float64)",
}  # fmt: skip


def batch_columns(columns: Sequence[PropertyColumn]) -> dict[str, str]:
    """Return the columns of staged events with their types."""
    texts = {f"p{each.index}": TEXT for each in columns}
    return BATCH | texts | {f"n{each.index}": NUMBER for each in columns if each.has_numbers}


def event_lines(values: Values, columns: Sequence[PropertyColumn]) -> bytes:
    """Return events, given column by column (`copied_rows.Values`), as lines in the order of `batch_columns`."""
    return b"\n".join(orjson.dumps(_row(row, columns)) for row in zip(*values, strict=True))


def _row(row: tuple[Any, ...], columns: Sequence[PropertyColumn]) -> list[Any]:
    *first, millionths, currency, properties = row
    rest = orjson.loads(properties)
    texts: list[Any] = []
    numbers: list[Any] = []
    for column in columns:
        value = rest.pop(column.property, None)
        texts.append(canonical_text(value))
        if column.has_numbers:
            numbers.append(number_of(value))
    worth = None if millionths is None else f"{Decimal(millionths).scaleb(-6):f}"
    kept = {name: text for name, value in rest.items() if (text := canonical_text(value)) is not None}
    of_rest = {name: number for name, value in rest.items() if (number := number_of(value)) is not None}
    return [*first, worth, currency, kept, of_rest, *texts, *numbers]


def number_of(value: Any) -> float | None:
    """Return the number of a JSON number, or of a plain decimal text; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return float(value)
    return plain_number(value) if isinstance(value, str) else None
