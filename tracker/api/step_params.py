"""Steps on the wire: an event with conditions, or a goal, as funnels, retention, paths and attribution name them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from marshmallow import ValidationError, fields

from tracker import Command
from tracker.api.report_params import goal_named
from tracker.api.where_params import any_field, check_patterns, read_where
from tracker.errors import CommandError, Error, because, hinted
from tracker.questions import BadQuestion, Goal

#: The keys of a step, and two steps for hints.
KEYS = ("Event", "Where", "Name", "GoalID")
EXAMPLE = '{"Event": "page_view", "Where": [{"Property": "$pathname", "Is": "equals", "Value": "/cart"}]}'
FORMS = f'An event\'s name, an object such as `{EXAMPLE}` with a `Name` if you like, or `{{"GoalID": 5}}`'
MAX_NAME = 100
#: Returns the name and the goal of a number. Raises CommandError (10).
GoalFinder = Callable[[int], tuple[str, Goal]]


@dataclass(frozen=True, slots=True)
class NamedStep:
    """A step with the name by which answers call it."""

    name: str
    goal: Goal


class StepParam(fields.Field[Any]):
    """A step or, with `most`, a list of `least` to `most` steps, kept as it was sent: which goals a list has is known to the call alone."""

    def __init__(self, row: Error, least: int = 0, most: int = 0, **options: Any) -> None:
        one: dict[str, Any] = {"type": ["object", "string"], "minLength": 1}
        many = {"type": "array", "items": one, "minItems": least, "maxItems": most}
        super().__init__(**options | {"metadata": (many if most else one) | options.get("metadata", {})})
        self._row, self._least, self._most = row, least, most

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            if self._most:
                read_steps(value, self._row, _any_goal, self._least, self._most)
            else:
                read_step(value, self._row, _any_goal, self._row.param or "")
        except CommandError as refused:
            raise ValidationError(list(refused.errors)) from None
        return value


def goals_of_list(command: Command, list_id: int) -> GoalFinder:
    """Return the function that finds a goal of the list."""
    return lambda number: goal_named(command, list_id, number)


def read_steps(sent: Any, row: Error, find: GoalFinder, least: int, most: int) -> tuple[NamedStep, ...]:
    """Return the steps in `sent`, a list or the JSON of one. Raises CommandError with `row` for a mistake, and (10)."""
    name = row.param or "Steps"
    listed = _of_json(sent, "[")
    if not isinstance(listed, list) or not least <= len(listed) <= most:
        raise CommandError(because(row, f"{name} is no list of {least} to {most} steps"))
    return tuple(read_step(each, row, find, f"{name}[{number}]") for number, each in enumerate(listed))


def read_step(sent: Any, row: Error, find: GoalFinder, at: str) -> NamedStep:
    """Return a step, which stands in the place `at`. Raises CommandError with `row` for a mistake, and (10)."""
    parts = _of_json(sent, "{")
    if isinstance(parts, str) and parts:
        parts = {"Event": parts}
    if not isinstance(parts, dict):
        raise CommandError(hinted(because(row, f"{at} is no step"), FORMS))
    return _read(_spelled(parts, row, at), row, find, at)


def _read(parts: dict[str, Any], row: Error, find: GoalFinder, at: str) -> NamedStep:
    given = _text(parts, "Name", MAX_NAME, row, at)
    event, where = parts.get("Event"), parts.get("Where")
    if "GoalID" in parts:
        if event is not None or where is not None:
            raise _mistake(row, at, "is a goal, so it takes no Event and no Where")
        name, goal = find(_goal_number(parts["GoalID"], row, at))
        return NamedStep(given or name, goal)
    if event is None and not where:
        raise _mistake(row, at, "names no event, no condition and no goal")
    event = _text(parts, "Event", None, row, at)
    conditions = read_where([] if where is None else where, row, any_field, f"{at}.Where")
    check_patterns(conditions, row)
    try:
        return NamedStep(given or event or "Any event", Goal(event, conditions))
    except BadQuestion as fault:
        raise CommandError(because(row, f"{at}: {fault.reason}")) from None


def _of_json(sent: Any, begin: str) -> Any:
    """Return what a text that begins like JSON holds; anything else as it is."""
    if not isinstance(sent, str) or not sent.lstrip().startswith(begin):
        return sent
    try:
        return orjson.loads(sent)
    except orjson.JSONDecodeError:
        return None


def _spelled(parts: dict[Any, Any], row: Error, at: str) -> dict[str, Any]:
    """Return the parts that are set by the names of KEYS, which are read in any letter case."""
    spelled = {key.lower(): key for key in KEYS}
    unknown = [key for key in parts if str(key).lower() not in spelled]
    if unknown:
        raise CommandError(
            hinted(because(row, f"{at} has a key that no step has"), f"The keys are {', '.join(KEYS)}")
        )
    return {spelled[str(key).lower()]: value for key, value in parts.items() if value is not None}


def _text(parts: dict[str, Any], key: str, most: int | None, row: Error, at: str) -> str | None:
    sent = parts.get(key)
    if sent is None:
        return None
    if not isinstance(sent, str) or not sent.strip() or len(sent) > (most or len(sent)):
        raise _mistake(row, f"{at}.{key}", "is no name")
    return sent


def _goal_number(sent: Any, row: Error, at: str) -> int:
    if isinstance(sent, str) and sent.isascii() and sent.isdigit() and len(sent) < 19:
        sent = int(sent)
    if type(sent) is not int or not 0 < sent < 2**63:
        raise _mistake(row, f"{at}.GoalID", "is no number of a goal")
    return sent


def _mistake(row: Error, at: str, reason: str) -> CommandError:
    return CommandError(because(row, f"{at} {reason}"))


def _any_goal(number: int) -> tuple[str, Goal]:
    """Take any number for that of a goal."""
    return str(number), Goal(None)
