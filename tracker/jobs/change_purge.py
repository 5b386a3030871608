"""Change purge: once a day a running process deletes changes that no copy of a list needs any more, and old deliveries."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from tracker.storage.changes import purge_changes
from tracker.storage.engine import Database, Transaction, trusted
from tracker.storage.triggers import purge_deliveries

#: Seconds between two purges of a process.
PURGE_SECONDS = 24 * 3600.0


class ChangePurge:
    """The purges of one process. `now()` returns UTC milliseconds, `clock()` monotonic seconds."""

    def __init__(
        self, database: Database, now: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database, self._now, self._clock = database, now, clock
        self._purged_at: float | None = None

    def purge(self) -> None:
        """Delete changes and deliveries that are too old, in short transactions, if the last purge was PURGE_SECONDS ago.

        Raises StorageUnavailable, OutcomeUnknown.
        """
        seconds = self._clock()
        if self._purged_at is not None and seconds - self._purged_at < PURGE_SECONDS:
            return
        for purge in (purge_changes, purge_deliveries):
            while self._database.write(partial(_purge_some, purge=purge, now=self._now())):
                pass
        self._purged_at = seconds


def _purge_some(transaction: Transaction, purge: Callable[[Transaction, int], bool], now: int) -> bool:
    """Purge by the trusted clock: after a jump of this machine's clock nothing is deleted."""
    return purge(transaction, trusted(transaction, now))
