"""Funnel attempts: how far people or visits get along the steps of a plan, and when they reach each.

An attempt begins at an event and takes, for each next step, the first event that is possible. Of all attempts of somebody the one
that gets furthest counts, of several the first. Events stand in the order of their position: by time, then by id.
"""

from __future__ import annotations

from collections.abc import Sequence

from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.selection import Selection
from tracker.analytics.queries.stretches import Range
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import IDENTIFY, FunnelCell, FunnelPlan, Head

#: Bits below the depth of an attempt in the number that orders attempts: a position has 42 of time and 64 of id.
_DEPTH_AT = 108


class FunnelAttempts:
    """The attempts of one range.

    A unit, within which attempts are, is a person or a visit. It has a number of 32 bits, which halves the time of all that sorts.
    """

    def __init__(
        self, workspace: Workspace, schema: CopySchema, head: Head, plan: FunnelPlan, range_: Range
    ) -> None:
        self.workspace, self.schema, self.head, self.plan, self.range = workspace, schema, head, plan, range_
        self._numbers = range(1, len(plan.steps) + 1)
        self.dialect = schema.dialect

    def select(self) -> Selection:
        """Return the selection of all events of the question."""
        selection = Selection(self.workspace, self.schema, self.head, None, self.range)
        if self.plan.is_in_visit:
            selection.visits.use()
        return selection

    def units(self) -> str:
        """Return the table that tells the unit and the actor of an event, by its tie or its visit."""
        if not self.plan.is_in_visit:
            who = self.schema.table("who")
            return self.workspace.table(
                f"SELECT w.tie AS tie, o.unit AS unit, w.actor AS actor FROM {who} w "
                f"JOIN (SELECT actor, min(tie) AS unit FROM {who} GROUP BY 1) o ON o.actor = w.actor",
                [],
            )
        visits = self.select().visits.all_in(self.workspace)
        return self.workspace.table(
            f"SELECT actor, visit, CAST(row_number() OVER () AS INTEGER) AS unit FROM (SELECT DISTINCT actor, visit FROM {visits})",
            [],
        )

    def events(self, selection: Selection, columns: Sequence[str]) -> str:
        """Return a SELECT of the selected events with their `unit`; `columns` are SQL of an event, each with its name."""
        keys = ("tie",) if not self.plan.is_in_visit else ("actor", "visit")
        own = [f"{'p' if self.plan.is_in_visit else 'e'}.{key} AS {key}" for key in keys]
        same = " AND ".join(f"u.{key} = d.{key}" for key in keys)
        names = ", ".join(f"d.{column.rpartition(' ')[2]}" for column in columns)
        inner = f"SELECT {', '.join([*own, *columns])} {selection.source()}"
        return f"SELECT u.unit AS unit, {names} FROM ({inner}) d JOIN {self.units()} u ON {same}"

    def best(self) -> str:
        """Return the table of the attempts that count: unit, depth, began, last, t1, t2, …

        `began` is the time of the first event, `last` the position of the last, `t<n>` the times of steps, null of those not
        reached. With a dimension `value` is that of the first event.
        """
        levels = self._in_order() if self.plan.order == "in_order" else self._windowed()
        firsts = [
            f"SELECT unit, {depth} AS depth, min(begin) AS begin FROM {attempts} GROUP BY 1"
            for depth, attempts in enumerate(levels, 1)
        ]
        owner, joined = "f.unit", ""
        if self.plan.is_in_visit and self.plan.count == "people":
            owner, joined = "u.actor", f" JOIN {self.units()} u ON u.unit = f.unit"
        key = f"{self.dialect.high('f.depth', _DEPTH_AT)} - f.begin"
        chosen = self.workspace.table(
            f"SELECT max(f.depth) AS depth, arg_max(f.unit, {key}) AS unit, arg_max(f.begin, {key}) AS begin "
            f"FROM ({' UNION ALL '.join(firsts)}) f{joined} GROUP BY {owner}",
            [],
        )
        parts = [self._of_level(depth, attempts, chosen) for depth, attempts in enumerate(levels, 1)]
        return self.workspace.table(" UNION ALL ".join(parts), [])

    def _of_level(self, depth: int, attempts: str, chosen: str) -> str:
        times = [
            f"{self._time_of(each, depth)} AS t{each}"
            if each <= depth
            else f"CAST(NULL AS BIGINT) AS t{each}"
            for each in self._numbers
        ]
        columns, joined = (
            [
                "a.unit AS unit",
                f"{depth} AS depth",
                f"{self._moment('a.begin')} AS began",
                "a.last AS last",
                *times,
            ],
            "",
        )
        if self.plan.by is not None:
            columns.append("s.value AS value")
            joined = f" JOIN {self._steps()} s ON s.unit = c.unit AND s.pos = c.begin"
        return (
            f"SELECT {', '.join(columns)} FROM {chosen} c JOIN {attempts} a ON a.unit = c.unit AND a.begin = c.begin{joined} "
            f"WHERE c.depth = {depth}"
        )

    def _time_of(self, number: int, depth: int) -> str:
        """Return SQL for when the attempt `a` of this depth reached a step. In order it begins at the first and ends at the last."""
        places = {1: "a.begin", depth: "a.last"} if self.plan.order == "in_order" else {}
        return self._moment(places[number]) if number in places else f"a.t{number}"

    def _steps(self) -> str:
        """Return the table of events that are steps: unit, pos, and mask with a bit for each step that an event is."""
        selection = self.select()
        if self.plan.order == "strict":
            selection.add(f"(e.name <> '{IDENTIFY}' OR {self._mask(selection)} <> 0)")
        else:
            selection.add_goals(self.plan.steps)
        at = f"e.{selection.dialect.event_time}"
        columns = [
            f"{selection.dialect.position(at, 'e.id')} AS pos",
            f"{self._mask(selection)} AS mask",
        ]
        if self.plan.by is not None:
            columns.append(f"{selection.dimension(self.plan.by)} AS value")
        sql = self.events(selection, columns)
        return self.workspace.table(sql, selection.parameters.values)

    def _mask(self, selection: Selection) -> str:
        bits = [
            f"CASE WHEN {selection.writer.goal_is(step)} THEN {1 << number} ELSE 0 END"
            for number, step in enumerate(self.plan.steps)
        ]
        return f"CAST({' + '.join(bits)} AS SMALLINT)"

    def _is_step(self, number: int) -> str:
        return self.dialect.has_bits("mask", str(1 << (number - 1)))

    def _moment(self, position: str) -> str:
        return self.dialect.moment_of(position)

    def _within(self, position: str) -> str:
        """Return SQL for whether a position is in the window of the attempt that begins at `begin`."""
        return (
            "TRUE"
            if self.plan.within_ms is None
            else f"{self._moment(position)} - {self._moment('begin')} <= {self.plan.within_ms}"
        )

    def _in_order(self) -> list[str]:
        """Return, for each depth, the attempts that get there, those too that get further: with times between begin and last."""
        steps = self._steps()
        levels = [
            f"(SELECT unit, pos AS begin, pos AS last FROM {steps} WHERE {self.dialect.has_bits('mask', '1')})"
        ]
        for number in self._numbers[1:]:
            events = f"(SELECT unit, pos FROM {steps} WHERE {self._is_step(number)})"
            times = [f"a.t{each}" for each in range(2, number - 1)]
            times += [f"{self._moment('a.last')} AS t{number - 1}"] if number > 2 else []
            levels.append(
                self.workspace.table(
                    f"SELECT {', '.join(['a.unit AS unit', 'a.begin AS begin', 's.pos AS last', *times])} FROM {levels[-1]} a "
                    f"ASOF JOIN {events} s ON s.unit = a.unit AND {'a.last' if number > 2 else 'a.begin'} < s.pos "
                    f"WHERE {self._within('s.pos')}",
                    [],
                )
            )
        return levels

    def _windowed(self) -> list[str]:
        """Return, for each depth, the attempts that get so far; they look at the events after each event, in one pass."""
        is_strict = self.plan.order == "strict"
        columns = [
            self._following(number) if is_strict else self._next_of(number) for number in self._numbers
        ]
        looked = f"SELECT unit, pos AS begin, mask, {', '.join(columns)} FROM {self._steps()}"
        places = []
        for number in self._numbers:
            before = f"p{number - 1} IS NOT NULL AND " if number > 1 else ""
            place = f"f{number}" if is_strict or number == 1 else f"greatest(p{number - 1}, f{number})"
            is_reached = f"{before}f{number} IS NOT NULL AND {self._within(f'f{number}')}"
            places.append(f"CASE WHEN {is_reached} THEN {place} END AS p{number}")
        reached = f"SELECT unit, begin, mask, {', '.join(places)} FROM ({looked})"
        depth = " + ".join(f"CASE WHEN p{number} IS NULL THEN 0 ELSE 1 END" for number in self._numbers)
        times = ", ".join(f"{self._moment(f'p{number}')} AS t{number}" for number in self._numbers)
        last = f"coalesce({', '.join(f'p{number}' for number in reversed(self._numbers))})"
        own = "TRUE" if is_strict else self.dialect.has_bits("mask", f"({self.dialect.bit('depth')} - 1)")
        attempts = self.workspace.table(
            f"SELECT * EXCLUDE (mask) FROM (SELECT unit, {depth} AS depth, begin, {last} AS last, {times}, mask "
            f"FROM ({reached})) WHERE depth > 0 AND {own}",
            [],
        )
        return [f"(SELECT * FROM {attempts} WHERE depth = {number})" for number in self._numbers]

    def _following(self, number: int) -> str:
        """The position of the event as many places after, if it is that step."""
        over = "OVER (PARTITION BY unit ORDER BY pos)"
        is_step = f"CASE WHEN {self._is_step(number)} THEN pos END"
        return (
            f"{is_step} AS f{number}"
            if number == 1
            else f"{self.dialect.lead(is_step, number - 1)} {over} AS f{number}"
        )

    def _next_of(self, number: int) -> str:
        """The position of the next event that is the step, this one included."""
        over = "OVER (PARTITION BY unit ORDER BY pos ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"
        return f"min(CASE WHEN {self._is_step(number)} THEN pos END) {over} AS f{number}"


def funnel_actors(workspace: Workspace, schema: CopySchema, head: Head, cell: FunnelCell) -> str:
    """Return the table of the actors who are in a cell."""
    attempts = FunnelAttempts(
        workspace, schema, head, cell.plan, Range(head.begins, head.ends, head.events_from)
    )
    conditions = [f"b.depth {'=' if cell.is_left else '>='} {cell.step}"]
    if cell.is_left and cell.step == len(cell.plan.steps):
        conditions.append("FALSE")  # nobody can go on
    values: list[str] = []
    if cell.has_value:
        conditions.append("b.value IS NULL" if cell.value is None else "b.value = $1")
        values = [] if cell.value is None else [cell.value]
    return workspace.table(
        f"SELECT DISTINCT u.actor AS actor FROM {attempts.best()} b JOIN {attempts.units()} u ON u.unit = b.unit "
        f"WHERE {' AND '.join(conditions)}",
        values,
    )
