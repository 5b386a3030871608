"""Predicates: conditions on a value or an event as SQL that is true, false or null where the condition is true or not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tracker.analytics.queries.copy_schema import BoundValues, CopySchema
from tracker.analytics.queries.duckdb_dialect import DuckDBDialect
from tracker.questions import IDENTIFY, NEGATED, NUMERIC, Condition, Goal, Operator

_COMPARED = {
    Operator.GREATER_THAN: ">",
    Operator.LESS_THAN: "<",
    Operator.AT_LEAST: ">=",
    Operator.AT_MOST: "<=",
}


@dataclass(frozen=True, slots=True)
class PredicateWriter:
    """What writes the SQL of one statement: the copy's schema, its parameters, and the dialect."""

    schema: CopySchema
    parameters: BoundValues
    dialect: DuckDBDialect

    def anew(self) -> PredicateWriter:
        """Return a writer of another statement about the same copy."""
        return PredicateWriter(self.schema, BoundValues(), self.dialect)

    def text(self, name: str, event: str = "e") -> str:
        """Return SQL for the canonical text of a property; null if it is not set."""
        column = self.schema.columns.get(name)
        if column is not None and not column.is_partial:
            return f"{event}.p{column.index}"
        rest = self.dialect.json_text(f"{event}.rest", self.pointer(name))
        return rest if column is None else f"coalesce({event}.p{column.index}, {rest})"

    def number(self, name: str, event: str = "e") -> str:
        """Return SQL for the number that a property is, or is the plain text of; null for others."""
        column = self.schema.columns.get(name)
        if column is None:
            return self.dialect.json_number(f"{event}.rest", self.pointer(name))
        own = (
            f"{event}.n{column.index}"
            if column.has_numbers
            else self.dialect.plain_number(f"{event}.p{column.index}")
        )
        if not column.is_partial:
            return own
        return f"coalesce({own}, {self.dialect.json_number(f'{event}.rest', self.pointer(name))})"

    def value_is(self, condition: Condition, text: str, number: str) -> str:
        """Return SQL for the condition's operator on a value, given as text and as number."""
        if condition.operator in NEGATED:
            same = self._is(NEGATED[condition.operator], condition.values, text, number)
            return self.dialect.is_false_or_null(same)
        return self._is(condition.operator, condition.values, text, number)

    def event_is(self, condition: Condition, *, negated: bool = True) -> str:
        """Return SQL for whether an event `e` has the condition's name, and a value as asked for.

        Without `negated`, `did not happen` is taken for `happened`: who counts events negates the count.
        """
        parts = []
        if condition.event is not None:
            parts.append(f"e.name = {self.parameters.bind(condition.event)}")
        if condition.property is not None:
            number = self.number(condition.property) if condition.operator in NUMERIC else ""
            parts.append(self.value_is(condition, self.text(condition.property), number))
        found = " AND ".join(parts)
        if negated and condition.operator is Operator.DID_NOT_HAPPEN:
            return self.dialect.is_false_or_null(found)
        return f"({found})"

    def goal_is(self, goal: Goal) -> str:
        """Return SQL for whether an event `e` is one that reaches the goal; never null."""
        named = (
            f"e.name <> '{IDENTIFY}'"
            if goal.event is None
            else f"e.name = {self.parameters.bind(goal.event)}"
        )
        groups = ["(" + " OR ".join(map(self.event_is, group)) + ")" for group in goal.where]
        return f"coalesce({' AND '.join([named, *groups])}, FALSE)"

    def _is(self, operator: Operator, values: tuple[str, ...], text: str, number: str) -> str:
        if operator is Operator.IS_SET:
            return f"{text} IS NOT NULL"
        bound = [self.parameters.bind(value) for value in values]
        if operator is Operator.EQUALS:
            return f"{text} IN ({', '.join(bound)})"
        if operator in NUMERIC:
            sign = _COMPARED[operator]
            return _any(f"{number} {sign} {self.dialect.number(value)}" for value in bound)
        compared = {
            Operator.CONTAINS: self.dialect.contains,
            Operator.BEGINS_WITH: self.dialect.begins_with,
            Operator.ENDS_WITH: self.dialect.ends_with,
            Operator.MATCHES_REGEX: self.dialect.matches,
        }[operator]
        return _any(compared(text, value) for value in bound)

    def pointer(self, name: str) -> str:
        return self.parameters.bind("/" + name.replace("~", "~0").replace("/", "~1"))


def _any(parts: Iterable[str]) -> str:
    return "(" + " OR ".join(parts) + ")"
