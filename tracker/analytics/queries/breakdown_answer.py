"""Breakdown answers: measures by values, the largest first, with the rest, the total, and the same of the range before."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.measuring import Cell, Grid, Measuring
from tracker.analytics.queries.numbers_of_cells import filled, money, row_order, with_sums
from tracker.analytics.queries.ranking import first_rows
from tracker.analytics.queries.stretches import Range
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import Breakdown, Measure


def answer_breakdown(workspace: Workspace, schema: CopySchema, breakdown: Breakdown) -> dict[str, Any]:
    """Return the rows of the page, `others` (of measures that add up, null of others), and the total."""
    head, measures = breakdown.head, breakdown.measures
    now = Measuring(workspace, schema, head, breakdown.event, Range(head.begins, head.ends, head.events_from))
    cells, is_all = first_rows(now, breakdown.by, breakdown.order, breakdown.limit, breakdown.offset)
    found, total = _measured(now, breakdown, cells, is_all)
    rows = [{"values": list(cell), **filled(found.get(cell, {}), measures)} for cell in cells]
    rows.sort(key=lambda row: row_order(breakdown.order, row["values"], row[breakdown.order.word]))
    if is_all:
        rows = rows[breakdown.offset : breakdown.offset + breakdown.limit]
        cells = [tuple(row["values"]) for row in rows]
    answer = {"rows": rows, "others": _others(rows, total, measures), "total": total, "before_total": None}
    if head.before is not None:
        earlier = Measuring(workspace, schema, head, breakdown.event, Range(*head.before, head.events_from))
        before, answer["before_total"] = _measured(earlier, breakdown, cells, is_all=False)
        for row in rows:
            row["before"] = filled(before.get(tuple(row["values"]), {}), measures)
    return answer


def _measured(
    measuring: Measuring, breakdown: Breakdown, cells: Sequence[Cell], is_all: bool
) -> tuple[dict[Cell, dict[str, Any]], dict[str, Any]]:
    """Return the measures of the cells, and of everything."""
    every, measures = tuple(range(len(breakdown.by))), breakdown.measures
    found, total = measuring.cells(Grid(breakdown.by, None, (every, ()), cells, is_all), measures)
    return found, filled(total.get((), {}), measures)


def _others(
    rows: Sequence[dict[str, Any]], total: dict[str, Any], measures: Sequence[Measure]
) -> dict[str, Any]:
    return {each.word: _rest(rows, total, each) if each.is_additive else None for each in measures}


def _rest(rows: Sequence[dict[str, Any]], total: dict[str, Any], measure: Measure) -> Any:
    shown = [row[measure.word] for row in rows]
    if measure.kind == "revenue":
        sums = with_sums(shown)
        left = {
            currency: Decimal(amount) - sums.get(currency, Decimal())
            for currency, amount in total["revenue"].items()
        }
        return money({currency: amount for currency, amount in left.items() if amount})
    return round(total[measure.word] - sum(shown), 6)
