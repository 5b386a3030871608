"""Segment watch: asks each minute who has come into the segments of triggers and who has gone, and begins deliveries of it.

Segments are live questions, so nothing says when somebody moves. The reports process compares who is in one with the members that
the trigger keeps, and answers with the differences. These and the deliveries that tell of them are written in one transaction: after a kill the
next look finds the rest.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import gevent

from tracker.delivery.trigger_parts import FollowedSegment, TriggerParts
from tracker.storage.engine import Transaction
from tracker.storage.triggers import ListTrigger, MemberMoves, NewDelivery, trigger_members

#: Seconds between two looks at a segment, and by how much longer they are apart than a look takes.
LOOK_SECONDS, SHARE = 60.0, 20
#: Seconds until the next look at a segment of which nobody could tell, and by how much longer than a look is the rest after it.
AGAIN_SECONDS, REST = 5.0, 4
#: Moves that one transaction writes.
AT_ONCE = 500

_log = logging.getLogger("tracker.triggers")


class _Next(NamedTuple):
    """When a trigger is looked at again; one that was changed is at once."""

    active_from: int
    at: float


class SegmentWatch:
    """The segments of all triggers, looked at one after the other. One greenlet uses it at a time.

    `may_go_on()` tells whether this process still has the work, `begun(trigger_id)` that deliveries of a trigger have begun.
    """

    def __init__(
        self, parts: TriggerParts, may_go_on: Callable[[], bool], begun: Callable[[int], None]
    ) -> None:
        self._parts, self._may_go_on, self._begun = parts, may_go_on, begun
        self._next: dict[int, _Next] = {}

    def is_due(self, triggers: Sequence[ListTrigger]) -> bool:
        """Return whether any of the triggers is to be looked at."""
        return any(self._is_due(trigger) for trigger in triggers)

    def look(self, triggers: Sequence[ListTrigger]) -> None:
        """Look at those that are due, with rests in between. Raises StorageUnavailable, OutcomeUnknown."""
        kept = {trigger.id for trigger in triggers}
        self._next = {number: each for number, each in self._next.items() if number in kept}
        for trigger in triggers:
            if not self._is_due(trigger):
                continue
            began = time.monotonic()
            self._next[trigger.id] = _Next(trigger.active_from, began + AGAIN_SECONDS)
            is_done = self._look_at(trigger)
            took = time.monotonic() - began
            pause = max(LOOK_SECONDS if is_done else AGAIN_SECONDS, SHARE * took)
            self._next[trigger.id] = _Next(trigger.active_from, began + pause)
            gevent.sleep(REST * took)

    def _is_due(self, trigger: ListTrigger) -> bool:
        found = self._next.get(trigger.id)
        return found is None or found.active_from != trigger.active_from or time.monotonic() >= found.at

    def _look_at(self, trigger: ListTrigger) -> bool:
        """Write who has moved; return whether that is all."""
        while self._may_go_on():
            found = self._parts.follow(trigger)
            if isinstance(found, str):
                self._note(trigger, found)
                return False
            moves = found.moves
            if moves.as_of < max(trigger.active_from, trigger.looked_at):
                return False  # the copy is older than what is kept
            if not self._write(trigger, found):
                return False
            if moves.is_all:
                return True
        return False

    def _write(self, trigger: ListTrigger, found: FollowedSegment) -> bool:
        """Write moves, some at a time; return False once the trigger is another one."""
        for part in _parts(found.moves):
            make = partial(self._deliveries, trigger, found)
            apply = partial(
                trigger_members.apply_moves, trigger=trigger, moves=part, make=make, now=self._parts.now()
            )
            begun = self._parts.database.write(apply, list_id=trigger.list_id)
            if begun is None:
                return False
            if begun:
                self._begun(trigger.id)
        return True

    def _deliveries(
        self, trigger: ListTrigger, found: FollowedSegment, transaction: Transaction, people: Sequence[int]
    ) -> list[NewDelivery]:
        parts = self._parts
        made = []
        for subscriber in parts.name_people(transaction, trigger.list_id, people):
            number = parts.new_id()
            body = parts.compose_move(trigger, number, found.json, subscriber, found.moves.as_of)
            made.append(NewDelivery(number, trigger.id, None, subscriber.id, 0, body))
        return made

    def _note(self, trigger: ListTrigger, failure: str) -> None:
        if failure != trigger.look_failure:
            note = partial(trigger_members.note_look_failure, trigger=trigger, failure=failure)
            self._parts.database.write(note, list_id=trigger.list_id)
            _log.warning("the segment of trigger %d cannot be looked at: %s", trigger.id, failure)


def _parts(moves: MemberMoves) -> list[MemberMoves]:
    """Return the moves in parts that a transaction writes, the last of which says whether that is all."""
    starts = range(0, max(len(moves.entered), len(moves.left), 1), AT_ONCE)
    found = [
        moves._replace(
            entered=moves.entered[start : start + AT_ONCE],
            left=moves.left[start : start + AT_ONCE],
            is_all=False,
        )
        for start in starts
    ]
    return [*found[:-1], found[-1]._replace(is_all=moves.is_all)]
