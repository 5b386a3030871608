"""Ranking: which values of a breakdown are shown, found before anything is computed that takes long for many values.

Counting events of every value is quick, counting people is not. No value has more people, or more visits, than events, and one whose
events are all of one person has one. So values whose bound is below what the last of the first rows has cannot be among them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tracker.analytics.queries.measuring import Cell, Grid, Measuring, listed
from tracker.analytics.queries.numbers_of_cells import nothing, row_order
from tracker.analytics.queries.people_bits import BITS
from tracker.analytics.queries.selection import Selection
from tracker.questions import BadQuestion, Dimension, Measure

#: Values whose people are counted at most before all are: beyond that one pass over everything is quicker.
MAX_CANDIDATES = 2_000
#: Events of the most frequent value, up to which values likely are of one person each, such as sessions.
MOST_OF_ONE = 500
#: Values that are all computed in one pass: as many as a word has bits for.
FEW = BITS - 2
_NOT_OF_EVENTS = ("people", "visits", "rate", "bounces", "seconds")
Size = Callable[[Selection], str]


def by_events(measuring: Measuring, by: tuple[Dimension, ...], limit: int) -> list[tuple[Cell, int]]:
    """Return the values with most events, and how many they have."""
    return ranked(measuring, by, "events", limit)


def top_values(measuring: Measuring, by: Dimension, order: Measure, limit: int) -> list[Cell]:
    """Return the first values in the order of a measure that adds up, or counts people or visits."""
    if order.kind == "events":
        return [cell for cell, _ in by_events(measuring, (by,), limit)]
    cells, is_all = first_rows(measuring, (by,), order, limit, 0)
    if is_all and order.kind in _NOT_OF_EVENTS:
        cells = _ordered(measuring, (by,), order, cells)
    return cells[:limit]


def ranked(
    measuring: Measuring,
    by: tuple[Dimension, ...],
    kind: str,
    limit: int,
    offset: int = 0,
    search: str = "",
    left_out: Sequence[str] = (),
    size: Size | None = None,
) -> list[tuple[Cell, Any]]:
    """Return the values with the largest number of a kind, and that; only values that contain `search` and are not `left_out`.

    `size` makes the number, an aggregate, where it is none of those that counting knows.
    """
    selection, keys = measuring.select(Grid(by), (kind,), of_visits=kind == "visits")
    made = size(selection) if size else selection.number_of(kind, measuring.head)
    names = [f"k{number}" for number in range(len(by))]
    order = listed(["size DESC NULLS LAST", *(f"{name} ASC NULLS LAST" for name in names)])
    columns = listed([*keys, f"{made} AS size"])
    gathered = f"d AS (SELECT {columns} {selection.source()} GROUP BY ALL)"
    found = "TRUE"
    if search:
        found = selection.dialect.contains_folded("k0", selection.parameters.bind(search))
    if left_out:
        found += f" AND NOT coalesce(list_contains({selection.parameters.bind_texts(left_out)}, k0), FALSE)"
    sql = (
        f"WITH {gathered} SELECT {listed(names)}, size FROM d WHERE {found} "
        f"ORDER BY {order} LIMIT {limit} OFFSET {offset}"
    )
    rows = measuring.workspace.rows(sql, selection.parameters.values)
    return [(tuple(row[:-1]), row[-1]) for row in rows]


def first_rows(
    measuring: Measuring, by: tuple[Dimension, ...], order: Measure, limit: int, offset: int
) -> tuple[list[Cell], bool]:
    """Return the values of rows `offset` to `offset + limit` in the order of a measure and False, or all if they are few and True.

    Raises BadQuestion if the order is by a share or an average of visits, and there are too many values to compute it for all.
    """
    wanted = offset + limit
    if order.kind in _NOT_OF_EVENTS:
        return _first_of_people(measuring, by, order, wanted, offset)
    is_counted = order.property is None and order.kind != "revenue"
    found = ranked(
        measuring, by, order.kind if is_counted else "property", wanted + FEW,
        size=None if is_counted else lambda selection: _size(selection, order),
    )  # fmt: skip
    is_few = len(found) <= FEW
    return [cell for cell, _ in (found if is_few else found[offset:wanted])], is_few


def _first_of_people(
    measuring: Measuring, by: tuple[Dimension, ...], order: Measure, wanted: int, offset: int
) -> tuple[list[Cell], bool]:
    size = {"people": _people, "visits": _visits}.get(order.kind)
    if size is not None and measuring.is_of_stretches(by, order.kind):
        found = ranked(measuring, by, order.kind, wanted + FEW, size=size)
        is_few = len(found) <= FEW
        return [cell for cell, _ in (found if is_few else found[offset:wanted])], is_few
    counted = by_events(measuring, by, max(MAX_CANDIDATES, wanted) + 1)
    is_all = len(counted) <= max(MAX_CANDIDATES, wanted)
    if len(counted) <= FEW:
        return [cell for cell, _ in counted], True
    if size is None:
        if not is_all:
            most = f"there are more than {MAX_CANDIDATES:,} values"
            raise BadQuestion("sort", f"{most}: sort by events or people, or ask for fewer by a condition")
        return _ordered(measuring, by, order, [cell for cell, _ in counted])[offset:wanted], False
    candidates = None
    if order.kind == "visits" or is_all or counted[0][1] > MOST_OF_ONE:
        candidates = _possible(measuring, by, order, counted, wanted, is_all)
    if candidates is None and order.kind == "people":
        bounded = ranked(measuring, by, "people", len(counted), size=_people_at_most)
        measuring.people[by].update((cell, most) for cell, most in bounded if most == 1)
        candidates = _possible(measuring, by, order, bounded, wanted, is_all)
    if candidates is None:
        found = ranked(measuring, by, order.kind, wanted - offset, offset, size=size)
        return [cell for cell, _ in found], False
    return _ordered(measuring, by, order, candidates)[offset:wanted], False


def _ordered(
    measuring: Measuring, by: tuple[Dimension, ...], order: Measure, candidates: Sequence[Cell]
) -> list[Cell]:
    sizes = _sizes(measuring, by, order, candidates)
    return sorted(sizes, key=lambda cell: row_order(order, cell, sizes[cell]))


def _size(selection: Selection, order: Measure) -> str:
    """Return SQL for revenue, or a measure of a property, as an aggregate."""
    if order.property is None:
        return "coalesce(sum(e.worth), 0)"
    number = selection.writer.number(order.property)
    total = selection.dialect.exact_sum(number)
    return {"sum": f"coalesce({total}, 0)", "avg": f"{total} / count({number})"}.get(
        order.kind, selection.dialect.median(number)
    )


def _people_at_most(selection: Selection) -> str:
    actor = selection.actor()
    return f"CASE WHEN min({actor}) = max({actor}) THEN 1 ELSE count(*) END"


def _people(selection: Selection) -> str:
    return f"count(DISTINCT {selection.actor()})"


def _visits(selection: Selection) -> str:
    return "count_if(p.is_first)" if selection.is_of_stretches else "count(DISTINCT (p.actor, p.visit))"


def _possible(
    measuring: Measuring,
    by: tuple[Dimension, ...],
    order: Measure,
    counted: list[tuple[Cell, int]],
    wanted: int,
    is_all: bool,
) -> list[Cell] | None:
    """Return the values that can be among the first by people or visits; None if too many can."""
    sizes = _sizes(measuring, by, order, [cell for cell, _ in counted[: max(wanted, FEW - 1)]])
    least, last = min(sorted(sizes.values(), reverse=True)[:wanted], default=0), counted[-1][1]
    is_one = order.kind == "people" and least == 1
    if not is_all and (last > least or (last == least and not is_one)):
        return None
    if is_one:  # these are known to have one, and stand in the order of their values
        ones = [cell for cell, most in counted if most == 1]
        return [cell for cell, most in counted if most > 1] + ones[:wanted]
    return [cell for cell, most in counted if most >= least]


def _sizes(
    measuring: Measuring, by: tuple[Dimension, ...], order: Measure, cells: Sequence[Cell]
) -> dict[Cell, Any]:
    known = measuring.people[by] if order.kind == "people" else {}
    left, sizes = [cell for cell in cells if cell not in known], known
    if left:
        [found] = measuring.cells(Grid(by, None, (tuple(range(len(by))),), left), [order])
        sizes = known | {cell: found.get(cell, {}).get(order.word, nothing(order)) for cell in left}
    if order.kind == "people":
        measuring.people[by] = sizes
    return {cell: sizes[cell] for cell in cells}
