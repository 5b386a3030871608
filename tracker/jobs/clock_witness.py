"""Clock witness: a running process stores a reading of the clock every 10 minutes, so that a jump of the clock is seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from tracker.storage.engine import Database, note

#: Seconds between two readings that a process stores.
NOTE_SECONDS = 600.0


class Witness:
    """The readings of one process. `now()` returns UTC milliseconds, `clock()` monotonic seconds."""

    def __init__(
        self, database: Database, now: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database, self._now, self._clock = database, now, clock
        self._noted_at: float | None = None

    def note(self) -> None:
        """Store a reading if the last one is NOTE_SECONDS old. Raises StorageUnavailable, OutcomeUnknown."""
        seconds = self._clock()
        since = 0.0 if self._noted_at is None else seconds - self._noted_at
        if self._noted_at is None or since >= NOTE_SECONDS:
            self._database.write(partial(note, now=self._now(), elapsed=int(since * 1000)))
            self._noted_at = seconds
