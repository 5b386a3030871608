"""Ranking: which values of a breakdown are shown, found before anything is computed that takes long for many values.

Counting events of every value is quick, counting people is not. No value has more people, or more visits, than events, and one whose
events are all of one person has one. So values whose bound is below what the last of the first rows has cannot be among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracker.analytics.queries.measuring import Cell, Grid, Measuring, listed
from tracker.analytics.queries.numbers_of_cells import nothing, row_order
from tracker.analytics.queries.people_bits import BITS
from tracker.questions import Dimension, Measure

#: Values whose people are counted at most before all are: beyond that one pass over everything is quicker.
MAX_CANDIDATES = 2_000
#: Values that are all computed in one pass: as many as a word has bits for.
FEW = BITS - 1
#: People that a value has at most.
PEOPLE_AT_MOST = "CASE WHEN min(w.actor) = max(w.actor) THEN 1 ELSE count(*) END"


def by_events(
    measuring: Measuring, by: tuple[Dimension, ...], limit: int, offset: int = 0
) -> list[tuple[Cell, int]]:
    """Return the values with most events, and how many they have."""
    return ranked(measuring, by, "count(*)", limit, offset)


def ranked(
    measuring: Measuring, by: tuple[Dimension, ...], size: str, limit: int, offset: int = 0, search: str = ""
) -> list[tuple[Cell, Any]]:
    """Return the values with the largest of `size`, an aggregate of events, and that; only values that contain `search`."""
    selection, keys = measuring.select(Grid(by))
    selection.needs_ties = size == PEOPLE_AT_MOST
    names = [f"k{number}" for number in range(len(by))]
    order = listed(["size DESC NULLS LAST", *(f"{name} ASC NULLS LAST" for name in names)])
    gathered = f"d AS (SELECT {listed([*keys, f'{size} AS size'])} {selection.source()} GROUP BY ALL)"
    found = (
        selection.dialect.contains("lower(k0)", f"lower({selection.parameters.bind(search)})")
        if search
        else "TRUE"
    )
    sql = (
        f"WITH {gathered} SELECT {listed(names)}, size FROM d WHERE {found} "
        f"ORDER BY {order} LIMIT {limit} OFFSET {offset}"
    )
    rows = measuring.workspace.rows(sql, selection.parameters.values)
    return [(tuple(row[:-1]), row[-1]) for row in rows]


def first_rows(
    measuring: Measuring, by: tuple[Dimension, ...], order: Measure, limit: int, offset: int
) -> tuple[list[Cell], bool]:
    """Return the values of rows `offset` to `offset + limit` in the order of a measure and False, or all if they are few and True."""
    wanted = offset + limit
    if order.kind == "events":
        found = by_events(measuring, by, wanted + FEW)
        few = len(found) <= FEW
        return [cell for cell, _ in (found if few else found[offset:wanted])], few
    size = PEOPLE_AT_MOST if order.kind == "people" else "count(*)"
    counted = ranked(measuring, by, size, max(MAX_CANDIDATES, wanted) + 1)
    is_all = len(counted) <= max(MAX_CANDIDATES, wanted)
    if len(counted) <= FEW:
        return [cell for cell, _ in counted], True
    candidates: Sequence[Cell] | None = [cell for cell, _ in counted]
    if order.kind in ("people", "visits"):
        candidates = _possible(measuring, by, order, counted, wanted, is_all)
    elif not is_all:
        candidates = None
    sizes = _sizes(measuring, by, order, candidates)
    cells = sorted(sizes, key=lambda cell: row_order(order, cell, sizes[cell]))
    return cells[offset:wanted], False


def _possible(
    measuring: Measuring,
    by: tuple[Dimension, ...],
    order: Measure,
    counted: list[tuple[Cell, int]],
    wanted: int,
    is_all: bool,
) -> list[Cell] | None:
    """Return the values that can be among the first by people or visits; None if too many can."""
    sizes = _sizes(measuring, by, order, [cell for cell, _ in counted[:wanted]])
    least, last = min(sizes.values(), default=0), counted[-1][1]
    is_one = order.kind == "people" and least == 1
    if not is_all and (last > least or (last == least and not is_one)):
        return None
    if is_one:  # these are known to have one, and stand in the order of their values
        ones = [cell for cell, most in counted if most == 1]
        return [cell for cell, most in counted if most > 1] + ones[:wanted]
    return [cell for cell, most in counted if most >= least]


def _sizes(
    measuring: Measuring, by: tuple[Dimension, ...], order: Measure, cells: Sequence[Cell] | None
) -> dict[Cell, Any]:
    every = tuple(range(len(by)))
    [found] = measuring.cells(Grid(by, None, (every,), cells), [order])
    sizes = {cell: values.get(order.word) for cell, values in found.items()}
    return {cell: sizes.get(cell, nothing(order)) for cell in (cells if cells is not None else sizes)}
