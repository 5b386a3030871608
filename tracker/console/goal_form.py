"""Goal form: a goal that is being written, the links that begin one from an event, and what a list may want to count."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from tracker.console.filter_words import OPERATORS, condition_words
from tracker.console.report_address import Condition, ReportAddress, condition_of, where_text

#: The events whose goals are about one property: a page that is seen, a conversion of one name.
PAGE = "$pathname"
TOLD_BY = {"page_view": PAGE, "conversion": "conversion-name"}
#: Operators that count events: a goal's conditions are of one event.
COUNTING = ("happened", "did not happen")
OFFERED_OPERATORS = {word: text for word, text in OPERATORS.items() if word not in COUNTING}
#: Characters that a condition's value and a goal's name may have.
MAX_VALUE, MAX_NAME = 1_000, 100
#: Parts of the names of events that are mostly worth counting.
WORTH = (
    "signup", "subscribe", "newsletter", "register", "registration", "form", "contact", "lead", "trial", "outbound",
    "download", "order", "purchase", "checkout",
)  # fmt: skip
MAX_SUGGESTED = 8


@dataclass(frozen=True, slots=True)
class GoalForm:
    """The goal in the form. `pending` is the condition in its fields that was not added yet."""

    name: str = ""
    event: str = ""
    conditions: tuple[Any, ...] = ()
    pending: Condition | None = None

    @property
    def where(self) -> str:
        return where_text(list(self.conditions)) if self.conditions else ""

    @property
    def words(self) -> list[str]:
        """The conditions as filters of reports are called."""
        return [condition_words(each) for each in self.conditions]

    def added(self) -> GoalForm:
        """Return the form with its pending condition among the others."""
        if self.pending is None:
            return self
        kept = tuple(each for each in self.conditions if each != self.pending)
        return replace(self, conditions=(*kept, self.pending), pending=None)

    def without(self, number: str) -> GoalForm:
        """Return the form without the condition of this number."""
        kept = (each for index, each in enumerate(self.conditions) if str(index) != number)
        return replace(self, conditions=tuple(kept))


def read_form(sent: Mapping[str, str]) -> GoalForm:
    """Return the goal that an address or a form describes; its faults are the command's to tell."""
    condition = condition_of(
        {**{name: sent.get(name, "") for name in ("property", "is", "value")}, "of": "event"}
    )
    conditions = tuple(ReportAddress({"Where": sent.get("Where", "")}).conditions)
    return GoalForm(sent.get("Name", "").strip(), sent.get("Event", "").strip(), conditions, condition)


def goal_link(path: str, event: str, properties: Mapping[str, Any] | None = None, name: str = "") -> str:
    """Return the address of the form for events like this one: of this name and, where one tells more, with that property."""
    told_by = TOLD_BY.get(event)
    value = (properties or {}).get(told_by) if told_by else None
    where = ""
    if isinstance(value, str) and 0 < len(value) <= MAX_VALUE:
        where = where_text([{"Of": "event", "Property": told_by, "Is": "equals", "Value": value}])
    sent = {"Name": name[:MAX_NAME], "Event": event, "Where": where}
    return f"{path}/goals?{urlencode({key: value for key, value in sent.items() if value})}#goal"


def suggestions(
    path: str, events: Iterable[str], conversions: Iterable[str], goals: Collection[Mapping[str, Any]]
) -> list[tuple[str, str]]:
    """Return names and addresses of goals that a list may want, of those that it does not have."""
    taken = {(goal["Event"], where_text(goal["Where"])) for goal in goals}
    sold = [(_spaced(name), "conversion", {"conversion-name": name}) for name in conversions]
    named: list[tuple[str, str, dict[str, str]]] = [
        (_spaced(event), event, {}) for event in events if _is_worth(event)
    ]
    found: dict[str, str] = {}
    for name, event, properties in sold + named:
        condition = [
            {"Of": "event", "Property": key, "Is": "equals", "Value": value}
            for key, value in properties.items()
        ]
        if (event, where_text(condition)) not in taken:
            found.setdefault(name, goal_link(path, event, properties, name))
    return list(found.items())[:MAX_SUGGESTED]


def texts_of(values: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the texts among the values of `website_events.values`, which are JSON."""
    read = (json.loads(each["Value"]) for each in values if not each["IsCut"])
    return [each for each in read if isinstance(each, str) and each]


def _is_worth(event: str) -> bool:
    bare = "".join(letter for letter in event.lower() if letter.isalnum())
    return any(word in bare for word in WORTH)


def _spaced(event: str) -> str:
    words = " ".join(event.replace("_", " ").replace("-", " ").split())
    return words[:1].upper() + words[1:]
