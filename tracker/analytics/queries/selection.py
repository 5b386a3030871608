"""Selection: the events of a range that a question is about, as common table expressions, a source and a condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracker.analytics.queries.copy_schema import BoundValues, CopySchema
from tracker.analytics.queries.duckdb_dialect import DuckDBDialect
from tracker.analytics.queries.owner_table import OwnerTable
from tracker.analytics.queries.predicates import PredicateWriter
from tracker.analytics.queries.visit_table import VisitTable
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import Condition, Dimension, Goal, Head, Where

#: SQL for whether an event is a page view, and whether it is a conversion that counts.
IS_VIEW, IS_COUNTED = "e.name = 'page_view'", "e.is_counted"


@dataclass(frozen=True, slots=True)
class Range:
    """A half-open range of UTC milliseconds, cut where the list's kept events begin."""

    begins: int
    ends: int
    events_from: int = 0

    @property
    def first(self) -> int:
        return max(self.begins, self.events_from)


class Selection:
    """The events `e` of a range that match, with their ties `w` and, where it is needed, their visits `p`.

    A selection belongs to one statement: what is asked of it before `source` decides what that has to compute. `Days` of a
    condition go back from `days_before`, by default from the range's end.
    """

    def __init__(
        self,
        workspace: Workspace,
        schema: CopySchema,
        head: Head,
        event: str | None,
        range_: Range,
        days_before: int | None = None,
    ) -> None:
        self._workspace = workspace
        self.writer = PredicateWriter(schema, BoundValues(), DuckDBDialect())
        self.parameters, self.dialect = self.writer.parameters, self.writer.dialect
        self.owners = OwnerTable(self.writer, days_before or range_.ends, head.events_from)
        self.visits = VisitTable(self.writer, range_.begins, range_.ends, head.events_from, head.visit_gap_ms)
        self.needs_ties = False
        at = f"e.{self.dialect.event_time}"
        self._conditions = ["NOT e.is_bot", f"{at} >= {range_.first}", f"{at} < {range_.ends}"]
        if event is not None:
            self._conditions.append(f"e.name = {self.parameters.bind(event)}")
        self._conditions += self.all_of(head.where)

    def add(self, condition: str) -> None:
        """Select only events for which this SQL is true."""
        self._conditions.append(condition)

    def all_of(self, where: Where) -> list[str]:
        """Return SQL for each group of conditions, any of which will do."""
        return ["(" + " OR ".join(self._condition(each) for each in group) + ")" for group in where]

    def dimension(self, dimension: Dimension) -> str:
        """Return SQL for the value of a dimension; null if it is not set."""
        if dimension.of == "visit":
            return self.visits.value(str(dimension.property), dimension.at)
        if dimension.field is not None:
            return self.field(dimension.field)[0]
        return "e.name" if dimension.property is None else self.writer.text(dimension.property)

    def field(self, field: int) -> tuple[str, str]:
        """Return SQL for the text and the number of a custom field of the event's person."""
        self.needs_ties = True
        return self.owners.field(field)

    def goal_of(self, head: Head) -> str:
        """Return SQL for whether an event is a conversion that counts or, where one is given, matches the goal."""
        return IS_COUNTED if head.goal is None else self.writer.goal_is(head.goal)

    def add_goals(self, goals: Sequence[Goal]) -> None:
        """Select only events that reach one of these goals; names stand alone, so that the engine looks at their rows only."""
        names = [goal.event for goal in goals]
        if None not in names:
            self.add(
                f"e.name IN ({', '.join(self.parameters.bind(str(name)) for name in dict.fromkeys(names))})"
            )
        if any(goal.event is None or goal.where for goal in goals):
            self.add(f"({' OR '.join(self.writer.goal_is(goal) for goal in goals)})")

    def add_counted(self, measure: str, head: Head) -> None:
        """Select only the events that this measure counts: those of `rate` are of the people who have reached it."""
        if measure in ("conversions", "rate"):
            self.add(self.goal_of(head))
        elif measure in ("views", "revenue"):
            self.add(IS_VIEW if measure == "views" else IS_COUNTED)

    def source(self) -> str:
        """Return the FROM and WHERE clauses."""
        joined = f"FROM {self.writer.schema.table('e')} e"
        if self.needs_ties or self.owners.is_used:
            joined += f" JOIN {self.owners.made_in(self._workspace)} w ON w.tie = e.tie"
        if self.visits.is_used:
            joined += f" JOIN {self.visits.made_in(self._workspace)} p ON p.tie = e.tie AND p.slot = {self.visits.slot()}"
        return f"{joined} WHERE {' AND '.join(self._conditions)}"

    def _condition(self, condition: Condition) -> str:
        if condition.of == "event":
            return self.writer.event_is(condition)
        if condition.of == "visit":
            return self.visits.condition(condition)
        if condition.field is not None:
            return self.writer.value_is(condition, *self.field(condition.field))
        return self.owners.condition(condition)
