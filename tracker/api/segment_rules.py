"""Segment rules: the conditions of a segment read from the wire, and those of the segments that it is made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from tracker import Command
from tracker.api.octeth_rules import condition_of_octeth, is_octeth
from tracker.api.where_params import (
    FieldFinder,
    Mistake,
    NoSegment,
    SegmentFinder,
    UnknownSegment,
    any_field,
    any_segment,
    listed,
    read_where,
)
from tracker.errors import MAX_ROWS, CommandError, Error, because
from tracker.questions import REGEX, BadQuestion, Where, all_conditions, in_segment, regex_fault
from tracker.questions.conditions import MAX_NESTED
from tracker.storage.accounts import ListSegment

#: The name of the parameter, as places begin with it.
RULE = "Rule"
#: Days of a segment count back from the end of this span of time, so that its answers can be kept for as long.
MOMENT_MS = 60_000
#: Characters that are told of what is wrong with a segment within a segment.
MAX_TOLD = 200


def until_of(now: int) -> int:
    """Return the moment from which the days of a segment count back when it is asked for now."""
    return (now // MOMENT_MS + 1) * MOMENT_MS


def stored_rule(sent: Any) -> list[Any]:
    """Return a rule that `read_rule` takes as a list, as it is kept."""
    if isinstance(sent, str):
        try:
            sent = orjson.loads(sent)
        except orjson.JSONDecodeError:
            return listed(sent, RULE)  # which says what is wrong
    return listed([sent] if isinstance(sent, dict) else sent, RULE)


def read_rule(sent: Any, row: Error, field_id: FieldFinder, segment: SegmentFinder) -> Where:
    """Return the conditions of a rule: `Where`, Octeth's JSON, or both. Raises CommandError with `row` for each mistake."""
    mistakes: list[Mistake] = []
    try:
        plain = [_plain(each, f"{RULE}[{n}]", mistakes) for n, each in enumerate(stored_rule(sent))]
    except Mistake as mistake:
        mistakes.append(mistake)
    if mistakes:
        raise CommandError(*(mistake.row(row) for mistake in mistakes[:MAX_ROWS]))
    where = read_where(plain, row, field_id, RULE, segment)
    if not where:
        raise CommandError(because(row, "it has no condition"))
    return where


def named_segments(sent: bytes, row: Error) -> set[int]:
    """Return the segments that the stored JSON of conditions names."""
    named: set[int] = set()
    if b"segment" not in sent.lower():
        return named

    def note(segment: int) -> tuple[Where, int]:
        named.add(segment)
        return any_segment(segment)

    read_rule(sent.decode(), row, any_field, note)
    return named


def check_rule(sent: Any, row: Error) -> None:
    """Raise CommandError for a rule that no list's segment can have; fields and segments are taken for granted."""
    where = read_rule(sent, row, any_field, any_segment)
    for pattern in (text for each in all_conditions(where) if each.operator in REGEX for text in each.values):
        if fault := regex_fault(pattern):
            raise CommandError(because(row, f"`{pattern[:80]}` is no regular expression: {fault}"))


def _plain(sent: Any, at: str, mistakes: list[Mistake]) -> Any:
    """Return a part of a rule with conditions in the place of Octeth's rules."""
    if isinstance(sent, list):
        return [
            _plain(each, f"{at}[{n}]", mistakes) if is_octeth(each) else each for n, each in enumerate(sent)
        ]
    try:
        return condition_of_octeth(sent, at) if is_octeth(sent) else sent
    except Mistake as mistake:
        mistakes.append(mistake)
        return sent


class SegmentRules:
    """The rules of a list's segments, each read once: a SegmentFinder. `circle` has the number of one that is made of itself."""

    def __init__(
        self, segments: Iterable[ListSegment], row: Error, field_id: FieldFinder, until: int
    ) -> None:
        self._sent: dict[int, Any] = {each.id: each.rule for each in segments}
        self._row, self._field_id, self._until = row, field_id, until
        self._found: dict[int, Where | NoSegment] = {}
        self._path: list[int] = []
        self.circle: int | None = None

    def __call__(self, number: int) -> tuple[Where, int]:
        """Return the rule of a segment. Raises NoSegment."""
        if number in self._path:
            self.circle = number
            raise NoSegment("is made of itself")
        if number not in self._found:
            self._path.append(number)
            self._found[number] = self._read(number)
            self._path.remove(number)
        found = self._found[number]
        if isinstance(found, NoSegment):
            raise found
        return found, self._until

    def checked(self, sent: Any, number: int | None = None) -> Where:
        """Return the conditions of a rule that a segment, this one if it is there, may have.

        Raises CommandError, and BadQuestion for too many.
        """
        self._path += [] if number is None else [number]
        rule = read_rule(sent, self._row, self._field_id, self)
        in_segment(rule, self._until)
        self._path.clear()
        return rule

    def fault_of(self, number: int) -> str | None:
        """Return what is wrong with the rule of a segment, if anything is."""
        try:
            self(number)
        except NoSegment as fault:
            return str(fault)
        return None

    def users_of(self, number: int) -> list[int]:
        """Return the segments whose rules name this one."""
        rules = ((each, sent) for each, sent in self._sent.items() if each != number)
        return [each for each, sent in rules if number in named_segments(sent, self._row)]

    def _read(self, number: int) -> Where | NoSegment:
        sent = self._sent.get(number)
        if sent is None:
            return UnknownSegment()
        if len(self._path) > 2 * MAX_NESTED:
            return NoSegment(f"has segments within segments, which are {MAX_NESTED} deep at most")
        try:
            rule = read_rule(sent.decode(), self._row, self._field_id, self)
            in_segment(rule, self._until)
            return rule
        except BadQuestion as fault:
            return NoSegment(f"has a rule that cannot be asked: {fault.reason}")
        except CommandError as refused:
            told = refused.errors[0].message.partition(": ")[2] or refused.errors[0].message
            return NoSegment(f"has a rule that cannot be asked: {told[:MAX_TOLD]}")


def rules_of(command: Command, list_id: int, row: Error, field_id: FieldFinder, now: int) -> SegmentFinder:
    """Return the finder of the list's segments, which reads them when the first is asked for."""
    found: list[SegmentRules] = []

    def find(number: int) -> tuple[Where, int]:
        if not found:
            kept = command.services.stores.segments.of_list(list_id, command.deadline)
            found.append(SegmentRules(kept, row, field_id, until_of(now)))
        return found[0](number)

    return find
