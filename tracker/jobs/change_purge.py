"""Change purge: once a day a running process deletes changes that no copy of a list needs any more, and old deliveries."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from tracker.storage.changes import purge_changes
from tracker.storage.engine import Among, Database, in_each_shard, trusted
from tracker.storage.triggers import purge_deliveries

#: Deletes some rows by `(transaction, now=, among=)`; returns whether there may be more.
Purge = Callable[..., bool]
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
            for _ in in_each_shard(self._database, partial(self._purge_among, purge)):
                pass
        self._purged_at = seconds

    def _purge_among(self, purge: Purge, among: Among) -> None:
        """Purge by the trusted clock: after a jump of this machine's clock nothing is deleted."""
        is_more = True
        while is_more:
            now = self._database.read(partial(trusted, now=self._now()))
            is_more = self._database.write(partial(purge, now=now, among=among), list_id=among.list_id)
