"""Readiness: whether the database takes writes now, is away, or is one that this process cannot work with.

It is found out by writing: an update that changes nothing needs no room on the disk. One look a second is shared by all
who ask meanwhile, since each proxy in front asks each process again and again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from gevent.lock import RLock

from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage.engine.database import Database
from tracker.storage.engine.error_kinds import IncompatibleDatabase
from tracker.storage.engine.transaction import Transaction

#: Seconds for which what was found is told again.
SHARED_SECONDS = 1.0
#: States: whatever else answers from this database is as well off, or it is this process that somebody has to look at.
READY, AWAY, BROKEN = "ready", "away", "broken"

#: A state, and why it is not READY.
Found = tuple[str, str]


class Readiness:
    """Of one process. `report(failure)` is told of what is BROKEN; `clock()` gives seconds that never go back."""

    def __init__(
        self,
        database: Database,
        report: Callable[[Exception], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self._report, self._clock = database, report, clock
        self._lock = RLock()
        self._found: Found = (AWAY, "nobody has looked yet")
        self._good_until = float("-inf")

    def look(self) -> Found:
        """Whether the database can be reached, is at the right version and can be written to; and why not."""
        with self._lock:
            if self._clock() >= self._good_until:
                self._found = self._look()
                self._good_until = self._clock() + SHARED_SECONDS
            return self._found

    def _look(self) -> Found:
        try:
            self._database.connect().close()
            self._database.write(_probe)
        except Exception as failure:  # noqa: BLE001  whatever it is, no event can be taken
            if isinstance(failure, (StorageUnavailable, OutcomeUnknown)) and not _is_lasting(failure):
                return AWAY, str(failure)
            self._report(failure)
            return BROKEN, str(failure) if _is_lasting(failure) else type(failure).__name__
        return READY, ""


def _is_lasting(failure: Exception) -> bool:
    return isinstance(failure, IncompatibleDatabase)


def _probe(transaction: Transaction) -> None:
    """Write down when this was asked."""
    transaction.insert_missing("write_probe", ("number", "asked_at"), [(0, 0)])
    transaction.execute("UPDATE write_probe SET asked_at = ? WHERE number = 0", (time.time_ns(),))
