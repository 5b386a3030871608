"""Report address: the question of a page as it stands in its query string, in the words of the API's head."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson

#: The head of every report, in the order in which addresses have it.
HEAD = ("From", "To", "Compare", "MatchWeekday", "Where", "GoalID", "SegmentID")
#: The fields of the filter form, and the keys of the condition that they make.
FORM = {
    "of": "Of",
    "event": "Event",
    "property": "Property",
    "is": "Is",
    "value": "Value",
    "times": "Times",
    "days": "Days",
}
#: Operators that take no value.
WITHOUT_VALUE = ("is set", "is not set", "happened", "did not happen")
#: Lists and objects inside each other that a page still puts into words: conditions have four.
MAX_DEPTH = 50
Condition = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReportAddress:
    """A question. `args` are the parameters of a query string; other pages' are left where they are."""

    args: Mapping[str, str]

    @property
    def head_fields(self) -> dict[str, str]:
        """The head as it stands in the address: what a form that asks another question about the same keeps."""
        return {name: self.args[name] for name in HEAD if self.args.get(name)}

    @property
    def head(self) -> dict[str, Any]:
        """The parameters that commands take. What is no JSON goes to the command as it is, which says what is wrong."""
        sent: dict[str, Any] = {**self.head_fields}
        if self.conditions:
            sent["Where"] = self.conditions
        return sent

    @property
    def conditions(self) -> list[Any]:
        """The conditions of `Where`; none if it is no list, or one that is far too deep."""
        try:
            found = orjson.loads(self.args.get("Where") or "[]")  # as bodies are read: numbers have 64 bits
        except ValueError:
            return []
        return found if isinstance(found, list) and _is_flat(found, MAX_DEPTH) else []

    def link(self, **changes: str | None) -> str:
        """Return the address with these parameters changed, or left out where they are None: `?From=-6d&To=today`.

        A changed question has other pages: where this one's page begins is left out too, unless it is given.
        """
        merged = {**self.args, "Cursor": None, **changes}
        ordered = {name: merged.pop(name, None) for name in HEAD} | merged
        return "?" + urlencode({name: value for name, value in ordered.items() if value})

    def question(self, **changes: str | None) -> str:
        """Return the address of this question on another page: the head, and what is given."""
        return ReportAddress({name: value for name, value in self.args.items() if name in HEAD}).link(
            **changes
        )

    def with_condition(self, condition: Condition, **changes: str | None) -> str:
        """Return the address filtered by a condition too. It takes the place of one about the same thing."""
        kept = [each for each in self.conditions if not _is_alike(each, condition)]
        return self.link(Where=where_text([*kept, condition]), **changes)

    def without(self, index: int) -> str:
        """Return the address without the condition of this number."""
        kept = [each for number, each in enumerate(self.conditions) if number != index]
        return self.link(Where=where_text(kept) if kept else None)

    def holds(self, condition: Condition) -> bool:
        """Whether the question is filtered by this very condition."""
        return condition in self.conditions


def where_text(conditions: list[Any]) -> str:
    """Return `Where` as addresses have it: compact JSON."""
    return json.dumps(conditions, ensure_ascii=False, separators=(",", ":"))


def condition_of(form: Mapping[str, str]) -> Condition | None:
    """Return the condition that a filter form describes; None if it is empty. Its faults are the command's to tell."""
    sent = {key: form.get(name, "").strip() for name, key in FORM.items()}
    if not sent["Property"] and not sent["Event"]:
        return None
    if sent["Is"] in WITHOUT_VALUE:
        sent["Value"] = ""
    found = {key: value for key, value in sent.items() if value}
    return (
        found if found.get("Property") or found.get("Is") == "did not happen" else {**found, "Is": "happened"}
    )


def days_from(first: date, last: date, by: int) -> dict[str, str]:
    """Return `From` and `To` of the days moved by a number of days."""
    return {"From": (first + timedelta(by)).isoformat(), "To": (last + timedelta(by)).isoformat()}


def _is_flat(value: Any, depth: int) -> bool:
    """Whether lists and objects stand in each other no deeper than this."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not inner or (depth > 0 and all(_is_flat(each, depth - 1) for each in inner))


def _is_alike(one: Any, other: Condition) -> bool:
    """Whether two conditions compare the same thing, so that both could hardly hold."""
    keys = ("Of", "Property", "Field", "At", "Event")
    if not isinstance(one, dict):
        return False
    is_equality = all(each.get("Is") in ("equals", "is not set", "happened") for each in (one, other))
    return is_equality and all(one.get(key) == other.get(key) for key in keys)
