"""Retention view: an answer of `reports.retention` as a table of shares, a row for each cohort, blank where no time has been."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup

from tracker.console.charts import ShadedCell, ShadedRow, shaded
from tracker.console.number_words import percent, plain

#: Intervals in words: what a cohort is called, and its periods.
PERIODS = {"day": ("%a %-d %b", "day"), "week": ("Week of %-d %b", "week"), "month": ("%b %Y", "month")}
#: Returns the address of the people in a cell: `opened("2026-10-26", 2)`.
Opener = Callable[[str, int], str]


def retention_table(
    answer: Mapping[str, Any], interval: str, title: str, opened: Opener = lambda *_: ""
) -> Markup | None:
    """Return the table; None if nobody began."""
    cohorts = [each for each in answer["Cohorts"] if each["People"]]
    if not cohorts:
        return None
    form, word = PERIODS[interval]
    count = max(len(each["Returned"]) for each in cohorts)
    rows = [_row(each, form, word, opened) for each in cohorts]
    average = tuple(
        None
        if share is None
        else ShadedCell(share, percent(share), f"on average after {_after(number, word)}")
        for number, share in enumerate(answer["Average"], 1)
    )
    total = plain(sum(each["People"] for each in cohorts))
    columns = [
        f"{word.capitalize()} {number}" if number == 1 else str(number) for number in range(1, count + 1)
    ]
    return shaded(
        title, "Began", "People", columns, [*rows, ShadedRow("Together", total, average, is_total=True)]
    )


def _row(cohort: Mapping[str, Any], form: str, word: str, opened: Opener) -> ShadedRow:
    start, people = datetime.fromisoformat(cohort["Start"]), cohort["People"]
    day = start.date().isoformat()
    cells: list[ShadedCell | None] = []
    for number, returned in enumerate(cohort["Returned"], 1):
        if returned is None:
            cells.append(None)
            continue
        is_open = number > cohort["Complete"]
        told = f"{returned:,} of {people:,} came back after {_after(number, word)}{', which is not over' if is_open else ''}"
        cells.append(
            ShadedCell(
                returned / people,
                percent(returned / people),
                told,
                opened(day, number) if returned else "",
                is_open,
            )
        )
    return ShadedRow(f"{start:{form}}", plain(people), tuple(cells), opened(day, 0))


def _after(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
