"""Report rows: the rows of a breakdown with shares, changes, and links that filter by a row or open the people behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tracker.console.charts import share
from tracker.console.dimension_words import DimensionWords
from tracker.console.number_words import change, number_of, written
from tracker.console.report_address import ReportAddress, where_text
from tracker.console.trend_chart import unit_of


def breakdown_rows(
    answer: Mapping[str, Any],
    by: DimensionWords,
    measures: Sequence[str],
    path: str,
    address: ReportAddress,
    currency: str,
) -> list[dict[str, Any]]:
    """Return the rows of an answer with one dimension. The bar is that of the first measure."""
    rows = answer["Rows"]
    unit = unit_of([row.get(measures[0]) for row in rows], currency)
    numbers = [number_of(row.get(measures[0]), unit) or 0.0 for row in rows]
    longest = max(numbers, default=0.0)
    return [
        _row(row, by, measures, path, address, currency)
        | {"share": share(number / longest if longest > 0 else 0.0)}
        for row, number in zip(rows, numbers, strict=True)
    ]


def second_measure(totals: Mapping[str, Any]) -> str:
    """Return what stands beside people in a row: revenue where there is any, else conversions, else visits."""
    return next((name for name in ("revenue", "conversions") if totals.get(name)), "visits")


def people_path(path: str, address: ReportAddress, *conditions: Mapping[str, Any], **more: str) -> str:
    """Return the address of the people behind a number: those of the question who also fulfil the conditions."""
    where = [*address.conditions, *conditions]
    return f"{path}/who{address.question(Where=where_text(where) if where else None, **more)}"


def _row(
    row: Mapping[str, Any],
    by: DimensionWords,
    measures: Sequence[str],
    path: str,
    address: ReportAddress,
    currency: str,
) -> dict[str, Any]:
    [value] = row["Values"]
    before, condition = row.get("Before") or {}, by.condition(value)
    return {
        "name": by.value_words(value),
        "is_set": value is not None,
        "link": address.with_condition(condition),
        "is_chosen": address.holds(condition),
        "numbers": [written(measure, row.get(measure), currency) for measure in measures],
        "change": change(measures[0], row.get(measures[0]), before.get(measures[0]), currency),
        "people": people_path(path, address, condition),
    }
