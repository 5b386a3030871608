"""Visit table: the visits that a question is about, as the copy keeps them or made of all events around its range."""

from __future__ import annotations

from collections.abc import Mapping

from tracker.analytics.queries.predicates import PredicateWriter
from tracker.analytics.queries.visit_sql import (
    EVENTS,
    counted_column,
    kept_column,
    kept_values,
    parted_sql,
    slots_sql,
    value_column,
)
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import NUMERIC, Condition, Operator

#: How far around a range events are looked at: a visit longer than this is cut.
AROUND_MS = 86_400_000


class VisitTable:
    """The visits `p` of a selection, with what is asked of them. A visit is told by its actor and `visit`, when it began.

    The copy keeps the visits of its list's gap with their usual values; for any others they are made, as places (tie, slot).
    """

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
        self._range = max(begins, events_from), ends
        self._around = max(begins - AROUND_MS, events_from), ends + AROUND_MS
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
        kept = kept_column(self._writer.schema.kept, name, at)
        return f"p.{self._values.setdefault((name, at), kept or f'v{len(self._values)}')}"

    @property
    def is_kept(self) -> bool:
        """Whether the copy keeps what is asked of visits; if nothing is, stretches of an actor's events of any gap will do."""
        schema = self._writer.schema
        if not schema.visit_gap_ms or self._counted:
            return False
        is_same = not self.is_used or schema.visit_gap_ms == self._gap
        return is_same and all(kept_column(schema.kept, *each) for each in self._values)

    @property
    def is_cut(self) -> bool:
        """Whether the kept visits are those that are asked for: then long ones are cut as if they were made of events."""
        return self._writer.schema.visit_gap_ms == self._gap

    def names(self, *, is_all: bool = False) -> list[str]:
        """Return the columns of kept visits, with the values that are asked for, or with all."""
        values = dict(kept_values(self._writer.schema.kept)) if is_all else self._values
        return ["actor", "began", "ended", "visit", "events", "total", "views", "counted", *values.values()]

    def kept_in(self, workspace: Workspace, *, is_all: bool = False) -> str:
        """Return a SELECT of the visits that reach into the range, as they are kept, in the columns `names`."""
        schema, (first, ends) = self._writer.schema, self._range
        names = self.names(is_all=is_all)
        kept = (
            f"SELECT {', '.join(names).replace(' visit,', ' began AS visit,', 1)} FROM {schema.table('visits')} "
            f"WHERE ended >= {first} AND began < {ends}"
        )
        cut = self._cut(workspace) if self.is_cut else ""
        if not cut:
            return kept
        values = dict(kept_values(schema.kept))
        made = workspace.table(
            f"WITH {', '.join(self._expressions(values, f' AND w.actor IN ({cut})'))} SELECT * REPLACE (began AS visit), "
            f"CAST(NULL AS BIGINT) AS total, CAST(NULL AS BIGINT) AS views, CAST(NULL AS BIGINT) AS counted FROM visits",
            [],
        )
        return f"{kept} AND actor NOT IN ({cut}) UNION ALL SELECT {', '.join(names)} FROM {made}"

    def _cut(self, workspace: Workspace) -> str:
        """Return the actors of visits that reach into the range from beyond what is looked at: theirs are cut."""
        (first, ends), (least, most) = self._range, self._around
        rows = workspace.kept_rows(
            f"SELECT DISTINCT actor FROM {self._writer.schema.table('visits')} "
            f"WHERE (began < {least} AND ended >= {first}) OR (began < {ends} AND ended >= {most})"
        )
        return ", ".join(str(row[0]) for row in rows)

    def visits_in(self, workspace: Workspace) -> str:
        """Return the visits that reach into the range, as a table: `actor`, `visit`, `began`, `ended` and the values asked for."""
        if self.is_kept:
            return f"({self.kept_in(workspace)})"
        wanted = f" AND w.actor IN (SELECT actor FROM {self._actors})" if self._actors else ""
        return workspace.table(
            f"WITH {', '.join(self._expressions(self._values, wanted))} SELECT * FROM visits",
            self._writer.parameters.values,
        )

    def all_in(self, workspace: Workspace) -> str:
        """Return what tells `actor` and `visit` of the visits that reach into the range, as a table."""
        return f"({self.kept_in(workspace)})" if self.is_kept else self.places_in(workspace)

    def places_in(self, workspace: Workspace) -> str:
        """Return the name of a table of places (tie, slot), each with its visit, made of the events."""
        made = ["actor", "began", "ended", EVENTS.name, *self._counted.values(), *self._values.values()]
        of_visits = ", ".join(f"v.{name} AS {name}" for name in made)
        places = workspace.table(
            f"WITH {', '.join(self._expressions(self._values))} SELECT n.slot AS slot, v.began AS visit, {of_visits} "
            "FROM numbered n JOIN visits v ON v.actor = n.actor AND v.visit = n.visit",
            self._writer.parameters.values,
        )
        who, names = self._writer.schema.table("who"), ["slot", "visit", *made]
        of_places = ", ".join(f"p.{name} AS {name}" for name in names)
        return workspace.table(
            f"SELECT w.tie AS tie, {of_places} FROM {places} p JOIN {who} w ON w.actor = p.actor", []
        )

    def _expressions(self, values: Mapping[tuple[str, str], str], condition: str = "") -> list[str]:
        """Return the expressions up to `visits`, of the events around the range that are like this."""
        writer, dialect = self._writer, self._writer.dialect
        at, (least, most) = f"e.{dialect.event_time}", self._around
        columns = [
            EVENTS,
            *(counted_column(name, counted) for counted, name in self._counted.items()),
            *(value_column(name, writer.text(text), end, dialect) for (text, end), name in values.items()),
        ]
        slots = slots_sql(
            writer.schema.table("e"), writer.schema.table("who"),
            f"{at} >= {least} AND {at} < {most}{condition}", self.slot(), columns, dialect,
        )  # fmt: skip
        return [f"slots AS ({slots})", *parted_sql("slots", self._gap, columns, dialect)]
