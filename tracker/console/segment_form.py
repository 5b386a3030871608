"""Segment form: a rule as rows of a form, a sentence each, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

#: Rows of a form: with more a rule is written as JSON.
MAX_ROWS = 12
#: What a sentence begins with, in words.
BEGINNINGS = {
    "did": "did",
    "did-not": "did not do",
    "field": "have the field",
    "in": "are in the segment",
    "not-in": "are not in the segment",
}
_MEMBERSHIP = {"in": "in", "not-in": "not in"}
#: The keys that a condition has in a row.
_KEYS = {"Of", "Event", "Property", "Field", "Segment", "Is", "Value", "Times", "Days"}


@dataclass(frozen=True, slots=True)
class FormRow:
    """A condition of the person as a form has it; all are texts. `join` says how it is tied to the one before."""

    join: str = "and"
    what: str = "did"
    name: str = ""
    times: str = ""
    days: str = ""
    property: str = ""
    how: str = "equals"
    value: str = ""

    def condition(self, segments: Mapping[str, int]) -> dict[str, Any]:
        """Return the condition. `segments` are their numbers by name; what is wrong is the command's to tell."""
        if self.what in _MEMBERSHIP:
            return {
                "Of": "person",
                "Segment": segments.get(self.name, self.name),
                "Is": _MEMBERSHIP[self.what],
            }
        compared = {"Is": self.how, **self._value()}
        if self.what == "field":
            return {"Of": "person", "Field": self.name, **compared}
        counted = {key: text for key, text in (("Times", self.times), ("Days", self.days)) if text}
        if self.what == "did" and self.property:
            return {"Of": "person", "Event": self.name, "Property": self.property, **compared, **counted}
        happened = "happened" if self.what == "did" else "did not happen"
        named = {"Property": self.property} if self.property else {}  # which the command refuses in words
        return {"Of": "person", "Event": self.name, **named, "Is": happened, **counted}

    def _value(self) -> dict[str, Any]:
        return {} if self.how in ("is set", "is not set") else {"Value": self.value}


def rows_in(args: Mapping[str, str]) -> list[FormRow]:
    """Return the rows that an address or a form has; those without a name are left out."""
    names = [field.name for field in fields(FormRow)]
    found = []
    for number in range(MAX_ROWS):
        sent = {name: args.get(f"{name}-{number}", "").strip() for name in names}
        if sent["name"]:
            found.append(FormRow(**{name: text for name, text in sent.items() if text or name == "value"}))
    return found


def rule_of(rows: list[FormRow], segments: Mapping[str, int]) -> list[Any]:
    """Return the rule of rows: those tied by `or` are alternatives."""
    groups: list[list[dict[str, Any]]] = []
    for row in rows:
        if row.join == "or" and groups:
            groups[-1].append(row.condition(segments))
        else:
            groups.append([row.condition(segments)])
    return [group[0] if len(group) == 1 else group for group in groups]


def rows_of(rule: list[Any], names: Mapping[int, str]) -> list[FormRow] | None:
    """Return a rule as rows, with the names of segments; None if a form cannot show it."""
    rows: list[FormRow | None] = []
    for part in rule:
        group = part if isinstance(part, list) else [part]
        rows += [_row(each, "or" if number else "and", names) for number, each in enumerate(group)]
    found = [row for row in rows if row is not None]
    return found if len(found) == len(rows) <= MAX_ROWS else None


def _row(condition: Any, join: str, names: Mapping[int, str]) -> FormRow | None:
    if not isinstance(condition, dict) or not condition.keys() <= _KEYS:
        return None
    is_, value = str(condition.get("Is", "")), condition.get("Value", "")
    told = {key: _text(condition.get(key)) for key in _KEYS}
    if condition.get("Segment") is not None:
        what = {"in": "in", "not in": "not-in"}.get(is_)
        known = names.get(condition["Segment"]) if isinstance(condition["Segment"], int) else None
        return None if what is None or known is None else FormRow(join, what, known)
    if condition.get("Of") != "person" or isinstance(value, (list, bool)):
        return None
    if condition.get("Field"):
        return FormRow(join, "field", told["Field"], how=is_, value=told["Value"])
    if not condition.get("Event"):
        return None
    what = "did-not" if is_ == "did not happen" else "did"
    how = "equals" if is_ in ("happened", "did not happen") else is_
    return FormRow(
        join, what, told["Event"], told["Times"], told["Days"], told["Property"], how, told["Value"]
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)
