"""Trigger worker: of all processes the one that has the lease follows events and delivers; another takes over when it is gone."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from functools import partial

import gevent
from gevent.event import Event

from tracker.delivery.delivering import Delivering, post
from tracker.delivery.event_tail import EventTail
from tracker.delivery.segment_watch import SegmentWatch
from tracker.delivery.trigger_parts import TriggerParts
from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.outgoing import POST_SECONDS, AllowedTargets, Poster, PostResult
from tracker.storage.engine import in_each_shard
from tracker.storage.triggers import (
    ListTrigger,
    PausedBy,
    delivery_queue,
    trigger_progress,
    trigger_store,
)

#: The name of the lease; milliseconds that it lasts, and before its end that it is renewed. A request that may take longer
#: than the rest of the lease is not begun, so that no two processes send at once.
LEASE, LEASE_MS, RENEW_MS = b"triggers", 15_000, 12_500
#: Seconds between two looks at new events, at the triggers, and at whether this process is to do the work.
LOOK_SECONDS, REFRESH_SECONDS, IDLE_SECONDS = 0.25, 1.0, 3.0
#: Seconds that the work waits at least, so that other requests get their turn.
MIN_WAIT = 0.001
#: Deliveries of a trigger that may wait, and seconds between two looks whether it is more.
MAX_WAITING, KEEPING_SECONDS = 100_000, 60.0
#: Seconds that a stop waits for requests.
STOP_SECONDS = 3.0

_log = logging.getLogger("tracker.delivery")


class TriggerWorker:
    """The triggers as one process works at them. Nothing starts before `serve`."""

    def __init__(self, parts: TriggerParts) -> None:
        self._parts = parts
        self._token = b""
        self._leased_until = 0.0
        self._refreshed_at = self._kept_at = -1e9
        self._triggers: list[ListTrigger] = []
        self._owners: dict[int, int] = {}
        self._tails: dict[tuple[int, bool], EventTail] = {}
        self._looks: dict[tuple[int, bool], gevent.Greenlet] = {}
        self._woken, self._is_closing = Event(), False
        self._look_at = 0.0
        self._stirred: set[int] = set()
        self._delivering = Delivering(parts, self._may_post, self._stir)
        self._segments = SegmentWatch(parts, self._is_leased_still, self._stir)
        self._watching: gevent.Greenlet | None = None
        self._loop: gevent.Greenlet | None = None

    @property
    def poster(self) -> Poster:
        """What sends requests to others."""
        return self._parts.poster

    @property
    def allowed(self) -> AllowedTargets:
        """The targets that the administrator allows."""
        return self._parts.poster.allowed

    def serve(self) -> None:
        """Work, or wait until it is this process's turn: for a process that serves."""
        if self._loop is None:
            self._loop = gevent.spawn(self._work)

    def wake(self) -> None:
        """Look at once: a trigger, a delivery or an event is new."""
        self._refreshed_at, self._look_at = -1e9, 0.0
        self._woken.set()

    def test(self, trigger: ListTrigger, number: int, body: bytes, seconds: float) -> PostResult:
        """Send a message at once, outside of the queue and of the log."""
        return post(self._parts, trigger, number, body, seconds)

    def close(self) -> None:
        """End the work; another process takes over at once."""
        self._is_closing = True
        if self._loop is None:
            return
        self._loop.kill()
        gevent.killall([*self._looks.values(), *([self._watching] if self._watching else [])])
        self._delivering.close(STOP_SECONDS)
        self._give_back()

    def _work(self) -> None:
        while True:
            seconds = IDLE_SECONDS
            try:
                if self._is_mine():
                    seconds = self._round()
            except (StorageUnavailable, OutcomeUnknown) as failure:
                _log.warning("triggers wait: %s", type(failure).__name__)
            except Exception as failure:  # noqa: BLE001  the work goes on with what is not at fault
                _log.error("triggers failed, and are tried again: %s", type(failure).__name__)
            self._woken.wait(seconds)
            self._woken.clear()

    def _is_mine(self) -> bool:
        """Return whether this process has the work, which it takes if there is any and nobody else has it."""
        clock = time.monotonic()
        if clock - self._refreshed_at < REFRESH_SECONDS and self._triggers and clock < self._leased_until:
            return True
        database = self._parts.database
        look = lambda among: database.read(partial(trigger_store.active_triggers, among=among))  # noqa: E731
        self._triggers = [trigger for found in in_each_shard(database, look) for trigger in found]
        lists = {trigger.list_id for trigger in self._triggers}
        self._owners = database.read(partial(trigger_store.owners, list_ids=lists)) if lists else {}
        self._refreshed_at = clock
        if not self._triggers:
            self._give_back()
            return False
        return self._is_leased(clock)

    def _is_leased(self, clock: float) -> bool:
        if clock < self._leased_until - RENEW_MS / 1000:
            return True
        now, read = self._parts.now(), self._parts.database.read
        if clock >= self._leased_until and read(partial(trigger_progress.leased_until, name=LEASE)) > now:
            return False
        self._token = self._token or os.urandom(16)  # made after the fork
        take = partial(
            trigger_progress.take_lease, name=LEASE, token=self._token, now=now, until=now + LEASE_MS
        )
        if not self._parts.database.write(take):
            self._leased_until = 0.0
            return False
        if clock >= self._leased_until:  # another process may have worked meanwhile
            self._tails.clear()
        self._leased_until = clock + LEASE_MS / 1000
        return True

    def _is_leased_still(self) -> bool:
        return time.monotonic() < self._leased_until

    def _may_post(self) -> bool:
        return time.monotonic() + POST_SECONDS + 1 < self._leased_until

    def _give_back(self) -> None:
        if self._leased_until == 0.0:
            return
        self._leased_until = 0.0
        try:
            give = partial(trigger_progress.give_lease_back, name=LEASE, token=self._token)
            self._parts.database.write(give)
        except (StorageUnavailable, OutcomeUnknown) as failure:
            _log.warning("the lease of triggers ends by itself: %s", type(failure).__name__)

    def _stir(self, trigger_id: int) -> None:
        """Send what is due of a trigger: something of it has begun or ended."""
        self._stirred.add(trigger_id)
        self._woken.set()

    def _round(self) -> float:
        """Look if it is time, and send what is due; return the seconds until the next look.

        Between looks only triggers that were stirred can have anything due that was not due before.
        """
        clock, stirred = time.monotonic(), self._stirred
        is_look, self._stirred = clock >= self._look_at, set()
        if is_look:
            self._look_at = clock + LOOK_SECONDS
            self._look_at_all()
        for trigger in self._triggers:
            if is_look or trigger.id in stirred:
                self._delivering.send_due(trigger, self._owners.get(trigger.list_id, 0))
        if clock - self._kept_at >= KEEPING_SECONDS:
            self._kept_at = clock
            self._pause_backlogs()
        return max(MIN_WAIT, self._look_at - time.monotonic())

    def _look_at_all(self) -> None:
        """Look at the events of each list in a greenlet of its own, and at segments in another."""
        by_tail: dict[tuple[int, bool], list[ListTrigger]] = {}
        for trigger in (each for each in self._triggers if each.segment_id is None):
            by_tail.setdefault((trigger.list_id, trigger.rule != b"[]"), []).append(trigger)
        for key, triggers in by_tail.items():
            if (running := self._looks.get(key)) is None or running.dead:
                self._looks[key] = gevent.spawn(self._look, key, triggers)
        self._watch_segments([each for each in self._triggers if each.segment_id is not None])

    def _look(self, key: tuple[int, bool], triggers: Sequence[ListTrigger]) -> None:
        tail = self._tails.setdefault(key, EventTail(self._parts, *key))
        try:
            has_more = True
            while has_more and self._is_leased_still():
                has_more = tail.look(triggers)
                for trigger_id in tail.begun:
                    self._stir(trigger_id)
        except (StorageUnavailable, OutcomeUnknown) as failure:
            _log.warning("the triggers of list %d wait: %s", key[0], type(failure).__name__)

    def _watch_segments(self, triggers: Sequence[ListTrigger]) -> None:
        if (self._watching is None or self._watching.dead) and self._segments.is_due(triggers):
            self._watching = gevent.spawn(self._look_at_segments, triggers)

    def _look_at_segments(self, triggers: Sequence[ListTrigger]) -> None:
        try:
            self._segments.look(triggers)
        except (StorageUnavailable, OutcomeUnknown) as failure:
            _log.warning("the segments of triggers wait: %s", type(failure).__name__)

    def _pause_backlogs(self) -> None:
        """Pause triggers of which too many deliveries wait."""
        for trigger in self._triggers:
            count = partial(delivery_queue.waiting_count, list_id=trigger.list_id, trigger_id=trigger.id)
            if self._parts.database.read(count) > MAX_WAITING:
                pause = partial(
                    trigger_store.pause, trigger=trigger, reason=PausedBy.BACKLOG, now=self._parts.now()
                )
                self._parts.database.write(pause, list_id=trigger.list_id)
                _log.warning("trigger %d of list %d is paused: too much waits", trigger.id, trigger.list_id)
