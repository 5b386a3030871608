"""Changes of segments: a rule is checked before the transaction, which then sees to it that no segment has changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import orjson

from tracker import Command
from tracker.api.report_params import LIST_NOT_FOUND, SEGMENT_NOT_FOUND, field_finder
from tracker.api.segment_params import IN_USE, INVALID_RULE, NAME_TAKEN, TOO_MANY_SEGMENTS, refusing_rule
from tracker.api.segment_rules import SegmentRules, stored_rule
from tracker.api.where_params import any_field
from tracker.domain.alert_rule import AlertRule, segments_in
from tracker.errors import CommandError, Error, StorageUnavailable, because
from tracker.storage.accounts import ListSegment, RowFault, RowRefused

#: How often a change is checked again because others have changed the list's segments meanwhile.
MAX_CHECKS = 5
#: Segments that are named in an error.
MAX_NAMED = 5
_REFUSALS: dict[object, Error] = {
    RowFault.NO_LIST: LIST_NOT_FOUND,
    RowFault.GONE: SEGMENT_NOT_FOUND,
    RowFault.NAME_TAKEN: NAME_TAKEN,
    RowFault.TOO_MANY: TOO_MANY_SEGMENTS,
}
_CHANGED = object()
_Kept = Sequence[ListSegment]
_Check = Callable[[_Kept], object | None]


class SegmentChanges:
    """The changes that a command makes of the segments of a list. `then` runs in the transaction of each."""

    def __init__(self, command: Command, list_id: int, then: Any) -> None:
        self._list_id, self._then, self._deadline = list_id, then, command.deadline
        stores = command.services.stores
        self._segments, self._triggers, self._alerts = stores.segments, stores.triggers, stores.alerts
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
        """Remove a segment that no other is made of, and no trigger follows. Raises CommandError (15, 17)."""

        def check_users(kept: _Kept) -> None:
            users = SegmentRules(kept, INVALID_RULE, any_field, 0).users_of(number)
            names = [f"segment `{each.name}`" for each in kept if each.id in users]
            told = self._triggers.of_list(self._list_id, self._deadline)
            names += [f"trigger `{each.name}`" for each in told if each.segment_id == number]
            names += [f"alert `{name}`" for name in self._alerts_of(number)]
            if names:
                raise CommandError(because(IN_USE, ", ".join(names[:MAX_NAMED])))

        def write(check: _Check) -> None:
            self._segments.remove(self._list_id, number, self._then, self._deadline, check)

        self._checked(check_users, write)

    def _alerts_of(self, number: int) -> list[str]:
        """Return the names of the alerts that look at a segment."""
        found = self._alerts.of_list(self._list_id, self._deadline)
        return [each.name for each in found if number in segments_in(AlertRule.read(each.rule))]

    def _checked(self, check: Callable[[_Kept], None], write: Callable[[_Check], None]) -> None:
        """Write what `check` allows of the segments that are kept, once they are still the same when it is written."""
        for _ in range(MAX_CHECKS):
            kept = self._segments.of_list(self._list_id, self._deadline)
            check(kept)
            try:
                write(lambda now, kept=kept: None if list(now) == kept else _CHANGED)  # type: ignore[misc]
            except RowRefused as refused:
                if refused.fault is not _CHANGED:
                    raise CommandError(_REFUSALS[refused.fault]) from None
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
