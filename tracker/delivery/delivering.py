"""Delivering: sends what is due, many at a time, so that a target that hangs holds up nobody else's deliveries."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

import gevent

from tracker.delivery.sending_places import Pace, room_beside
from tracker.delivery.trigger_parts import TriggerParts
from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.outgoing import POST_SECONDS, PostResult, signed_headers
from tracker.storage.engine import Transaction
from tracker.storage.triggers import (
    NEVER,
    DeliveryState,
    ListTrigger,
    PausedBy,
    PostAttempt,
    WaitingDelivery,
    delivery_queue,
    trigger_store,
)

#: Milliseconds until the first retry, and by how much each pause is longer than the one before, up to the longest.
FIRST_RETRY_MS, GROWTH, LONGEST_MS = 10_000, 3, 6 * 3_600_000
#: Milliseconds for which a delivery is tried, and for which nothing may be accepted before its trigger is paused.
TRIED_MS, FAILING_MS = 3 * 24 * 3_600_000, 24 * 3_600_000
#: Seconds for which an outcome is written again and again while the database is away, and between two tries.
WRITE_SECONDS, WRITE_AGAIN_SECONDS = 60.0, 1.0

_log = logging.getLogger("tracker.delivery")


class Delivering:
    """The deliveries of one process.

    `may_post()` tells whether it may begin a request, `done(trigger_id)` that more of a trigger may be due.
    """

    def __init__(
        self, parts: TriggerParts, may_post: Callable[[], bool], done: Callable[[int], None]
    ) -> None:
        self._parts, self._may_post, self._done = parts, may_post, done
        self._under_way: dict[int, dict[int, gevent.Greenlet]] = {}
        self._paces: dict[int, Pace] = {}
        self._users: dict[int, int] = {}
        self._failing: set[int] = set()
        #: The triggers of which more may be due than there was room for.
        self._crowded: set[int] = set()

    def send_due(self, trigger: ListTrigger, user_id: int) -> None:
        """Begin to send what is due of a user's trigger, as far as there is room. Raises StorageUnavailable."""
        mine = self._under_way.setdefault(trigger.id, {})
        self._users[trigger.id] = user_id
        if trigger.failing_since is not None:
            self._failing.add(trigger.id)
        room = self._room(trigger, len(mine))
        self._crowded.add(trigger.id)
        if room <= 0:
            return
        now, most = self._parts.now(), room + len(mine)
        begun = frozenset(mine)  # one that ends while we read may still look due, and is not begun again

        def look(transaction: Transaction) -> tuple[ListTrigger | None, list[WaitingDelivery]]:
            due = delivery_queue.due_deliveries(transaction, trigger.list_id, trigger.id, now, most)
            found = [each for each in due if each.id not in begun][:room]
            return trigger_store.active_trigger(transaction, trigger) if found else None, found

        current, due = self._parts.database.read(look)
        if len(due) < room:
            self._crowded.discard(trigger.id)
        if current is None:  # nothing is due, or the trigger was paused just now
            return
        for delivery in due:
            mine[delivery.id] = gevent.spawn(self._deliver, current, delivery)

    def _room(self, trigger: ListTrigger, mine: int) -> int:
        """Return how many more requests of a trigger may begin."""
        pace = self._paces.setdefault(trigger.id, Pace())
        of_all = sum(map(len, self._under_way.values()))
        user_id = self._users[trigger.id]
        of_user = sum(len(each) for number, each in self._under_way.items() if self._users[number] == user_id)
        return min(
            pace.room(mine, time.monotonic()), room_beside(of_all, of_user, mine, is_slow=pace.is_slow)
        )

    def close(self, seconds: float) -> None:
        """Wait for requests that are under way, then give them up: they are sent again, with the same id."""
        greenlets = [each for mine in self._under_way.values() for each in mine.values()]
        gevent.joinall(greenlets, timeout=seconds)
        gevent.killall(greenlets)

    def _deliver(self, trigger: ListTrigger, delivery: WaitingDelivery) -> None:
        goes_on = False
        try:
            if not self._may_post():
                return
            attempt = self._attempt(trigger, delivery)
            noted = partial(self._noted, trigger=trigger, delivery=delivery, attempt=attempt)
            goes_on = self._write_down(noted, trigger.list_id)
            seconds = attempt.milliseconds / 1000
            self._paces[trigger.id].note(attempt.is_accepted, seconds, time.monotonic())
        finally:
            self._under_way[trigger.id].pop(delivery.id, None)
            crowded, self._crowded = self._crowded, set()
            for number in crowded | ({trigger.id} if goes_on else set()):
                self._done(number)

    def _attempt(self, trigger: ListTrigger, delivery: WaitingDelivery) -> PostAttempt:
        at = self._parts.now()
        try:
            result = post(self._parts, trigger, delivery.id, delivery.body)
        except Exception as failure:  # noqa: BLE001  it is this delivery's failure, and is tried again like any other
            _log.error("delivery %d could not be sent: %s", delivery.id, type(failure).__name__)
            return PostAttempt(at, 0, None, "it could not be sent: the log says why", b"")
        return PostAttempt(at, result.milliseconds, result.status, result.error, result.answer)

    def _noted(
        self, transaction: Transaction, trigger: ListTrigger, delivery: WaitingDelivery, attempt: PostAttempt
    ) -> bool:
        """Write an attempt down, with what it means for the delivery and for its trigger; return whether the person's next one is due."""
        now = attempt.at + attempt.milliseconds
        state, due_at = after_attempt(delivery, attempt, now)
        goes_on = delivery_queue.finish(transaction, delivery.list_id, delivery.id, attempt, state, due_at)
        if goes_on is None:
            return False
        if state is not DeliveryState.ACCEPTED:
            self._note_failure(transaction, trigger, attempt, now)
        elif trigger.id in self._failing:
            trigger_store.note_success(transaction, trigger)
            self._failing.discard(trigger.id)
        return goes_on

    def _note_failure(
        self, transaction: Transaction, trigger: ListTrigger, attempt: PostAttempt, now: int
    ) -> None:
        """Note a failure of a trigger, which is paused if nothing was accepted for a day."""
        self._failing.add(trigger.id)
        failure = attempt.error or f"the answer was {attempt.status}"
        since = trigger_store.note_failure(transaction, trigger, now, failure)
        if now - since >= FAILING_MS:
            trigger_store.pause(transaction, trigger, PausedBy.FAILURES, now)
            _log.warning(
                "trigger %d of list %d has failed for a day, and is paused", trigger.id, trigger.list_id
            )

    def _write_down(self, work: Callable[[Transaction], bool], list_id: int) -> bool:
        """Write an outcome, for as long as another process would not send the delivery again anyway; return what `work` does."""
        until = time.monotonic() + WRITE_SECONDS
        while True:
            try:
                return self._parts.database.write(work, list_id=list_id)
            except (StorageUnavailable, OutcomeUnknown) as failure:
                if time.monotonic() >= until:
                    _log.warning("the outcome of a delivery is not known: %s", type(failure).__name__)
                    return False
                gevent.sleep(WRITE_AGAIN_SECONDS)


def post(
    parts: TriggerParts, trigger: ListTrigger, number: int, body: bytes, seconds: float = POST_SECONDS
) -> PostResult:
    """Send one message of a trigger, signed as of now."""
    now = parts.now()
    headers = signed_headers(str(number), now // 1000, body, trigger.secrets(now))
    return parts.poster.post(trigger.url, headers, body, seconds)


class Tried(Protocol):
    """What is tried again until it is accepted: when it began, in UTC milliseconds, and how often it was tried."""

    @property
    def created_at(self) -> int: ...
    @property
    def attempts(self) -> int: ...


def after_attempt(delivery: Tried, attempt: PostAttempt, now: int) -> tuple[DeliveryState, int]:
    """Return the state of a delivery after an attempt, and when it is due again."""
    if attempt.is_accepted:
        return DeliveryState.ACCEPTED, NEVER
    ends = delivery.created_at + TRIED_MS
    if now >= ends:
        return DeliveryState.GIVEN_UP, NEVER
    pause = min(FIRST_RETRY_MS * GROWTH ** min(delivery.attempts, 12), LONGEST_MS)
    return DeliveryState.WAITING, min(now + pause, ends)
