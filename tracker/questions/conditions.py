"""Conditions: what an event, its visit or its person must be like to be in an answer; the grammar of `Where`."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, get_args

import orjson

Of = Literal["event", "visit", "person"]
At = Literal["entry", "exit"]

#: Conditions of a question in all, with those of its goal: each is a comparison a row, some a pass over the events.
MAX_CONDITIONS = 50
#: Conditions on visits or persons: each is counted for every visit or person of the range.
MAX_GROUPED_CONDITIONS = 10
#: Values of a condition, and characters of each and of a regular expression.
MAX_VALUES, MAX_VALUE_CHARACTERS, MAX_REGEX_CHARACTERS = 20, 1_000, 500
#: Characters of the name of an event or of a property: more than any that is stored has.
MAX_NAME_CHARACTERS = 1_000
#: Times that something happened, and days back: 10 years is as long as an event can lie in the past.
MAX_TIMES, MAX_DAYS = 1_000_000, 3_653
#: Rules within rules: a segment that is made of segments.
MAX_NESTED = 5

#: Whole numbers of floating point are exact below the first; the engine writes them without an exponent below the second.
_EXACT, _WRITTEN_OUT = 2.0**53, 1e21
#: The pattern of a text that counts as a number, for Python and for RE2.
PLAIN_NUMBER = r"-?[0-9]{1,15}(\.[0-9]{1,15})?"
_PLAIN = re.compile(PLAIN_NUMBER)


class BadQuestion(Exception):
    """A question that cannot be answered: `param` is the part at fault in lower case, `reason` says what to change."""

    def __init__(self, param: str, reason: str) -> None:
        super().__init__(f"{param}: {reason}")
        self.param, self.reason = param, reason


class Operator(StrEnum):
    """What a condition asks of a value, or of the number of events."""

    EQUALS = "equals"
    DOES_NOT_EQUAL = "does not equal"
    CONTAINS = "contains"
    DOES_NOT_CONTAIN = "does not contain"
    BEGINS_WITH = "begins with"
    ENDS_WITH = "ends with"
    MATCHES_REGEX = "matches regex"
    DOES_NOT_MATCH_REGEX = "does not match regex"
    GREATER_THAN = "greater than"
    LESS_THAN = "less than"
    AT_LEAST = "at least"
    AT_MOST = "at most"
    IS_SET = "is set"
    IS_NOT_SET = "is not set"
    HAPPENED = "happened"
    DID_NOT_HAPPEN = "did not happen"
    IN = "in"
    NOT_IN = "not in"


#: Operator -> the one that is true exactly where this is not: `does not equal` is true of what is not set.
NEGATED = {
    Operator.DOES_NOT_EQUAL: Operator.EQUALS,
    Operator.DOES_NOT_CONTAIN: Operator.CONTAINS,
    Operator.DOES_NOT_MATCH_REGEX: Operator.MATCHES_REGEX,
    Operator.IS_NOT_SET: Operator.IS_SET,
    Operator.DID_NOT_HAPPEN: Operator.HAPPENED,
    Operator.NOT_IN: Operator.IN,
}
NUMERIC = frozenset([Operator.GREATER_THAN, Operator.LESS_THAN, Operator.AT_LEAST, Operator.AT_MOST])
REGEX = frozenset([Operator.MATCHES_REGEX, Operator.DOES_NOT_MATCH_REGEX])
COUNTING = frozenset([Operator.HAPPENED, Operator.DID_NOT_HAPPEN])
MEMBERSHIP = frozenset([Operator.IN, Operator.NOT_IN])
WITHOUT_VALUES = frozenset([Operator.IS_SET, Operator.IS_NOT_SET, *COUNTING, *MEMBERSHIP])


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition; raises BadQuestion when made in a form that means nothing.

    `event` asks for events of that name, `property` for the value of a property, `field` for that of a custom field of the
    person. Of a visit or person, with an event or (of a person) a property: at least `times` events are like that, of a person
    in the last `days` days of the range, else in all that is kept. Of a visit, with a property alone: the visit's first
    (`entry`) or last (`exit`) value. `values` are canonical texts, any of which will do.

    `rule` is that of a segment. Somebody is in it if one of all their events that are kept meets it; its days count back from
    `until`, so that the segment is the same whatever the range.
    """

    of: Of
    operator: Operator
    event: str | None = None
    property: str | None = None
    field: int | None = None
    values: tuple[str, ...] = ()
    times: int = 1
    days: int | None = None
    at: At = "entry"
    rule: Where | None = None
    until: int | None = None

    def __post_init__(self) -> None:
        if self.of not in get_args(Of) or self.at not in get_args(At):
            raise BadQuestion("where", "a condition is of event, visit or person, at entry or exit")
        if self.rule is not None or self.operator in MEMBERSHIP:
            self._check_membership(self.rule)
        else:
            self._check_subject()
        self._check_values()
        _check_range("times", self.times, MAX_TIMES)
        if self.days is not None:
            _check_range("days", self.days, MAX_DAYS)

    @builtins.property
    def counts_events(self) -> bool:
        """Whether it counts the events of a visit or a person."""
        is_of_events = self.event is not None or (self.of == "person" and self.field is None)
        return self.of != "event" and is_of_events and self.rule is None

    @builtins.property
    def depth(self) -> int:
        """How many rules stand within each other here."""
        if self.rule is None:
            return 0
        return 1 + max((each.depth for group in self.rule for each in group), default=0)

    def _check_membership(self, rule: Where | None) -> None:
        if rule is None or self.operator not in MEMBERSHIP:
            raise BadQuestion("where", "a segment goes with `in` or `not in`, and they with a segment")
        others = (self.event, self.property, self.field, self.days)
        if (
            self.of != "person"
            or self.until is None
            or self.times != 1
            or any(each is not None for each in others)
        ):
            raise BadQuestion(
                "where", "only a person is in a segment, whatever the event, property, times and days"
            )
        check_where("where", rule)
        if not rule:
            raise BadQuestion("where", "the rule of a segment has no condition")
        if self.depth > MAX_NESTED:
            raise BadQuestion("where", f"segments within segments are {MAX_NESTED} deep at most")

    def _check_subject(self) -> None:
        names = [name for name in (self.event, self.property) if name is not None]
        for name in names:
            check_text("where", "a name", name, MAX_NAME_CHARACTERS)
        if self.field is not None and (self.of != "person" or names):
            raise BadQuestion("where", "a custom field is a person's, and stands without event and property")
        if self.operator in COUNTING:
            if self.event is None or self.property is not None:
                raise BadQuestion("where", f"`{self.operator}` needs an event, and takes no property")
        elif self.property is None and self.field is None:
            raise BadQuestion("where", f"`{self.operator}` needs a property or a custom field")
        if not self.counts_events and (self.times != 1 or self.days is not None):
            raise BadQuestion("where", "times and days count the events of a visit or a person")
        if self.days is not None and self.of != "person":
            raise BadQuestion("where", "days go with a person")

    def _check_values(self) -> None:
        if self.operator in WITHOUT_VALUES:
            if self.values:
                raise BadQuestion("where", f"`{self.operator}` takes no value")
            return
        if not 1 <= len(self.values) <= MAX_VALUES:
            raise BadQuestion("where", f"`{self.operator}` needs between 1 and {MAX_VALUES} values")
        longest = MAX_REGEX_CHARACTERS if self.operator in REGEX else MAX_VALUE_CHARACTERS
        for value in self.values:
            check_text("where", "a value", value, longest)
            if self.operator in NUMERIC and plain_number(value) is None:
                raise BadQuestion("where", f"`{self.operator}` needs a number of at most 15 digits")


#: All of these hold; of an inner group, any.
Where = tuple[tuple[Condition, ...], ...]


def in_segment(rule: Where, until: int) -> Condition:
    """Return the condition that the person is in the segment with this rule."""
    return Condition("person", Operator.IN, rule=rule, until=until)


def all_conditions(where: Where) -> Iterator[Condition]:
    """Yield the conditions, and those of the rules in them."""
    for condition in (each for group in where for each in group):
        yield condition
        yield from all_conditions(condition.rule or ())


def check_where(param: str, where: Where) -> None:
    """Raise BadQuestion if there are too many conditions, with those of rules, or a group without one."""
    conditions = [condition for group in where for condition in group]
    count = sum(condition.rule is None for condition in all_conditions(where))
    if count > MAX_CONDITIONS:
        raise BadQuestion(param, f"there are {count} conditions: {MAX_CONDITIONS} are the most")
    grouped = sum(condition.of != "event" for condition in conditions)
    if grouped > MAX_GROUPED_CONDITIONS:
        raise BadQuestion(
            param, f"{grouped} conditions are of a visit or a person: {MAX_GROUPED_CONDITIONS} are the most"
        )
    if not all(where):
        raise BadQuestion(param, "a list of conditions, any of which will do, is empty")


def check_text(param: str, what: str, text: Any, longest: int) -> None:
    """Raise BadQuestion if it is no text, too long, or no Unicode."""
    if not isinstance(text, str):
        raise BadQuestion(param, f"{what} must be text")
    if len(text) > longest:
        raise BadQuestion(param, f"{what} has {len(text)} characters: {longest} are the most")
    if "\0" in text or not _is_unicode(text):
        raise BadQuestion(param, f"{what} has a character that cannot be stored")


def check_number(param: str, number: Any, least: int, most: int) -> None:
    """Raise BadQuestion if it is no whole number from `least` to `most`."""
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
        raise BadQuestion(param, f"it must be a whole number from {least:,} to {most:,}")


def canonical_text(value: Any) -> str | None:
    """Return the text that stands for a JSON value in comparisons: 7 and 7.0 are `7`; None if it is not set."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        value = float(value)  # as a body's numbers are read
    return _float_text(value) if isinstance(value, float) else orjson.dumps(value).decode()


def canonical_number(value: float) -> float:
    """Return 7 for 7.0: equal numbers are written equally. Beyond 2^53 a number of floating point stays one."""
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


def _float_text(value: float) -> str:
    """Return the text that the engine has for a number of floating point: 1e19 is written out, with `.0`, and 1e21 is not."""
    number = canonical_number(value)
    if isinstance(number, int):
        return str(number)
    if not value.is_integer() or abs(value) >= _WRITTEN_OUT:
        return orjson.dumps(value).decode().replace("e+", "e")
    return f"{Decimal(repr(value)):f}.0".replace(".0.0", ".0")


def plain_number(text: str) -> float | None:
    """Return the number that a plain decimal text is, such as `-12.50`; None for any other text."""
    return float(text) if _PLAIN.fullmatch(text) else None


def _check_range(what: str, number: int, most: int) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= most:
        raise BadQuestion("where", f"{what} must be a whole number from 1 to {most:,}")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True
