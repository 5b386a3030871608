"""Clock witness: a process that runs writes down what the clock says, now and then, so that a jump of it is seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from tracker.storage.engine import Database, note

#: Seconds between two readings that a process writes down.
NOTE_SECONDS = 600.0


class Witness:
    """The readings of one process. `now()` gives UTC milliseconds, `clock()` seconds that never go back."""

    def __init__(
        self, database: Database, now: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database, self._now, self._clock = database, now, clock
        self._noted_at: float | None = None

    def note(self) -> None:
        """Write down a reading, if the last one is long enough ago. Raises StorageUnavailable, OutcomeUnknown."""
        at = self._clock()
        since = 0.0 if self._noted_at is None else at - self._noted_at
        if self._noted_at is None or since >= NOTE_SECONDS:
            self._database.write(partial(note, now=self._now(), elapsed=int(since * 1000)))
            self._noted_at = at
