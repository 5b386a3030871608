"""Throttle: the bodies of strangers are read one after the other, and others' requests are served in between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import gevent
from gevent.lock import BoundedSemaphore

from tracker.errors import STORAGE_UNAVAILABLE, CommandError

#: A pause is as long as the work before it, but work that waited for the database was no work of the processor.
MAX_PAUSE_SECONDS = 0.01


class Throttle:
    """Work of one kind takes at most half of a process's time, however many ask for it at once.

    Work that never waits keeps the whole process waiting. Sixteen bodies that cost 3 ms each, all there at once, would be
    read in one go, at each of the four or five times that one good request waits for something.
    """

    def __init__(self) -> None:
        self._place, self._open_at = BoundedSemaphore(1), 0.0

    @contextmanager
    def turn(self, deadline: float) -> Iterator[None]:
        """Work within it, until a `time.monotonic()` second. Without a turn in time: CommandError (100012)."""
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
