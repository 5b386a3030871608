"""Octeth's segment rules: `{"type": "website-events", …}` as the conditions that they mean, whatever the letter case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tracker.api.where_params import Mistake
from tracker.questions import Operator
from tracker.registry import NearNames

#: The kind of rule that there is, and the keys of one.
WEBSITE_EVENTS = "website-events"
KEYS = ("type", "event", "operator", "event_parameter", "value")
_IN_DAYS = "in the last X days"
HAPPENED, DID_NOT_HAPPEN = (str(Operator.HAPPENED), str(Operator.DID_NOT_HAPPEN))
#: The operators that need a value of the event's parameter, and those that need the parameter alone.
_COMPARING = (
    "equals", "does not equal", "contains", "does not contain", "matches regex", "does not match regex", "greater than",
    "less than",
)  # fmt: skip
_SET = ("is set", "is not set")
OPERATORS = (
    HAPPENED, DID_NOT_HAPPEN, f"{HAPPENED} {_IN_DAYS}", f"{DID_NOT_HAPPEN} {_IN_DAYS}", *_COMPARING, *_SET,
)  # fmt: skip
_DATED = re.compile(r"(happened|did not happen) in (?:the )?last (x|[0-9]{1,4}) days?")
#: What stands for a blank between words; elsewhere a hyphen is a minus.
_JOINED = re.compile(r"(?<=\w)[_-](?=\w)")
_NEAR_KEY, _NEAR_OPERATOR = NearNames(KEYS), NearNames(OPERATORS)


def is_octeth(sent: Any) -> bool:
    """Whether this is one of Octeth's rules: an object with a `type`."""
    return isinstance(sent, dict) and any(isinstance(key, str) and key.lower() == "type" for key in sent)


def condition_of_octeth(sent: dict[str, Any], at: str) -> dict[str, Any]:
    """Return the condition that a rule means, as `Where` has it. Raises Mistake.

    Each is about the person: `equals` and its like ask for at least one event of this name with such a value.
    """
    parts: dict[str, Any] = {}
    for name, value in _parts(sent, at):
        if parts.setdefault(name, value) != value:
            raise Mistake(f"{at}.{name}", "is there twice, in two spellings")
    kind = parts.get("type")
    if not isinstance(kind, str) or kind.strip().lower() != WEBSITE_EVENTS:
        raise Mistake(f"{at}.type", "is no kind of rule that Tracker knows", f"It knows {WEBSITE_EVENTS}")
    operator, days = _operator(parts.get("operator"), at)
    named = {"Of": "person", "Event": parts.get("event"), "Is": operator}
    if operator in (HAPPENED, DID_NOT_HAPPEN):
        return named | _of_event(parts, operator, days, at)
    return named | _of_parameter(parts, operator, at)


def _of_event(parts: dict[str, Any], operator: str, days: str | None, at: str) -> dict[str, Any]:
    """Return what a rule about an event itself adds: the days."""
    if "event" not in parts:
        raise Mistake(f"{at}.event", "is missing")
    found: dict[str, Any] = {}
    if days is not None:
        found["Days"] = parts.pop("value", None) if days == "x" else int(days)
        if found["Days"] is None:
            raise Mistake(f"{at}.value", "is missing: the number of days")
    _refuse(parts, ("event_parameter", "value"), operator, at)
    return found


def _of_parameter(parts: dict[str, Any], operator: str, at: str) -> dict[str, Any]:
    """Return what a rule about a parameter of an event adds: the property, and what it is compared with."""
    if "event_parameter" not in parts:
        raise Mistake(f"{at}.event_parameter", f"is missing: `{operator}` compares one")
    if operator in _SET:
        _refuse(parts, ("value",), operator, at)
    elif "value" not in parts:
        raise Mistake(f"{at}.value", "is missing")
    return {"Property": parts["event_parameter"], "Value": parts.get("value")}


def _parts(sent: dict[str, Any], at: str) -> Iterator[tuple[str, Any]]:
    """Yield the keys in lower case with what is not empty."""
    for key, value in sent.items():
        name = key.lower()
        if name not in KEYS:
            near = _NEAR_KEY.near(name)
            hint = f"Did you mean {near}?" if near else f"The keys are {', '.join(KEYS)}"
            raise Mistake(at, "has a key that no rule has", hint)
        if value is not None and value != "" and value != []:
            yield name, value


def _operator(sent: Any, at: str) -> tuple[str, str | None]:
    """Return the operator, and the days that its text has: `x` if it leaves them to the value."""
    text = " ".join(_JOINED.sub(" ", sent).lower().split()) if isinstance(sent, str) else ""
    if dated := _DATED.fullmatch(text):
        return dated[1], dated[2]
    if text in OPERATORS:
        return text, None
    near = _NEAR_OPERATOR.near(text) if text else None
    hint = f'Did you mean "{near}"?' if near else f"The operators are: {', '.join(OPERATORS)}"
    raise Mistake(f"{at}.operator", "is no operator" if text else "is missing", hint)


def _refuse(parts: dict[str, Any], keys: tuple[str, ...], operator: str, at: str) -> None:
    """Raise Mistake for parts that would change nothing."""
    for key in keys:
        if key in parts:
            raise Mistake(f"{at}.{key}", f"goes with no `{operator}`")
