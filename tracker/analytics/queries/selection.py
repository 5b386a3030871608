"""Selection: the events of a range that a question is about, as a source and a condition; or stretches of them, where they will do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.owner_table import OwnerTable
from tracker.analytics.queries.predicates import PredicateWriter
from tracker.analytics.queries.stretches import IS_IN_VISIT, Range, Stretches
from tracker.analytics.queries.visit_sql import IS_COUNTED, VIEW
from tracker.analytics.queries.visit_table import VisitTable
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import EVER, Condition, Dimension, Goal, Head, Operator, Where

#: Kinds of measures that stretches tell: of events of every name, and of page views.
_OF_STRETCHES = frozenset({"people", "visits", "bounces", "seconds", "events", "views"})
_OF_ALL_EVENTS = _OF_STRETCHES | {"conversions", "rate"}


class Selection:
    """The events `e` of a range that match, with their ties `w` and, where it is needed, their visits `p`; or stretches `p`.

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
        self._workspace, self._head, self._event = workspace, head, event
        self.writer = PredicateWriter.of(schema)
        self.parameters, self.dialect = self.writer.parameters, self.writer.dialect
        self.owners = OwnerTable(self.writer, days_before or range_.ends, head.events_from)
        self.visits = VisitTable(self.writer, range_.begins, range_.ends, head.events_from, head.visit_gap_ms)
        self.needs_ties = False
        self._stretches = Stretches(workspace, schema, self.visits, range_, event)
        self._has_goal, self._reads_events = head.goal is not None, False
        self.is_of_stretches = self._is_of_orders = self.has_buckets = False
        self._asked = self.all_of(head.where)

    def add(self, condition: str) -> None:
        """Select only events for which this SQL is true."""
        self._asked.append(condition)

    def all_of(self, where: Where) -> list[str]:
        """Return SQL for each group of conditions, any of which will do."""
        return ["(" + " OR ".join(self._condition(each) for each in group) + ")" for group in where]

    def dimension(self, dimension: Dimension) -> str:
        """Return SQL for the value of a dimension; null if it is not set."""
        if dimension.of == "visit":
            return self.visits.value(str(dimension.property), dimension.at)
        self._reads_events = True
        if dimension.field is not None:
            return self.field(dimension.field)[0]
        return (
            self.writer.event_name() if dimension.property is None else self.writer.text(dimension.property)
        )

    def field(self, field: int) -> tuple[str, str]:
        """Return SQL for the text and the number of a custom field of the event's person."""
        self.needs_ties = self._reads_events = True
        return self.owners.field(field)

    def count(self, kinds: Collection[str]) -> None:
        """Have nothing but measures of these kinds asked for from now on: then stretches, or orders, may do. Call it before `bucket`."""
        is_told = not self._reads_events and self.visits.is_kept and self._event in (None, VIEW)
        told = _OF_STRETCHES if self._has_goal or self._event else _OF_ALL_EVENTS
        self.is_of_stretches = is_told and told.issuperset(kinds)
        is_of_worth = set(kinds) == {"revenue"} and self._event is None
        self._is_of_orders = is_told and is_of_worth and self.visits.is_used

    def bucket(self, begins: Sequence[int]) -> str:
        """Return SQL for the number of the bucket of time that an event is in."""
        self._stretches.begins, self.has_buckets = begins, True
        is_event = not (self.is_of_stretches or self._is_of_orders)
        return self._stretches.bucket(self._stretches.at if is_event else "p.moment")

    def actor(self) -> str:
        """Return SQL for whose an event is."""
        if self.is_of_stretches:
            return "p.actor"
        self.needs_ties = True
        return "w.actor"

    @property
    def owner(self) -> str:
        """What people are told apart by before it is looked up whose events are, with its name: `tie`, or `actor`."""
        return "p.actor AS actor" if self.is_of_stretches else "e.tie AS tie"

    def whose(self, gathered: str) -> tuple[str, str]:
        """Return SQL for the actor of rows that were gathered by `owner`, and the join that it takes."""
        if self.is_of_stretches:
            return f"{gathered}.actor AS actor", ""
        return "w.actor AS actor", f" JOIN {self.writer.schema.table('who')} w ON w.tie = {gathered}.tie"

    def number_of(self, kind: str, head: Head) -> str:
        """Return SQL, an aggregate, for how many events, views or conversions there are."""
        if self.is_of_stretches:
            return f"sum(p.{ {'views': 'views', 'conversions': 'counted'}.get(kind, 'total') })"
        if kind == "events":
            return "count(*)"
        return f"count(*) FILTER (WHERE {self.writer.is_view() if kind == 'views' else self.goal_of(head)})"

    def has_reached(self, head: Head) -> str:
        """Return SQL for whether an event is a conversion that counts, or matches the goal."""
        return "p.counted > 0" if self.is_of_stretches else self.goal_of(head)

    def goal_of(self, head: Head) -> str:
        """Return SQL for whether an event is a conversion that counts or, where one is given, matches the goal."""
        return IS_COUNTED if head.goal is None else self.writer.goal_is(head.goal)

    def add_goals(self, goals: Sequence[Goal]) -> None:
        """Select only events that reach one of these goals; names stand alone, so that the engine looks at their rows only."""
        names = [goal.event for goal in goals]
        if None not in names:
            self.add(self.writer.name_is_any(map(str, names)))
        if any(goal.event is None or goal.where for goal in goals):
            self.add(f"({' OR '.join(self.writer.goal_is(goal) for goal in goals)})")

    def add_counted(self, measure: str, head: Head) -> None:
        """Select only the events that this measure counts: those of `rate` are of the people who have reached it."""
        if measure in ("conversions", "rate"):
            self.add(self.goal_of(head))
        elif measure in ("views", "revenue"):
            self.add(self.writer.is_view() if measure == "views" else IS_COUNTED)

    def source(self) -> str:
        """Return the FROM and WHERE clauses."""
        if self.is_of_stretches or self._is_of_orders:
            made = self._stretches.orders() if self._is_of_orders else f"({self._stretches.sql()})"
            return f"FROM {made} p WHERE {' AND '.join(self._asked) or 'TRUE'}"
        table, owners, visits = self.writer.schema.table, self.owners, self.visits
        joined, is_kept = f"FROM {table('e')} e", visits.is_used and visits.is_kept
        if self.needs_ties or owners.is_used or is_kept:
            joined += f" JOIN {owners.made_in(self._workspace)} w ON w.tie = e.tie"
        if is_kept:
            joined += f" JOIN ({visits.kept_in(self._workspace)}) p ON {IS_IN_VISIT}"
        elif visits.is_used:
            places = visits.places_in(self._workspace)
            joined += f" JOIN {places} p ON p.tie = e.tie AND p.slot = {visits.slot()}"
        named = [] if self._event is None else [self.writer.name_is(self._event)]
        return f"{joined} WHERE {' AND '.join([*self._stretches.of_range(), *named, *self._asked])}"

    def worth(self) -> tuple[str, str]:
        """Return SQL for the currency and the amount of an event that has an amount; select only such."""
        if self._is_of_orders:
            return "p.currency", "p.worth"
        self.add("e.worth IS NOT NULL")
        return "e.currency", "e.worth"

    def _condition(self, condition: Condition) -> str:
        if condition.of == "visit":
            return self.visits.condition(condition)
        self._reads_events = True
        if condition.of == "event":
            return self.writer.event_is(condition)
        if condition.field is not None:
            return self.writer.value_is(condition, *self.field(condition.field))
        if condition.rule is not None:
            actors = actors_in(self._workspace, self.writer.schema, self._head, condition)
            return self.owners.member(actors, is_in=condition.operator is Operator.IN)
        return self.owners.condition(condition)

    def actors(self) -> str:
        """Return a SELECT of the different actors of the events."""
        self.needs_ties = True
        return f"SELECT DISTINCT w.actor AS actor {self.source()}"

    def actors_by_owner(self, where: Where) -> str:
        """Return a SELECT of the actors for whom conditions on persons hold, also of those without an event that counts."""
        self.needs_ties = True
        conditions = " AND ".join(self.all_of(where))
        return f"SELECT DISTINCT w.actor AS actor FROM {self.owners.made_in(self._workspace)} w WHERE {conditions}"


def actors_in(workspace: Workspace, schema: CopySchema, head: Head, segment: Condition) -> str:
    """Return the name of the table of the actors that meet the rule of a segment, whatever the condition asks of them.

    Of a rule about persons alone it may have actors of whom no event counts: whoever counts people joins their events.
    """
    rule = segment.rule or ()
    is_of_owners = all(condition.of == "person" for group in rule for condition in group)
    begins, ends = EVER
    ever = replace(head, begins=begins, ends=ends, before=None, where=() if is_of_owners else rule, goal=None)
    selection = Selection(workspace, schema, ever, None, Range(begins, ends, head.events_from), segment.until)
    sql = selection.actors_by_owner(rule) if is_of_owners else selection.actors()
    return workspace.table(sql, selection.parameters.values)
