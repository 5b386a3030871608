"""Report parameters: the head that all reports share, with its error rows, and the question's head that is made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from marshmallow import Schema, ValidationError, fields

from tracker import Command
from tracker.api.segment_rules import rules_of
from tracker.api.where_params import (
    EXAMPLE,
    KEYS,
    OPERATORS,
    FieldFinder,
    NoSegment,
    SegmentFinder,
    UnknownSegment,
    any_field,
    any_segment,
    read_where,
)
from tracker.domain.field_matching import field_named
from tracker.domain.field_types import CustomField
from tracker.errors import FORBIDDEN, CommandError, Error, because, hinted, invalid, missing
from tracker.fields import MAX_INTEGER, Choice, ListID, Text, WholeNumber, YesOrNo
from tracker.formats.event_limits import MAX_NAME_BYTES
from tracker.questions import (
    SIMPLE_MEASURES,
    BadQuestion,
    Goal,
    Head,
    Measure,
    Where,
    all_conditions,
    in_segment,
    measure_of,
    resolve,
)
from tracker.questions.measures import MAX_MEASURES, OF_PROPERTY
from tracker.questions.question import MAX_DIGITS, MAX_LIMIT, MAX_SUBSCRIBERS
from tracker.storage.accounts import ListGoal

TIMES = "A day such as 2026-01-31, a time with an offset, -14d, today, yesterday, week, month or year"
WHERE = (
    f"Conditions that all hold, of an inner array any, as an array or its JSON text: `{EXAMPLE}`. Each has some of "
    f"{', '.join(f'`{key}`' for key in KEYS)}; `Is` is one of {', '.join(f'`{each}`' for each in OPERATORS)}"
)
NARROWER = "Ask for a shorter range, fewer conditions or measures, or one breakdown instead of two"
#: The error rows of the head: the codes are the same in every command about reports.
LIST_NOT_FOUND = Error(3, "List not found")
INVALID_FROM, INVALID_TO = invalid("From", 4, hint=TIMES), invalid("To", 5, hint=TIMES)
INVALID_COMPARE = invalid("Compare", 6, hint="previous, year, none, or a day such as 2026-01-31")
INVALID_WHERE, INVALID_GOAL = invalid("Where", 8), invalid("GoalID", 9)
GOAL_NOT_FOUND = Error(10, "Goal not found")
INVALID_SEGMENT, SEGMENT_NOT_FOUND = invalid("SegmentID", 14), Error(15, "Segment not found")
TOO_LARGE = Error(12, "The question is too large", hint=NARROWER)
TOO_SLOW = Error(13, "The question takes too long", hint=NARROWER)
#: The rows of further parameters that several commands have.
INVALID_EVENT, INVALID_MEASURES, INVALID_BY = invalid("Event", 20), invalid("Measures", 21), invalid("By", 22)
INVALID_SORT, INVALID_LIMIT, INVALID_CURSOR = invalid("Sort", 23), invalid("Limit", 24), invalid("Cursor", 25)
MISSING_BY = missing("By", 26)
LIST_ERRORS = (missing("ListID", 1), invalid("ListID", 2), LIST_NOT_FOUND)
HEAD_ERRORS = (
    *LIST_ERRORS, INVALID_FROM, INVALID_TO, INVALID_COMPARE, invalid("MatchWeekday", 7), INVALID_WHERE, INVALID_GOAL,
    GOAL_NOT_FOUND, invalid("Format", 11), TOO_LARGE, TOO_SLOW, INVALID_SEGMENT, SEGMENT_NOT_FOUND,
)  # fmt: skip
#: Which row answers a fault of a question, by its part.
_ROWS = {
    "from": INVALID_FROM, "to": INVALID_TO, "compare": INVALID_COMPARE, "where": INVALID_WHERE, "goal": INVALID_GOAL,
    "event": INVALID_EVENT, "measures": INVALID_MEASURES, "by": INVALID_BY, "sort": INVALID_SORT, "limit": INVALID_LIMIT,
    "offset": INVALID_CURSOR,
}  # fmt: skip
_ARRAY = ["array", "string"]
#: What a time, a range to compare with, and a measure may look like: anything else is refused.
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME_PATTERN = f"^(today|yesterday|week|month|year|-[0-9]{{1,4}}d|{_DAY}([Tt].+)?)$"
COMPARE_PATTERN = f"^(previous|year|none|{_DAY}([Tt].+)?)$"
MEASURE_PATTERN = f"^({'|'.join(SIMPLE_MEASURES)}|({'|'.join(OF_PROPERTY)}):(.|\\n)+)$"


class WhereParam(fields.Field[Any]):
    """Conditions, kept as they were sent: which custom fields a list has is known to the call alone."""

    def __init__(self, row: Error, **options: Any) -> None:
        super().__init__(**options)
        self._row = row

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            read_where(value, self._row, any_field, segment=any_segment)
        except CommandError as refused:
            raise ValidationError(list(refused.errors)) from None
        return value


class OneOrMore(fields.Field[list[str]]):
    """A list of texts, or one text for a list of one."""

    def __init__(self, most: int, pattern: str | None = None, **options: Any) -> None:
        each = {"type": "string", "minLength": 1} | ({} if pattern is None else {"pattern": pattern})
        metadata = {**each, "type": _ARRAY, "items": each, "minItems": 1, "maxItems": most}
        super().__init__(**options | {"metadata": metadata | options.get("metadata", {})})
        self._most = most

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[str]:
        listed = value if isinstance(value, list) else [value]
        if not 1 <= len(listed) <= self._most or not all(isinstance(each, str) and each for each in listed):
            raise self.make_error("validator_failed")
        return list(listed)


class SubscriberNumbers(fields.Field[list[int]]):
    """A list of SubscriberIDs, or one for a list of one. Numbers of nobody are as good as others."""

    def __init__(self, **options: Any) -> None:
        each = {
            "type": ["string", "integer"],
            "pattern": "^[0-9]{1,19}$",
            "minimum": 0,
            "maximum": MAX_INTEGER,
        }
        listed = {
            "type": ["array", "string", "integer"],
            "items": each,
            "minItems": 1,
            "maxItems": MAX_SUBSCRIBERS,
        }
        super().__init__(**options | {"metadata": each | listed | options.get("metadata", {})})
        self._each = WholeNumber(0, MAX_DIGITS)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[int]:
        listed = value if isinstance(value, list) else [value]
        if not 1 <= len(listed) <= MAX_SUBSCRIBERS:
            raise self.make_error("validator_failed")
        return [self._each.deserialize(each) or 0 for each in listed]


class HeadParams(Schema):
    ListID = ListID(required=True, metadata={"description": "List to ask about"})
    From = Text(
        1, 40, metadata={"description": f"First moment. {TIMES}. By default `-13d`", "pattern": TIME_PATTERN}
    )
    To = Text(
        1,
        40,
        metadata={
            "description": "Last day, or the moment at which it ends. By default `today`",
            "pattern": TIME_PATTERN,
        },
    )
    Compare = Text(
        1,
        40,
        metadata={
            "description": "`previous` (the default), `year`, `none`, or a day: the range to compare with",
            "pattern": COMPARE_PATTERN,
        },
    )
    MatchWeekday = YesOrNo(
        load_default=False, metadata={"description": "Move the compared range so that weekdays match"}
    )
    Where = WhereParam(
        INVALID_WHERE,
        metadata={
            "type": _ARRAY,
            "items": {"type": ["object", "array"]},
            "description": WHERE,
        },
    )
    GoalID = WholeNumber(
        1, metadata={"description": "Goal that `conversions` and `rate` count, instead of conversions"}
    )
    SegmentID = WholeNumber(1, metadata={"description": "Only people of this segment, as they are in it now"})
    Format = Choice("json", "csv", load_default="json", metadata={"description": "Form of the answer"})


def event_param() -> Text:
    return Text(1, MAX_NAME_BYTES, metadata={"description": "Only events of this name"})


def measures_param() -> OneOrMore:
    words = ", ".join(f"`{word}`" for word in SIMPLE_MEASURES)
    about = f"What to count: {words}, or `sum:`, `avg:`, `median:` and the name of a property"
    return OneOrMore(MAX_MEASURES, MEASURE_PATTERN, load_default=["people"], metadata={"description": about})


def read_measures(params: dict[str, Any]) -> tuple[Measure, ...]:
    """Return the measures. Raises BadQuestion for a word that names none."""
    return tuple(map(measure_of, params["Measures"]))


def limit_param(usual: int) -> WholeNumber:
    about = f"Rows to return at most; without it {usual}, of a table {MAX_LIMIT}"
    return WholeNumber(1, MAX_LIMIT, metadata={"description": about})


def with_limit(params: dict[str, Any], usual: int) -> dict[str, Any]:
    """Return the parameters with a `Limit`: a table has no place for a cursor, so it has as many rows as can be."""
    return {"Limit": MAX_LIMIT if params["Format"] == "csv" else usual, **params}


def cursor_param() -> Text:
    return Text(1, 200, metadata={"description": "Where the page begins, from the previous answer"})


@contextmanager
def refusing(rows: dict[str, Error] | None = None) -> Iterator[None]:
    """Answer a question's fault inside the block with the row of its part: raises CommandError. `rows` are a command's own."""
    try:
        yield
    except BadQuestion as fault:
        raise CommandError(because((_ROWS | (rows or {}))[fault.param], fault.reason)) from None


def own_list_id(command: Command, params: dict[str, Any]) -> int:
    return command.own_list(params["ListID"], LIST_NOT_FOUND).id


def head_of(command: Command, params: dict[str, Any], now: int) -> Head:
    """Return the head of the question. Raises CommandError (3, 4, 5, 6, 8, 9, 10, 14, 15, 403)."""
    list_id = own_list_id(command, params)
    zone, visit_gap_ms, events_from = calendar(command, list_id)
    with refusing():
        span = resolve(
            params.get("From"), params.get("To"), params.get("Compare"), zone, now, params["MatchWeekday"]
        )
        field_id = field_finder(command, list_id)
        segment = rules_of(command, list_id, INVALID_WHERE, field_id, now)
        where = read_where(params.get("Where", []), INVALID_WHERE, field_id, segment=segment)
        where += _segment(segment, params.get("SegmentID"))
        check_people_allowed(command, where)
        goal = _goal(command, list_id, params.get("GoalID"))
        return Head(
            list_id, span.begins, span.ends, zone, span.before, where, goal, visit_gap_ms, events_from, now
        )


def calendar(command: Command, list_id: int) -> tuple[str, int, int]:
    """Return the list's time zone, the gap between visits in milliseconds, and the time from which events are kept."""
    settings = command.services.stores.list_settings.of(list_id, command.deadline)
    return settings.timezone, settings.visit_gap_minutes * 60_000, settings.events_from or 0


def field_finder(command: Command, list_id: int) -> FieldFinder:
    """Return the function that finds a custom field of the list, and reads them at its first call."""
    return field_finder_in(lambda: command.services.stores.fields.of_list(list_id, command.deadline))


def field_finder_in(read: Callable[[], Sequence[CustomField]]) -> FieldFinder:
    """Return the function that finds a custom field among those that `read` returns; it is called once, if at all."""
    found: list[Sequence[CustomField]] = []

    def find(name: str) -> int | None:
        if not found:
            found.append(read())
        field = field_named(found[0], name)
        return None if field is None else field.id

    return find


def check_people_allowed(command: Command, where: Where) -> None:
    """Raise CommandError (403) if values of custom fields are asked for by a caller who may not see people.

    Else numbers would tell the values one by one.
    """
    if any(condition.field is not None for condition in all_conditions(where)):
        check_fields_allowed(command)


def check_fields_allowed(command: Command) -> None:
    if not command.caller.may("Subscribers.Get"):
        raise CommandError(hinted(FORBIDDEN, "Custom fields are seen with the permission Subscribers.Get"))


def _segment(find: SegmentFinder, segment_id: int | None) -> Where:
    """Return the condition that the person is in the segment, or none."""
    if segment_id is None:
        return ()
    try:
        return ((in_segment(*find(segment_id)),),)
    except UnknownSegment:
        raise CommandError(SEGMENT_NOT_FOUND) from None
    except NoSegment as fault:
        raise CommandError(because(INVALID_SEGMENT, str(fault))) from None


def goal_named(command: Command, list_id: int, goal_id: int) -> tuple[str, Goal]:
    """Return the name of a list's goal, and what reaches it. Raises CommandError (10)."""
    found = command.services.stores.goals.find(list_id, goal_id, command.deadline)
    if found is None:
        raise CommandError(GOAL_NOT_FOUND)
    return found.name, stored_goal(found)


def stored_goal(found: ListGoal) -> Goal:
    return Goal(found.event, read_where(found.rule.decode(), INVALID_GOAL, any_field))


def _goal(command: Command, list_id: int, goal_id: int | None) -> Goal | None:
    return None if goal_id is None else goal_named(command, list_id, goal_id)[1]
