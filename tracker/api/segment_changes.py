"""Changes of segments: a rule is checked before the transaction, which then sees to it that no segment has changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import orjson

from tracker import Command
from tracker.api.name_uses import ListUses
from tracker.api.report_params import SEGMENT_NOT_FOUND, field_finder
from tracker.api.row_refusals import answering
from tracker.api.segment_params import IN_USE, INVALID_RULE, NAME_TAKEN, TOO_MANY_SEGMENTS, refusing_rule
from tracker.api.segment_rules import SegmentRules, stored_rule
from tracker.errors import CommandError, StorageUnavailable, because
from tracker.storage.accounts import MAX_SEGMENTS, ListSegment, RowFault, RowRefused

#: How often a change is checked again because others have changed the list's segments meanwhile: as many as may be made of one
#: list at once. Each time one of them is done, and the call's deadline ends it earlier.
MAX_CHECKS = MAX_SEGMENTS
#: Users of a segment that are named in an error.
MAX_NAMED = 10
_answering = answering(
    {
        RowFault.GONE: SEGMENT_NOT_FOUND,
        RowFault.NAME_TAKEN: NAME_TAKEN,
        RowFault.TOO_MANY: TOO_MANY_SEGMENTS,
    }
)
_CHANGED = object()
_Kept = Sequence[ListSegment]
_Check = Callable[[_Kept], object | None]


class SegmentChanges:
    """The changes that a command makes of the segments of a list. `then` runs in the transaction of each."""

    def __init__(self, command: Command, list_id: int, then: Any) -> None:
        self._command, self._list_id = command, list_id
        self._then, self._deadline = then, command.deadline
        self._segments = command.services.stores.segments
        self._field_id = field_finder(command, list_id)

    def add(self, name: str, sent: Any) -> int:
        """Add a segment and return its number. Raises CommandError (6, 7, 8)."""
        rule, made = orjson.dumps(stored_rule(sent)), []

        def write(check: _Check) -> None:
            made.append(self._segments.add(self._list_id, name, rule, self._then, self._deadline, check))

        self._checked(lambda kept: self._check(kept, None, sent), write)
        return made[0]

    def change(self, number: int, name: str | None, sent: Any) -> None:
        """Give a segment another name, rule, or both. Raises CommandError (6, 7, 15, 16)."""
        changes: dict[str, Any] = {} if name is None else {"name": name}
        if sent is not None:
            changes["rule"] = orjson.dumps(stored_rule(sent))

        def write(check: _Check) -> None:
            self._segments.change(self._list_id, number, changes, self._then, self._deadline, check)

        self._checked(lambda kept: self._check(kept, number, sent), write)

    def remove(self, number: int) -> None:
        """Remove a segment that nothing uses. Raises CommandError (15, 17)."""

        def check_users(_: _Kept) -> None:
            users = [each.words for each in ListUses(self._command, self._list_id) if number in each.segments]
            if users:
                more = f" and {len(users) - MAX_NAMED} more" if len(users) > MAX_NAMED else ""
                raise CommandError(because(IN_USE, ", ".join(users[:MAX_NAMED]) + more))

        def write(check: _Check) -> None:
            self._segments.remove(self._list_id, number, self._then, self._deadline, check)

        self._checked(check_users, write)

    def _checked(self, check: Callable[[_Kept], None], write: Callable[[_Check], None]) -> None:
        """Write what `check` allows of the segments that are kept, once they are still the same when it is written."""
        for _ in range(MAX_CHECKS):
            kept = self._segments.of_list(self._list_id, self._deadline)
            check(kept)
            try:
                with _answering():
                    write(lambda now, kept=kept: None if list(now) == kept else _CHANGED)  # type: ignore[misc]
            except RowRefused as refused:
                if refused.fault is not _CHANGED:
                    raise
            else:
                return
        raise StorageUnavailable("the segments of the list are changed without a pause")

    def _check(self, kept: _Kept, number: int | None, sent: Any) -> None:
        """Raise CommandError for a rule that cannot be, or that segments which are made of this one cannot stand."""
        if sent is None:
            return
        rules = self._rules(kept)
        with refusing_rule(rules, INVALID_RULE):
            rules.checked(sent, number)
        rule = orjson.dumps(stored_rule(sent))
        before = self._rules(kept)
        after = self._rules([replace(each, rule=rule) if each.id == number else each for each in kept])
        for each in kept:
            fault = after.fault_of(each.id)
            if fault is not None and before.fault_of(each.id) is None:
                raise CommandError(
                    because(INVALID_RULE, f"`{each.name}` is made of this segment, and {fault}")
                )

    def _rules(self, kept: _Kept) -> SegmentRules:
        return SegmentRules(kept, INVALID_RULE, self._field_id, 0)
