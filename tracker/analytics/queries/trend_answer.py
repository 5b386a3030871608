"""Trend answers: measures in buckets of time, in all or for the first values in the order of a measure, beside those of the range before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.measuring import Cell, Grid, Measuring
from tracker.analytics.queries.numbers_of_cells import nothing
from tracker.analytics.queries.ranking import top_values
from tracker.analytics.queries.stretches import Range
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import Measure, Trend, bucket_begins


def answer_trend(workspace: Workspace, schema: CopySchema, trend: Trend) -> dict[str, Any]:
    """Return the buckets' begins, and a series for each measure and value. `before` has the buckets of its own range.

    `has_more` says whether there are more values.
    """
    head = trend.head
    now = Measuring(workspace, schema, head, trend.event, Range(head.begins, head.ends, head.events_from))
    values: list[Cell] = [()]
    has_more = False
    if trend.by is not None:
        found = top_values(now, trend.by, trend.order, trend.top + 1)
        values, has_more = found[: trend.top], len(found) > trend.top
    series = _series(now, trend, values)
    if head.before is not None:
        earlier = Measuring(workspace, schema, head, trend.event, Range(*head.before, head.events_from))
        before = _series(earlier, trend, values)
        for shown, other in zip(series, before, strict=True):
            shown["before"] = {"points": other["points"], "total": other["total"]}
    times = bucket_begins(trend.interval, head.begins, head.ends, head.zone)
    return {"times": times, "series": series, "has_more": has_more}


def _series(measuring: Measuring, trend: Trend, values: Sequence[Cell]) -> list[dict[str, Any]]:
    by = () if trend.by is None else (trend.by,)
    every = tuple(range(1 + len(by)))
    grid = Grid(by, trend.interval, (every, every[1:]), values if by else None)
    points, totals = measuring.cells(grid, trend.measures) if values else ({}, {})
    range_ = measuring.range
    count = len(bucket_begins(trend.interval, range_.begins, range_.ends, measuring.head.zone))
    return [
        {
            "measure": measure.word,
            "value": value[0] if value else None,
            "points": [_value(points, (number, *value), measure) for number in range(count)],
            "total": _value(totals, value, measure),
        }
        for measure in trend.measures
        for value in values
    ]


def _value(cells: dict[Cell, dict[str, Any]], cell: Cell, measure: Measure) -> Any:
    return cells.get(cell, {}).get(measure.word, nothing(measure))
