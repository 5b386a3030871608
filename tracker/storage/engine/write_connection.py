"""On which connection does a process write? One at a time, opened when needed, given up when in doubt."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import gevent

from tracker.errors import OutcomeUnknown
from tracker.storage.engine.engine_protocol import Engine
from tracker.storage.engine.error_kinds import ErrorKind
from tracker.storage.engine.transaction import Transaction
from tracker.storage.engine.write_queue import WriteRequest

#: Seconds: how long a worker with nothing else to do naps between tries for the write lock (measured against others:
#: docs/decisions/0001-storage-layout.md), and the pause before a server is tried again.
LOCK_NAP, RECONNECT_PAUSE = 0.00005, 0.05

_log = logging.getLogger("tracker.storage")


class WriteConnection:
    """The writing connection of one process, or none yet. `open_connection()` gives a checked peewee database."""

    def __init__(self, engine: Engine, open_connection: Callable[[], Any]) -> None:
        self._engine, self._open = engine, open_connection
        self._database: Any = None

    def begin(self) -> bool:
        """Open a transaction; False when another process holds the write lock."""
        if self._database is None:
            self._database = self._open()
        return self._engine.begin(self._database)

    def apply(self, jobs: list[WriteRequest]) -> list[Any]:
        """Have the jobs' handler apply them; one result a job."""
        return jobs[0].handler(Transaction(self._database, self._engine), [job.item for job in jobs])

    def was_committed(self, jobs: list[WriteRequest]) -> bool:
        """Whether an earlier attempt at these jobs is in the database; raises OutcomeUnknown if nobody can tell."""
        look = getattr(jobs[0].handler, "was_committed", None)
        if look is None:
            raise OutcomeUnknown("the reply to COMMIT was lost")
        return look(Transaction(self._database, self._engine), [job.item for job in jobs])  # type: ignore[no-any-return]

    def commit(self) -> None:
        self._engine.commit(self._database)

    def rollback(self) -> None:
        """End the transaction; a connection on which even that fails is given up, which ends it too."""
        try:
            self._engine.rollback(self._database)
        except Exception:  # noqa: BLE001  whatever it is, the connection cannot be trusted
            self.close()

    def checkpoint(self) -> None:
        """Once the answers are on their way. What fails here has nothing to do with what was committed."""
        gevent.sleep(0)
        if self._database is None:
            return
        try:
            self._engine.checkpoint(self._database)
        except Exception as failure:  # noqa: BLE001  whatever it is, the next group gets a new connection
            _log.warning("the write-ahead log could not be tidied: %s", type(failure).__name__)
            self.close()

    def recheck_primary(self) -> None:
        """A server that can only be read may not be the one that is written to any more: look for it anew."""
        if self._engine.is_remote:
            self.close()

    def close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()

    def is_commit_lost(self, failure: BaseException) -> bool:
        return not self._engine.is_commit_outcome_known(failure)

    def trouble(self, failure: BaseException) -> ErrorKind:
        return self._engine.trouble(failure)

    def is_duplicate_key(self, failure: BaseException) -> bool:
        return self._engine.is_duplicate_key(failure)


def yield_to_others() -> None:
    """Serve other requests while another process holds the write lock. gevent's timers are too coarse for the nap."""
    started = time.perf_counter()
    gevent.sleep(0)
    if time.perf_counter() - started < LOCK_NAP:
        time.sleep(LOCK_NAP)
