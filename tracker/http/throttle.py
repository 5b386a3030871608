"""Throttling of parsing: bodies of unknown callers are parsed one after the other, with other requests in between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import gevent
from gevent.lock import BoundedSemaphore

from tracker.errors import STORAGE_UNAVAILABLE, CommandError

#: Seconds of a pause at most. A pause is as long as the work before it, but time spent waiting for the database was no work.
MAX_PAUSE_SECONDS = 0.01


class Throttle:
    """Gives work of one kind at most half of a process's time, however many callers ask for it at once.

    Work that never waits blocks the whole process. Without pauses sixteen bodies that cost 3 ms each would be parsed in one
    go, at each of the four or five times that one good request waits for something.
    """

    def __init__(self) -> None:
        self._place, self._open_at = BoundedSemaphore(1), 0.0

    @contextmanager
    def turn(self, deadline: float) -> Iterator[None]:
        """Wait for a turn until a `time.monotonic()` second; the work is the block. Raises CommandError (100012) without one."""
        if not self._place.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise CommandError(STORAGE_UNAVAILABLE, headers={"Retry-After": "1"})
        try:
            gevent.sleep(max(0.0, self._open_at - time.monotonic()))
            began = time.monotonic()
            try:
                yield
            finally:
                ended = time.monotonic()
                self._open_at = ended + min(ended - began, MAX_PAUSE_SECONDS)
        finally:
            self._place.release()
