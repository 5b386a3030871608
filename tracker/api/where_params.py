"""Filter grammar on the wire: `Where`, a list of conditions that all hold; of an inner list any."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, get_args

import orjson

from tracker.domain.field_matching import PREFIX
from tracker.errors import MAX_ROWS, CommandError, Error, because, hinted
from tracker.questions import REGEX, BadQuestion, Condition, Of, Operator, Where, canonical_text, regex_fault
from tracker.registry import NearNames

#: Conditions that are read at most: with more the first message would be as long as the request.
MAX_READ = 50
#: The keys of a condition, and the words that three of them take.
KEYS = ("Of", "Event", "Property", "Field", "Segment", "Is", "Value", "Times", "Days", "At")
OF, AT, OPERATORS = get_args(Of), ("entry", "exit"), tuple(Operator)
#: A condition, for hints.
EXAMPLE = '[{"Of": "event", "Property": "$pathname", "Is": "equals", "Value": "/"}]'
_NEAR_KEY, _NEAR_OPERATOR = NearNames(KEYS), NearNames(OPERATORS)
#: Returns the number of the custom field with this alias or number, or None.
FieldFinder = Callable[[str], int | None]
#: Returns the rule of the segment of this number, and until when its days go. Raises NoSegment.
SegmentFinder = Callable[[int], tuple[Where, int]]


class Mistake(Exception):
    """A mistake in a condition: its place (`Where[1].Is`), the reason, and perhaps a hint."""

    def __init__(self, at: str, reason: str, hint: str | None = None) -> None:
        super().__init__(f"{at} {reason}")
        self.at, self.reason, self.hint = at, reason, hint

    def row(self, row: Error) -> Error:
        return hinted(because(row, f"{self.at} {self.reason}"), self.hint)


class NoSegment(Exception):
    """There is no such segment, or none that can be asked about: the text says why, as it goes on after its place."""


class UnknownSegment(NoSegment):
    """The list has no segment of this number."""

    def __init__(self) -> None:
        super().__init__("is no segment of the list")


def any_segment(_: int) -> tuple[Where, int]:
    """Take any number for that of a segment: which there are is known to a list alone."""
    return ((Condition("event", Operator.IS_SET, property="$pathname"),),), 0


def no_segment(_: int) -> tuple[Where, int]:
    raise NoSegment("cannot be asked for here")


def any_field(_: str) -> int:
    """Take any name for that of a custom field: which there are is known to a list alone."""
    return 1


def read_where(
    sent: Any, row: Error, field_id: FieldFinder, name: str = "Where", segment: SegmentFinder = no_segment
) -> Where:
    """Return the conditions in `sent`, a list or the JSON of one. Raises CommandError with `row` for each mistake."""
    mistakes: list[Mistake] = []
    groups: list[tuple[Condition, ...]] = []
    try:
        for at, group in _groups(listed(sent, name), name):
            groups.append(tuple(_read(group, at, field_id, segment, mistakes)))
    except Mistake as mistake:
        mistakes = [mistake]
    if mistakes:
        raise CommandError(*(mistake.row(row) for mistake in mistakes[:MAX_ROWS]))
    return tuple(groups)


def check_patterns(where: Where, row: Error) -> None:
    """Raise CommandError with `row` for a regular expression that RE2 certainly refuses."""
    for condition in (each for group in where for each in group if each.operator in REGEX):
        for pattern in condition.values:
            if fault := regex_fault(pattern):
                raise CommandError(because(row, f"`{pattern[:80]}` is no regular expression: {fault}"))


def rule_of(sent: Any) -> list[Any]:
    """Return conditions that `read_where` takes as a list."""
    return listed(sent, "")


def listed(sent: Any, name: str) -> list[Any]:
    if isinstance(sent, str):
        try:
            sent = orjson.loads(sent)
        except orjson.JSONDecodeError:
            sent = None
    if not isinstance(sent, list):
        raise Mistake(name, "is no list of conditions", f"Send a JSON array, such as {EXAMPLE}")
    count = sum(len(each) if isinstance(each, list) else 1 for each in sent)
    if count > MAX_READ:
        narrow = "Give one condition a list of values instead of a condition for each value"
        raise Mistake(name, f"has {count} conditions, and {MAX_READ} are the most", narrow)
    return sent


def _groups(sent: list[Any], name: str) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Yield the place of each group, and its conditions with theirs."""
    for number, each in enumerate(sent):
        at = f"{name}[{number}]"
        inner = (
            [(f"{at}[{i}]", condition) for i, condition in enumerate(each)]
            if isinstance(each, list)
            else [(at, each)]
        )
        yield at, inner


def _read(
    group: list[tuple[str, Any]],
    at: str,
    field_id: FieldFinder,
    segment: SegmentFinder,
    mistakes: list[Mistake],
) -> Iterator[Condition]:
    if not group:
        mistakes.append(Mistake(at, "is an empty list, of which no condition can hold"))
    for place, sent in group:
        try:
            yield _condition(_Sent(sent, place), field_id, segment)
        except Mistake as mistake:
            mistakes.append(mistake)
        except BadQuestion as fault:
            mistakes.append(Mistake(place, fault.reason))


def _condition(sent: _Sent, field_id: FieldFinder, segment: SegmentFinder) -> Condition:
    rule, until = sent.segment(segment)
    return Condition(
        sent.word("Of", OF, "event" if rule is None else "person"),
        Operator(sent.operator()),
        sent.text("Event"),
        sent.text("Property"),
        sent.field(field_id),
        sent.values(),
        sent.whole("Times", 1),
        sent.whole("Days", None),
        sent.word("At", AT, "entry"),
        rule,
        until,
    )


class _Sent:
    """A condition as it was sent: an object whose keys are read in any letter case."""

    def __init__(self, sent: Any, at: str) -> None:
        if not isinstance(sent, dict):
            raise Mistake(at, "is no object", f"A condition is an object, as in {EXAMPLE}")
        self._at = at
        self._parts: dict[str, Any] = {}
        spelled = {key.lower(): key for key in KEYS}
        for key, value in sent.items():
            name = spelled.get(key.lower())
            if name is None:
                near = _NEAR_KEY.near(key)
                raise Mistake(
                    at,
                    "has a key that no condition has",
                    f"Did you mean {near}?" if near else f"The keys are {', '.join(KEYS)}",
                )
            if value is not None and (name == key or name not in sent):
                self._parts[name] = value

    def word(self, key: str, words: tuple[str, ...], otherwise: str) -> Any:
        sent = self._parts.get(key, otherwise)
        found = sent.lower() if isinstance(sent, str) else None
        if found not in words:
            raise self._mistake(key, f"is none of {', '.join(words)}")
        return found

    def operator(self) -> str:
        sent = self._parts.get("Is")
        found = " ".join(sent.lower().split()) if isinstance(sent, str) else None
        if found in OPERATORS:
            return str(found)
        near = _NEAR_OPERATOR.near(sent) if isinstance(sent, str) else None
        hint = f'Did you mean "{near}"?' if near else f"The operators are: {', '.join(OPERATORS)}"
        raise self._mistake("Is", "is missing" if sent is None else "is no operator", hint)

    def text(self, key: str) -> str | None:
        sent = self._parts.get(key)
        if sent is not None and (not isinstance(sent, str) or not sent):
            raise self._mistake(key, "is no name")
        return sent

    def field(self, field_id: FieldFinder) -> int | None:
        """Return the number of the custom field."""
        sent = self._parts.get("Field")
        if sent is None:
            return None
        name = f"{PREFIX}{sent}" if type(sent) is int else sent
        found = field_id(name) if isinstance(name, str) else None
        if found is None:
            hint = "Name it by its alias or as CustomField<ID>: customfields.get lists the fields"
            raise self._mistake("Field", "is no custom field of the list", hint)
        return found

    def segment(self, find: SegmentFinder) -> tuple[Where | None, int | None]:
        """Return the rule of the segment, and until when its days go."""
        number = self.whole("Segment", None)
        if number is None:
            return None, None
        try:
            return find(number)
        except NoSegment as missing:
            raise self._mistake("Segment", str(missing), "segments.get lists the segments") from None

    def values(self) -> tuple[str, ...]:
        """Return the values as the texts that they are compared as."""
        sent = self._parts.get("Value")
        if sent is None:
            return ()
        texts = [self._value(each) for each in (sent if isinstance(sent, list) else [sent])]
        return tuple(dict.fromkeys(texts))

    def whole(self, key: str, otherwise: int | None) -> Any:
        sent = self._parts.get(key, otherwise)
        if isinstance(sent, str) and sent.isascii() and sent.isdigit() and len(sent) < 10:
            sent = int(sent)
        if sent is not otherwise and type(sent) is not int:
            raise self._mistake(key, "is no whole number")
        return sent

    def _value(self, sent: Any) -> str:
        is_scalar = isinstance(sent, (str, int, float)) and (
            not isinstance(sent, float) or math.isfinite(sent)
        )
        text = canonical_text(sent) if is_scalar else None
        if text is None:
            raise self._mistake("Value", "is no text, number or boolean, and no list of them")
        return text

    def _mistake(self, key: str, reason: str, hint: str | None = None) -> Mistake:
        return Mistake(f"{self._at}.{key}", reason, hint)
