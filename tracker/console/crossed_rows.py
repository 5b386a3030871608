"""Crossed rows: a breakdown by two dimensions as a heat grid, and its rows as a table below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from tracker.console.charts import grid
from tracker.console.dimension_words import DimensionWords
from tracker.console.number_words import measure_name, number_of, writer, written
from tracker.console.report_address import ReportAddress
from tracker.console.report_rows import people_path
from tracker.console.trend_chart import unit_of

#: Names of a grid that can be taken in at a glance: those with the largest sums.
ROWS, COLUMNS = 12, 8
Pair = tuple[DimensionWords, DimensionWords]


def crossed_grid(
    answer: Mapping[str, Any],
    by: Pair,
    measure: str,
    path: str,
    address: ReportAddress,
    currency: str,
    event: str | None = None,
) -> Markup:
    """Return the grid: the first dimension down, the second across, each cell a link to its people."""
    unit = unit_of([row.get(measure) for row in answer["Rows"]], currency)
    cells = {tuple(row["Values"]): number_of(row.get(measure), unit) for row in answer["Rows"]}
    down, across = _largest(cells, 0)[:ROWS], _largest(cells, 1)[:COLUMNS]
    return grid(
        f"{measure_name(measure)} by {by[0].name} and {by[1].name}",
        [by[0].value_words(value) for value in down],
        [by[1].value_words(value) for value in across],
        [[cells.get((row, column)) for column in across] for row in down],
        writer(measure, unit),
        [
            [
                people_path(
                    path, address, measure, by[0].condition(row), by[1].condition(column), event=event
                )
                for column in across
            ]
            for row in down
        ],
    )


def crossed_rows(
    answer: Mapping[str, Any],
    by: Pair,
    measures: Sequence[str],
    path: str,
    address: ReportAddress,
    currency: str,
    event: str | None = None,
) -> list[dict[str, Any]]:
    """Return the rows of the table, with the address of the people in the first number of each."""
    return [
        {
            "names": [each.value_words(value) for each, value in zip(by, row["Values"], strict=True)],
            "numbers": [written(measure, row.get(measure), currency) for measure in measures],
            "people": people_path(
                path,
                address,
                measures[0],
                *(each.condition(value) for each, value in zip(by, row["Values"], strict=True)),
                event=event,
            ),
        }
        for row in answer["Rows"]
    ]


def _largest(cells: Mapping[tuple[Any, ...], float | None], place: int) -> list[Any]:
    """Return the values at one place of the cells' names, those with the largest sums first."""
    sums: dict[Any, float] = {}
    for names, number in cells.items():
        sums[names[place]] = sums.get(names[place], 0.0) + (number or 0.0)
    return sorted(sums, key=lambda value: -sums[value])
