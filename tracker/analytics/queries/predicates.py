"""Predicates: conditions on a value or an event as SQL that is true, false or null where the condition is true or not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tracker.analytics.queries.copy_schema import BoundValues, CopySchema
from tracker.analytics.queries.duckdb_dialect import DuckDBDialect
from tracker.analytics.queries.visit_sql import IS_VIEW, VIEW
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

    @classmethod
    def of(cls, schema: CopySchema) -> PredicateWriter:
        """Return the writer of a statement about a copy."""
        return cls(schema, BoundValues(), schema.dialect)

    def anew(self) -> PredicateWriter:
        """Return a writer of another statement about the same copy."""
        return PredicateWriter.of(self.schema)

    def name_is(self, name: str) -> str:
        """Return SQL for whether an event `e` has this name, or another spelling of it."""
        return self.name_is_any([name])

    def name_is_any(self, names: Iterable[str]) -> str:
        spelled = dict.fromkeys(each for name in names for each in self.schema.spellings.of_event(name))
        bound = [self.parameters.bind(each) for each in spelled]
        return f"e.name = {bound[0]}" if len(bound) == 1 else f"e.name IN ({', '.join(bound)})"

    def is_view(self) -> str:
        """Return SQL for whether an event `e` is a page view."""
        is_spelled_once = len(self.schema.spellings.of_event(VIEW)) == 1
        return IS_VIEW if is_spelled_once else self.name_is(VIEW)

    def event_name(self) -> str:
        """Return SQL for the name under which an event `e` is shown."""
        spelled = self.schema.spellings.events
        if not spelled:
            return "e.name"
        bind = self.parameters.bind
        cases = " ".join(f"WHEN {bind(each)} THEN {bind(shown)}" for each, shown in sorted(spelled.items()))
        return f"CASE e.name {cases} ELSE e.name END"

    def text(self, name: str, event: str = "e") -> str:
        """Return SQL for the canonical text of a property in whichever spelling is set; null if none is."""
        spelled = [self._text(each, event) for each in self.schema.spellings.of_property(name)]
        return spelled[0] if len(spelled) == 1 else f"coalesce({', '.join(spelled)})"

    def number(self, name: str, event: str = "e") -> str:
        """Return SQL for the number that a property is, or is the plain text of; null for others."""
        *first, last = self.schema.spellings.of_property(name)
        if not first:
            return self._number(last, event)
        cases = (
            f"WHEN {self._text(each, event)} IS NOT NULL THEN {self._number(each, event)}" for each in first
        )
        return f"CASE {' '.join(cases)} ELSE {self._number(last, event)} END"

    def _text(self, name: str, event: str) -> str:
        column = self.schema.columns.get(name)
        if column is not None and not column.is_partial:
            return f"{event}.p{column.index}"
        rest = self.dialect.json_text(f"{event}.rest", self.pointer(name))
        return rest if column is None else f"coalesce({event}.p{column.index}, {rest})"

    def _number(self, name: str, event: str) -> str:
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
            parts.append(self.name_is(condition.event))
        if condition.property is not None:
            number = self.number(condition.property) if condition.operator in NUMERIC else ""
            parts.append(self.value_is(condition, self.text(condition.property), number))
        found = " AND ".join(parts)
        if negated and condition.operator is Operator.DID_NOT_HAPPEN:
            return self.dialect.is_false_or_null(found)
        return f"({found})"

    def goal_is(self, goal: Goal) -> str:
        """Return SQL for whether an event `e` is one that reaches the goal; never null."""
        named = f"e.name <> '{IDENTIFY}'" if goal.event is None else self.name_is(goal.event)
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
        return self.parameters.bind(self.dialect.pointer(name))


def _any(parts: Iterable[str]) -> str:
    return "(" + " OR ".join(parts) + ")"
