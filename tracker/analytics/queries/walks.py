"""Walks: the values that visits went through after an event or before it, step by step, and the tree that they make."""

from __future__ import annotations

from tracker.analytics.queries.copy_schema import BoundValues, CopySchema
from tracker.analytics.queries.predicates import PredicateWriter
from tracker.analytics.queries.selection import Selection
from tracker.analytics.queries.stretches import IS_IN_VISIT, Range
from tracker.analytics.queries.visit_table import AROUND_MS
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import IDENTIFY, Dimension, Head, PathsCell, PathsPlan

#: A node of the tree: its number, the value, visits and people.
Node = tuple[int, str | None, int, int]


class Walks:
    """One walk for each visit with an event like `around`: `actor`, and `steps`, a list of values that ends where the visit does.

    The walk begins with the first event of the visit that is like that and matches the question.
    """

    def __init__(self, workspace: Workspace, schema: CopySchema, head: Head, plan: PathsPlan) -> None:
        self._workspace, self._schema, self._head, self._plan = workspace, schema, head, plan
        self.table = self._made()

    def _made(self) -> str:
        anchors, joined = self._anchors()
        head, is_after = self._head, self._plan.direction == "after"
        writer = PredicateWriter.of(self._schema)
        at = f"e.{writer.dialect.event_time}"
        place = writer.dialect.position(at, "e.id")
        first = max(head.begins - (0 if is_after else AROUND_MS), head.events_from)
        last = head.ends + (AROUND_MS if is_after else 0)
        value = _value(writer, self._plan.by)
        sign, order = (">=", "place") if is_after else ("<=", "place DESC")
        listed = writer.dialect.first_values("value", "place", self._plan.depth, is_last_first=not is_after)
        seen = (
            f"s AS (SELECT a.n AS n, {value} AS value, {place} AS place, a.anchor AS anchor FROM {self._schema.table('e')} e "
            f"{joined} "
            f"WHERE NOT e.is_bot AND {at} >= {first} AND {at} < {last} AND {value} IS NOT NULL AND {place} {sign} a.anchor)"
        )
        moved = f"m AS (SELECT *, {writer.dialect.lag('value')} OVER (PARTITION BY n ORDER BY {order}) AS was FROM s)"
        steps = (
            f"g AS (SELECT n, {listed} AS steps FROM m "
            "WHERE (was IS NULL OR value <> was) AND place <> anchor GROUP BY n)"
        )
        return self._workspace.table(
            f"WITH {seen}, {moved}, {steps}, o AS (SELECT DISTINCT n, actor FROM {anchors}) "
            f"SELECT o.actor AS actor, coalesce(g.steps, {writer.dialect.no_values}) AS steps FROM o LEFT JOIN g USING (n)",
            writer.parameters.values,
        )

    def _anchors(self) -> tuple[str, str]:
        """Return the name of the table `a` of visits with an event like that, and SQL that joins their events `e` to it.

        `anchor` is the position of the first such event of the visit.
        """
        head = self._head
        range_ = Range(head.begins, head.ends, head.events_from)
        selection = Selection(self._workspace, self._schema, head, None, range_)
        visits = selection.visits
        visits.is_used = True
        selection.add(selection.writer.goal_is(self._plan.around))
        place = selection.dialect.position(f"e.{selection.dialect.event_time}", "e.id")
        whose = "p.actor AS actor, p.visit AS visit, p.began AS began, p.ended AS ended"
        found = self._workspace.table(
            f"SELECT row_number() OVER () AS n, * FROM (SELECT {whose}, min({place}) AS anchor {selection.source()} GROUP BY ALL)",
            selection.parameters.values,
        )
        if visits.is_kept:
            who = self._schema.table("who")
            in_visit = IS_IN_VISIT.replace("p.", "a.")
            return found, f"JOIN {who} w ON w.tie = e.tie JOIN {found} a ON {in_visit}"
        places = visits.places_in(self._workspace)
        anchored = self._workspace.table(
            f"SELECT p.tie AS tie, p.slot AS slot, f.n AS n, f.actor AS actor, f.anchor AS anchor FROM {places} p JOIN {found} f ON f.actor = p.actor AND f.visit = p.visit",
            [],
        )
        return anchored, f"JOIN {anchored} a ON a.tie = e.tie AND a.slot = {visits.slot()}"

    def totals(self) -> tuple[int, int]:
        """Return how many walks there are, and of how many people."""
        [(visits, people)] = self._workspace.rows(f"SELECT count(*), count(DISTINCT actor) FROM {self.table}")
        return visits, people


class WalkTree:
    """The nodes of walks, level by level. A node's number tells its parent's and its place there.

    Places 1 to `top` are of values, the most frequent first; 0 is of all others, and the one after the last of the end of the visit.
    """

    def __init__(self, workspace: Workspace, walks: Walks, top: int) -> None:
        self._workspace, self._top = workspace, top
        self.base, self.end = top + 2, top + 1
        self._level = workspace.table(f"SELECT actor, steps, 0::BIGINT AS node FROM {walks.table}", [])

    def next_level(self, step: int) -> list[Node]:
        """Return the nodes of the level of this step, from 1 on."""
        is_open = f"node % {self.base} BETWEEN 1 AND {self._top}" if step > 1 else "TRUE"
        ranked = (
            f"r AS (SELECT node, value, row_number() OVER (PARTITION BY node ORDER BY visits DESC, value) AS place FROM "
            f"(SELECT node, steps[{step}] AS value, count(*) AS visits FROM t WHERE steps[{step}] IS NOT NULL GROUP BY 1, 2))"
        )
        place = f"CASE WHEN t.steps[{step}] IS NULL THEN {self.end} WHEN r.place <= {self._top} THEN r.place ELSE 0 END"
        self._level = self._workspace.table(
            f"WITH t AS (SELECT * FROM {self._level} WHERE {is_open}), {ranked} "
            f"SELECT t.actor, t.steps, t.node * {self.base} + {place} AS node "
            f"FROM t LEFT JOIN r ON r.node = t.node AND r.value = t.steps[{step}]",
            [],
        )
        return self._workspace.rows(
            f"SELECT node, any_value(steps[{step}]), count(*), count(DISTINCT actor) FROM {self._level} GROUP BY 1"
        )


def _value(writer: PredicateWriter, by: Dimension) -> str:
    """Return SQL for the value that an event adds to a walk; null for none: `identify` is no step."""
    if by.property is None:
        return f"CASE WHEN e.name <> '{IDENTIFY}' THEN {writer.event_name()} END"
    return writer.text(by.property)


def path_actors(workspace: Workspace, schema: CopySchema, head: Head, cell: PathsCell) -> str:
    """Return the name of a table of the people whose visits went that way."""
    walks, parameters = Walks(workspace, schema, head, cell.plan).table, BoundValues()
    is_like = " AND ".join(
        f"steps[{step}] IS NULL" if value is None else f"steps[{step}] = {parameters.bind(value)}"
        for step, value in enumerate(cell.path, 1)
    )
    went = f"SELECT actor, steps[{len(cell.path) + 1}] AS value FROM {walks} WHERE {is_like or 'TRUE'}"
    if cell.is_others:
        went = (
            f"WITH g AS ({went}), c AS (SELECT value FROM g WHERE value IS NOT NULL GROUP BY 1 "
            f"ORDER BY count(*) DESC, value LIMIT {cell.plan.top}) "
            "SELECT actor FROM g WHERE value IS NOT NULL AND value NOT IN (SELECT value FROM c)"
        )
    return workspace.table(f"SELECT DISTINCT actor FROM ({went})", parameters.values)
