"""Lone writer: whether nobody else has written to an SQLite file for a while, so that its write lock may be held for longer."""

from __future__ import annotations

import time
from collections.abc import Callable

from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction

#: Seconds in which nobody else has written.
QUIET_SECONDS = 2.0


class LoneWriter:
    """Looks, between two writes of this process, whether another one has written since the last look.

    Nobody is alone on a server: of others it is not known.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._clock = database, clock
        self._version = -1
        self._quiet_since = clock()

    def is_alone(self) -> bool:
        """Look, and return whether nobody else has written in the last QUIET_SECONDS."""
        if self._database.engine.is_remote:
            return False
        try:
            version = self._database.write(_version)
        except (StorageUnavailable, OutcomeUnknown):
            return False
        now = self._clock()
        if version != self._version:
            self._version, self._quiet_since = version, now
        return now - self._quiet_since >= QUIET_SECONDS


def _version(transaction: Transaction) -> int:
    """Return a number that changes whenever another connection commits, or the writer's own connection is a new one."""
    return int(transaction.select("PRAGMA data_version")[0][0])
