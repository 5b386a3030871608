"""Report rows: the rows of a breakdown with shares, changes, and links that filter by a row or open the people behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tracker.console.charts import share
from tracker.console.dimension_words import DimensionWords
from tracker.console.number_words import OPENED, change, number_of, written
from tracker.console.report_address import ReportAddress, where_text
from tracker.console.trend_chart import unit_of


def breakdown_rows(
    answer: Mapping[str, Any],
    by: DimensionWords,
    measures: Sequence[str],
    path: str,
    address: ReportAddress,
    currency: str,
    event: str | None = None,
) -> list[dict[str, Any]]:
    """Return the rows of an answer with one dimension. The bar is that of the first measure, and it opens to its people."""
    rows = answer["Rows"]
    unit = unit_of([row.get(measures[0]) for row in rows], currency)
    numbers = [number_of(row.get(measures[0]), unit) or 0.0 for row in rows]
    longest = max(numbers, default=0.0)
    return [
        _row(row, by, measures, address, currency)
        | {
            "share": share(number / longest if longest > 0 else 0.0),
            "people": people_path(path, address, measures[0], by.condition(row["Values"][0]), event=event),
        }
        for row, number in zip(rows, numbers, strict=True)
    ]


def second_measure(totals: Mapping[str, Any]) -> str:
    """Return what stands beside people in a row: revenue where there is any, else conversions, else visits."""
    return next((name for name in ("revenue", "conversions") if totals.get(name)), "visits")


def people_path(
    path: str,
    address: ReportAddress,
    measure: str,
    *conditions: Mapping[str, Any],
    event: str | None = None,
) -> str:
    """Return the address of the people in a number: those of the question who also fulfil the conditions.

    Numbers that no single events make, such as the length of a visit, have all people of the question behind them.
    """
    where = [*address.conditions, *conditions]
    is_apart = measure in OPENED and measure != "people"
    return (
        path
        + "/who"
        + address.question(
            Where=where_text(where) if where else None, Event=event, Measure=measure if is_apart else None
        )
    )


def people_question(people: int | None = None) -> str:
    """Return what a link to the people behind a number asks. They are counted only where it is they who are counted."""
    if not people:
        return "Who are the people behind this?"
    return "Who is this person?" if people == 1 else f"Who are these {people:,} people?"


def _row(
    row: Mapping[str, Any],
    by: DimensionWords,
    measures: Sequence[str],
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
    }
