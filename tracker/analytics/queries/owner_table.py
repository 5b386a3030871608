"""Owner table: whose each tie is, with what conditions on persons ask: their custom fields, counts of their events, segments."""

from __future__ import annotations

from tracker.analytics.queries.predicates import PredicateWriter
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import Condition, Operator

_DAY_MS = 86_400_000


class OwnerTable:
    """The ties `w` of a selection. Conditions count the events of an actor in all that is kept, or in the last days before `ends`."""

    def __init__(self, writer: PredicateWriter, ends: int, events_from: int) -> None:
        self._writer, self._ends, self._events_from = writer.anew(), ends, events_from
        self._counted: dict[str, str] = {}  # SQL of an event that counts, with its name here
        self._fields: dict[int, str] = {}
        self._members: dict[str, str] = {}  # table of the actors of a segment, with its name here

    @property
    def is_used(self) -> bool:
        return bool(self._counted or self._fields or self._members)

    def condition(self, condition: Condition) -> str:
        """Return SQL for whether as many events of the tie's actor are like that."""
        counts = [self._writer.event_is(condition, negated=False)]
        if condition.days is not None:
            at = f"e.{self._writer.dialect.event_time}"
            counts.append(f"{at} >= {self._ends - condition.days * _DAY_MS} AND {at} < {self._ends}")
        name = self._counted.setdefault(" AND ".join(counts), f"c{len(self._counted)}")
        sign = "<" if condition.operator is Operator.DID_NOT_HAPPEN else ">="
        return f"w.{name} {sign} {condition.times}"

    def field(self, field: int) -> tuple[str, str]:
        """Return SQL for the text and the number of a custom field."""
        name = self._fields.setdefault(field, f"{len(self._fields)}")
        return f"w.f{name}", f"w.g{name}"

    def member(self, actors: str, *, is_in: bool) -> str:
        """Return SQL for whether the tie's actor is in a table of actors, or is not."""
        name = self._members.setdefault(actors, f"m{len(self._members)}")
        return f"w.{name}" if is_in else f"NOT w.{name}"

    def made_in(self, workspace: Workspace) -> str:
        """Return the name of the table of ties."""
        who = self._writer.schema.table("who")
        if not self.is_used:
            return who
        columns, joined = (
            [f"t.{name} AS {name}" for name in ("tie", "actor", "person", "visitor")],
            f"{who} t",
        )
        if self._counted:
            columns += [f"coalesce(x.{name}, 0) AS {name}" for name in self._counted.values()]
            joined += f" LEFT JOIN {self._counts()} x ON x.actor = t.actor"
        for actors, name in self._members.items():
            columns.append(f"{name}.actor IS NOT NULL AS {name}")
            joined += f" LEFT JOIN {actors} {name} ON {name}.actor = t.actor"
        for field, name in self._fields.items():
            columns += [f"f{name}.value AS f{name}", f"f{name}.number AS g{name}"]
            joined += (
                f" LEFT JOIN {self._writer.schema.table('fields')} f{name} "
                f"ON f{name}.person = t.person AND f{name}.field = {self._writer.parameters.bind(field)}"
            )
        return workspace.table(f"SELECT {', '.join(columns)} FROM {joined}", self._writer.parameters.values)

    def _counts(self) -> str:
        counts = [f"count(*) FILTER (WHERE {counted}) AS {name}" for counted, name in self._counted.items()]
        any_of = " OR ".join(f"({counted})" for counted in self._counted)
        table, at = self._writer.schema.table, f"e.{self._writer.dialect.event_time}"
        return (
            f"(SELECT t.actor AS actor, {', '.join(counts)} FROM {table('e')} e JOIN {table('who')} t ON t.tie = e.tie "
            f"WHERE NOT e.is_bot AND {at} >= {self._events_from} AND ({any_of}) GROUP BY t.actor)"
        )
