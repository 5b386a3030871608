"""Visit table: the visits of actors, made of all their events around a range, without sorting events.

Events of an actor in the same slot, which is as long as the gap that parts visits, are of one visit. So events are first gathered
into slots, and only slots are sorted to find the gaps between them.
"""

from __future__ import annotations

from tracker.analytics.queries.predicates import PredicateWriter
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import IDENTIFY, NUMERIC, Condition, Operator

#: How far around a range events are looked at: a visit longer than this is cut.
AROUND_MS = 86_400_000


class VisitTable:
    """The places `p` of a selection: (tie, slot) with actor and number of their visit, and what is asked of it."""

    def __init__(
        self,
        writer: PredicateWriter,
        begins: int,
        ends: int,
        events_from: int,
        gap_ms: int,
        actors: str | None = None,
    ) -> None:
        """`actors` is a table of those whose visits are wanted; None: all."""
        self._outside, self._gap, self._actors = writer, gap_ms, actors
        self._writer = writer.anew()
        self._first, self._last = max(begins - AROUND_MS, events_from), ends + AROUND_MS
        self._counted: dict[str, str] = {}
        self._values: dict[tuple[str, str], str] = {}
        self.is_used = False
        self.needs_lengths = False

    def use(self) -> None:
        """Have the visits made, with their lengths and numbers of events."""
        self.is_used = self.needs_lengths = True

    def slot(self) -> str:
        """Return SQL for the slot of an event."""
        return self._writer.dialect.whole_quotient(f"e.{self._writer.dialect.event_time}", self._gap)

    def condition(self, condition: Condition) -> str:
        """Return SQL for a condition on the visit."""
        self.is_used = True
        if condition.counts_events:
            counted = self._writer.event_is(condition, negated=False)
            name = self._counted.setdefault(counted, f"c{len(self._counted)}")
            sign = "<" if condition.operator is Operator.DID_NOT_HAPPEN else ">="
            return f"p.{name} {sign} {condition.times}"
        text = self.value(str(condition.property), condition.at)
        number = self._outside.dialect.plain_number(text) if condition.operator in NUMERIC else ""
        return self._outside.value_is(condition, text, number)

    def value(self, name: str, at: str) -> str:
        """Return SQL for the visit's first or last value of a property."""
        self.is_used = True
        return f"p.{self._values.setdefault((self._writer.text(name), at), f'v{len(self._values)}')}"

    def visits_in(self, workspace: Workspace) -> str:
        """Return the name of the table of visits: `actor`, `visit`, `began`, `ended`, and the values that were asked for."""
        return self._table(workspace, "SELECT * FROM visits")

    def made_in(self, workspace: Workspace) -> str:
        """Return the name of the table of places."""
        places = self._table(
            workspace, "SELECT n.slot, v.* FROM numbered n JOIN visits v USING (actor, visit)"
        )
        who = self._writer.schema.table("who")
        return workspace.table(f"SELECT w.tie, p.* FROM {places} p JOIN {who} w ON w.actor = p.actor", [])

    def _table(self, workspace: Workspace, select: str) -> str:
        over = "(PARTITION BY actor ORDER BY slot"
        expressions = [
            self._slots(),
            f"marked AS (SELECT *, began - lag(ended) OVER {over}) > {self._gap} AS is_new FROM slots)",
            f"numbered AS (SELECT *, count(*) FILTER (WHERE is_new) OVER {over} ROWS UNBOUNDED PRECEDING) AS visit FROM marked)",
            self._visits(),
        ]
        return workspace.table(f"WITH {', '.join(expressions)} {select}", self._writer.parameters.values)

    def _slots(self) -> str:
        dialect, table = self._writer.dialect, self._writer.schema.table
        at = f"e.{dialect.event_time}"
        columns = [
            f"min({at}) AS began",
            f"max({at}) AS ended",
            f"count(*) FILTER (WHERE e.name <> '{IDENTIFY}') AS events",
        ]
        columns += [f"count(*) FILTER (WHERE {counted}) AS {name}" for counted, name in self._counted.items()]
        order = dialect.position(at, "e.id")
        for (text, end), name in self._values.items():
            columns.append(f"{self._ending(end, text, order)} FILTER (WHERE {text} IS NOT NULL) AS {name}")
        who = table("who")
        if self._actors is not None:
            who = f"(SELECT * FROM {who} WHERE actor IN (SELECT actor FROM {self._actors}))"
        return (
            f"slots AS (SELECT t.actor, {self.slot()} AS slot, {', '.join(columns)} "
            f"FROM {table('e')} e JOIN {who} t ON t.tie = e.tie "
            f"WHERE NOT e.is_bot AND {at} >= {self._first} AND {at} < {self._last} GROUP BY 1, 2)"
        )

    def _visits(self) -> str:
        columns = ["min(began) AS began", "max(ended) AS ended", "sum(events) AS events"]
        columns += [f"sum({name}) AS {name}" for name in self._counted.values()]
        for (_, end), name in self._values.items():
            columns.append(f"{self._ending(end, name, 'slot')} FILTER (WHERE {name} IS NOT NULL) AS {name}")
        return f"visits AS (SELECT actor, visit, {', '.join(columns)} FROM numbered GROUP BY 1, 2)"

    def _ending(self, end: str, value: str, order: str) -> str:
        dialect = self._writer.dialect
        return dialect.first(value, order) if end == "entry" else dialect.last(value, order)
