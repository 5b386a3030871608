"""Measuring: the measures of a question in every cell of a report, each cell told by a bucket of time and values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.counting import counting_sql
from tracker.analytics.queries.numbers_of_cells import finished, money
from tracker.analytics.queries.people_bits import MAX_CELLS, CellNumbers, bits_sql, read_bits
from tracker.analytics.queries.selection import Selection
from tracker.analytics.queries.stretches import Range
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import Dimension, Head, Measure, bucket_begins

Cell = tuple[Any, ...]

#: Measures of which a person counts once.
_OF_PEOPLE = ("people", "rate")


@dataclass(frozen=True, slots=True)
class Grid:
    """What cells are told apart by: buckets of time if there is an interval, then the values of dimensions.

    `levels` are the keys that cells of a level are told by, as positions: `((0, 1), (1,))`. `only` are the values of dimensions
    that are asked for, all if it is None;
    `is_all` says that there are no others.
    """

    by: tuple[Dimension, ...] = ()
    interval: str | None = None
    levels: tuple[tuple[int, ...], ...] = ((),)
    only: Sequence[Cell] | None = None
    is_all: bool = False

    def parts(self) -> list[tuple[Grid, list[int]]]:
        """Return grids with the places of their levels: the total over everything is asked for apart from chosen values."""
        if self.only is None or self.is_all or () not in self.levels:
            return [(self, list(range(len(self.levels))))]
        places = [place for place, level in enumerate(self.levels) if level]
        chosen = replace(self, levels=tuple(self.levels[place] for place in places))
        return [*([(chosen, places)] if self.only else []), (Grid(), [self.levels.index(())])]

    def of_level(self, kept: Sequence[int]) -> Grid:
        """Return the grid of the cells of one level."""
        has_time = self.interval is not None
        dimensions = [number for number in range(len(self.by)) if number + has_time in kept]
        only = None
        if dimensions and self.only is not None:
            only = list(dict.fromkeys(tuple(cell[number] for number in dimensions) for cell in self.only))
        return Grid(
            tuple(self.by[number] for number in dimensions),
            self.interval if 0 in kept else None,
            (tuple(range(len(kept))),),
            only,
            self.is_all,
        )


class Measuring:
    """Measures of the events of one range. `cells` returns {level: {cell: {measure's word: value}}}."""

    def __init__(
        self, workspace: Workspace, schema: CopySchema, head: Head, event: str | None, range_: Range
    ) -> None:
        self.workspace, self.schema, self.head, self.event, self.range = (
            workspace,
            schema,
            head,
            event,
            range_,
        )
        #: People of values as far as they are known.
        self.people: dict[tuple[Dimension, ...], dict[Cell, int]] = defaultdict(dict)

    def cells(self, grid: Grid, measures: Sequence[Measure]) -> list[dict[Cell, dict[str, Any]]]:
        """Return the measures of each cell with an event, for each level."""
        found: list[dict[Cell, dict[str, Any]]] = [defaultdict(dict) for _ in grid.levels]
        counted = [each for each in measures if each.property is None and each.kind != "revenue"]
        of_people = [each for each in counted if each.kind in _OF_PEOPLE]
        if of_people and self._is_apart(grid, counted):
            measures = [each for each in measures if each not in of_people]
            self._count_people(grid, of_people, found)
        for part, places in grid.parts():
            self._add(part, measures, [found[place] for place in places])
        return found

    def _add(self, grid: Grid, measures: Sequence[Measure], found: list[dict[Cell, dict[str, Any]]]) -> None:
        counted = [each for each in measures if each.property is None and each.kind != "revenue"]
        if counted:
            self._count(grid, counted, found)
        if any(each.kind == "revenue" for each in measures):
            self._sum_revenue(grid, found)
        for measure in measures:
            if measure.property is not None:
                self._compute(grid, measure, measure.property, found)

    def _count(
        self, grid: Grid, measures: Sequence[Measure], found: list[dict[Cell, dict[str, Any]]]
    ) -> None:
        kinds = {each.kind for each in measures}
        selection, keys = self.select(grid, kinds, of_visits=any(each.is_of_visits for each in measures))
        shown = [self._shown(grid, kept) for kept in grid.levels]
        sql, outcomes = counting_sql(selection, keys, shown, kinds, self.head)
        for level, *row in self._rows(sql, selection):
            values = dict(zip(outcomes, row[-len(outcomes) :], strict=True))
            cell = found[level][self._cell(grid, level, row)]
            cell.update({each.word: finished(each.kind, values) for each in measures})

    def _numbers(self, grid: Grid) -> CellNumbers:
        count = 1
        if grid.interval is not None:
            count = len(bucket_begins(grid.interval, self.range.begins, self.range.ends, self.head.zone))
        return CellNumbers(grid.interval is not None, count, list(zip(*grid.only or (), strict=True)))

    def _is_apart(self, grid: Grid, counted: Sequence[Measure]) -> bool:
        """Whether people are counted by a pass of their own: not with visits, nor where conditions would be looked at twice."""
        if any(each.is_of_visits for each in counted):
            return False
        is_alone = all(each.kind in _OF_PEOPLE for each in counted)
        return (is_alone or not self.head.where) and self._is_small(grid)

    def _is_small(self, grid: Grid) -> bool:
        """Whether the cells of each level are known, and few."""
        if grid.by and not grid.only:
            return False
        return all(self._numbers(grid.of_level(level)).count <= MAX_CELLS for level in grid.levels)

    def _count_people(
        self, grid: Grid, measures: Sequence[Measure], found: list[dict[Cell, dict[str, Any]]]
    ) -> None:
        for level, kept in enumerate(grid.levels):
            own = grid.of_level(kept)
            numbers = self._numbers(own)
            if (kept == () and found[level]) or self._has_known(own, measures, found[level]):
                continue
            kinds = {each.kind for each in measures}
            selection, keys = self.select(replace(own, is_all=True), kinds)  # others have no number
            goal = selection.has_reached(self.head) if "rate" in kinds else None
            cell = numbers.sql(selection, [key.rpartition(" AS ")[0] for key in keys])
            rows = self._rows(bits_sql(selection, cell, numbers.count, goal), selection)
            for number, people, reached in read_bits(rows, numbers.count, goal is not None):
                values = {"people": people, "reached": reached}
                made = {each.word: finished(each.kind, values) for each in measures}
                if number is not None:
                    found[level][numbers.cell(number)].update(made)
                elif () in grid.levels:
                    found[grid.levels.index(())][()].update(made)

    def _has_known(self, grid: Grid, measures: Sequence[Measure], found: dict[Cell, dict[str, Any]]) -> bool:
        """Add the people of all cells, if they were counted while values were ranked; return whether they were."""
        known, cells = self.people[grid.by], grid.only or ()
        is_known = grid.interval is None and bool(cells) and all(each in known for each in cells)
        if not is_known or any(each.kind != "people" for each in measures):
            return False
        for cell in cells:
            if known[cell]:
                found[cell].update({each.word: known[cell] for each in measures})
        return True

    def _sum_revenue(self, grid: Grid, found: list[dict[Cell, dict[str, Any]]]) -> None:
        selection, keys = self.select(grid, ("revenue",))
        currency, worth = selection.worth()
        columns = listed([*keys, f"{currency} AS currency", f"sum({worth}) AS worth"])
        inner = f"d AS MATERIALIZED (SELECT {columns} {selection.source()} GROUP BY ALL)"
        parts = [
            f"SELECT {level} AS level, {listed([*self._shown(grid, kept), 'currency', 'sum(worth)'])} FROM d GROUP BY ALL"
            for level, kept in enumerate(grid.levels)
        ]
        sums: list[dict[Cell, dict[str, Decimal]]] = [defaultdict(dict) for _ in grid.levels]
        for level, *row in self._rows(f"WITH {inner} {union(parts)}", selection):
            sums[level][self._cell(grid, level, row)][row[-2] or ""] = row[-1]
        for level, cells in enumerate(sums):
            for cell, amounts in cells.items():
                found[level][cell]["revenue"] = money(amounts)

    def _compute(
        self, grid: Grid, measure: Measure, name: str, found: list[dict[Cell, dict[str, Any]]]
    ) -> None:
        """Add a measure of the numbers of a property."""
        selection, keys = self.select(grid)
        number = selection.writer.number(name)
        inner = f"d AS (SELECT {listed([*keys, f'{number} AS number'])} {selection.source()})"
        outcome = f"{selection.dialect.exact_sum('number')}, count(number)"
        if measure.kind == "median":
            outcome = f"{selection.dialect.median('number')}, count(number)"
        parts = [
            f"SELECT {level} AS level, {listed([*self._shown(grid, kept), outcome])} FROM d WHERE number IS NOT NULL GROUP BY ALL"
            for level, kept in enumerate(grid.levels)
        ]
        for level, *row in self._rows(f"WITH {inner} {union(parts)}", selection):
            total, count = row[-2:]
            if count:
                value = total / count if measure.kind == "avg" else total
                found[level][self._cell(grid, level, row)][measure.word] = round(value, 6)

    def select(
        self, grid: Grid, kinds: Collection[str] = ("property",), *, of_visits: bool = False
    ) -> tuple[Selection, list[str]]:
        """Return the selection of the cells' events, and its keys as SQL named `k0`, `k1`, …

        `kinds` are the kinds of all measures that are asked of it.
        """
        selection = Selection(self.workspace, self.schema, self.head, self.event, self.range)
        if of_visits:
            selection.visits.use()
        keys = [selection.dimension(each) for each in grid.by]
        selection.count(kinds)
        if grid.only is not None and not grid.is_all:
            selection.add(_is_one_of(selection, keys, grid.only))
        if grid.interval is not None:
            begins = bucket_begins(grid.interval, self.range.begins, self.range.ends, self.head.zone)
            keys = [selection.bucket(begins), *keys]
        return selection, [f"{key} AS k{number}" for number, key in enumerate(keys)]

    def is_of_stretches(self, by: tuple[Dimension, ...], kind: str) -> bool:
        """Return whether a measure of this kind by values is told by stretches alone."""
        return self.select(Grid(by), (kind,), of_visits=kind == "visits")[0].is_of_stretches

    def _keys(self, grid: Grid) -> list[str]:
        return [f"k{number}" for number in range(len(grid.by) + (grid.interval is not None))]

    def _shown(self, grid: Grid, kept: Iterable[int]) -> list[str]:
        """The keys of a level; null for the others."""
        return [key if number in kept else f"NULL AS {key}" for number, key in enumerate(self._keys(grid))]

    def _cell(self, grid: Grid, level: int, row: Sequence[Any]) -> Cell:
        return tuple(row[number] for number in grid.levels[level])

    def _rows(self, sql: str, selection: Selection) -> list[Any]:
        return self.workspace.rows(sql, selection.parameters.values)


def listed(columns: Sequence[str]) -> str:
    return ", ".join(columns)


def union(parts: Sequence[str]) -> str:
    return " UNION ALL ".join(parts)


def _is_one_of(selection: Selection, keys: Sequence[str], cells: Sequence[Cell]) -> str:
    """Return SQL for whether the values are those of one of the cells."""
    parameters, dialect = selection.parameters, selection.dialect
    if len(keys) == 1:
        values = [cell[0] for cell in cells]
        texts = ", ".join(parameters.bind(value) for value in values if value is not None)
        parts = [f"{keys[0]} IN ({texts})"] if texts else []
        parts += [f"{keys[0]} IS NULL"] if None in values else []
        return f"({' OR '.join(parts)})" if parts else "FALSE"
    columns = [parameters.bind_texts([cell[number] for cell in cells]) for number in range(len(keys))]
    return dialect.is_one_of(keys, columns)
