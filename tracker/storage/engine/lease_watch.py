"""Lease watch: tells in the log, once a minute over all processes, that two nodes of a cluster are written to at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress

import gevent

from tracker.errors import StorageUnavailable
from tracker.storage.engine.database import Database
from tracker.storage.engine.id_generator import WriterNumber
from tracker.storage.engine.live_leases import WritersSeen, two_writers, uncounted, writers_seen

#: Seconds: between two looks, for which a reading is shared, and between two lines of the log.
LOOK_SECONDS, SHARED_SECONDS, SAY_SECONDS = 5.0, 4.0, 60.0
#: Seconds that one look may take.
PATIENCE_SECONDS = 1.0

_log = logging.getLogger("tracker.storage")


class LeaseWatch:
    """The watch of one process over who writes to the database. A file has one writer at a time, and is not watched."""

    def __init__(
        self, database: Database, number: WriterNumber, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database, self._number, self._clock = database, number, clock
        self._seen = WritersSeen(0, ())
        self._good_until = self._silent_until = float("-inf")
        self._has_own_limits = False
        #: Called before each look: has others see until when this process has written.
        self.tell: Callable[[], None] = lambda: None
        self._loop: gevent.Greenlet | None = None

    def seen(self) -> WritersSeen:
        """Return who writes, as it was within SHARED_SECONDS; while the database is away, as it was last seen."""
        if self._clock() >= self._good_until and self._database.engine.is_remote:
            self._good_until = self._clock() + SHARED_SECONDS
            with suppress(StorageUnavailable):  # `/ready` and the log say so by other ways
                self._seen = self._database.read(writers_seen, time.monotonic() + PATIENCE_SECONDS)
        return self._seen

    def writer_nodes(self) -> int:
        """Return how many nodes are written to at once."""
        return len(self.seen().nodes_at_once) or 1

    def serve(self, has_own_limits: bool) -> None:
        """Look periodically: for a process that serves. `has_own_limits`: its instance counts rate limits by itself."""
        self._has_own_limits = has_own_limits
        if self._loop is None and self._database.engine.is_remote:
            self._loop = gevent.spawn(self._watch)

    def close(self) -> None:
        if self._loop is not None:
            self._loop.kill()

    def look(self) -> None:
        """Tell others of this process, and log what is wrong, if it is its turn: the lowest number says it for all."""
        self.tell()
        seen, now = self.seen(), self._clock()
        if len(nodes := seen.nodes_at_once) > 1 and now >= self._silent_until and self._is_first(seen):
            self._silent_until = now + SAY_SECONDS
            _log.warning("%s", two_writers(nodes))
        own = self._number.instance
        if self._has_own_limits and own in seen.instances_at_once and self._is_first(seen, own):
            self._has_own_limits = False  # said once
            _log.warning("%s", uncounted([each for each in seen.instances_at_once if each != own]))

    def _is_first(self, seen: WritersSeen, instance: str = "") -> bool:
        """Return whether this process has the lowest number of those that serve, or of one instance's."""
        numbers = [each.number for each in seen.leases if each.instance and instance in ("", each.instance)]
        return min(numbers, default=-1) == self._number.number

    def _watch(self) -> None:
        while True:
            gevent.sleep(LOOK_SECONDS)
            try:
                self.look()
            except Exception as failure:  # noqa: BLE001  the next look may succeed
                _log.warning("who writes to the database is not known: %s", type(failure).__name__)
