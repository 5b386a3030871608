"""Readiness: whether the database accepts writes now, is away, or is one that this process cannot work with.

It is tested by a write: an update that changes nothing needs no room on the disk. One test a second is shared by all
callers, since each proxy in front asks each process again and again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from gevent.lock import RLock

from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage.engine.database import Database
from tracker.storage.engine.error_kinds import IncompatibleDatabase
from tracker.storage.engine.transaction import Transaction

#: Seconds for which a result is shared.
SHARED_SECONDS = 1.0
#: States: AWAY affects every process of this database alike; BROKEN concerns this process, and an operator has to look
#: at it; DRAINING says nothing of the database: the instance is being stopped.
READY, AWAY, BROKEN, DRAINING = "ready", "away", "broken", "draining"

#: A state, and the reason if it is not READY.
Found = tuple[str, str]


class Readiness:
    """The readiness of one process. `report(failure)` is called when it is BROKEN; `clock()` returns monotonic seconds."""

    def __init__(
        self,
        database: Database,
        report: Callable[[Exception], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self._report, self._clock = database, report, clock
        self._lock = RLock()
        self._found: Found = (AWAY, "not tested yet")
        self._good_until = float("-inf")
        #: Whether the instance serves on for a while only.
        self.is_draining: Callable[[], bool] = lambda: False

    def look(self) -> Found:
        """Return the state of the database (reachable, right version, writable) and the reason if it is not READY."""
        if self.is_draining():
            return DRAINING, "this instance is being stopped"
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
    """Write the time of this test."""
    transaction.insert_missing("write_probe", ("number", "asked_at"), [(0, 0)])
    transaction.execute("UPDATE write_probe SET asked_at = ? WHERE number = 0", (time.time_ns(),))
