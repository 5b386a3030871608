"""Write connection: the one connection on which a process writes, opened when needed and closed when in doubt."""

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

#: Seconds: how long an otherwise idle worker naps between tries for the write lock (measured against others:
#: docs/decisions/0001-storage-layout.md), and the pause (backoff) before a server is tried again.
LOCK_NAP, RECONNECT_PAUSE = 0.00005, 0.05

_log = logging.getLogger("tracker.storage")


class WriteConnection:
    """The writing connection of one process, or none yet. `open_connection()` returns a verified peewee database."""

    def __init__(self, engine: Engine, open_connection: Callable[[], Any]) -> None:
        self._engine, self._open = engine, open_connection
        self._database: Any = None

    def begin(self) -> bool:
        """Open a transaction; return False when another process holds the write lock."""
        if self._database is None:
            self._database = self._open()
        return self._engine.begin(self._database)

    def apply(self, requests: list[WriteRequest]) -> list[Any]:
        """Have the requests' handler apply them; return one result a request."""
        return requests[0].handler(
            Transaction(self._database, self._engine), [request.item for request in requests]
        )

    def was_committed(self, requests: list[WriteRequest]) -> bool:
        """Return whether an earlier attempt at these requests was committed.

        Raises OutcomeUnknown if the handler cannot find out.
        """
        look = getattr(requests[0].handler, "was_committed", None)
        if look is None:
            raise OutcomeUnknown("the reply to COMMIT was lost")
        return look(Transaction(self._database, self._engine), [request.item for request in requests])  # type: ignore[no-any-return]

    def commit(self) -> None:
        self._engine.commit(self._database)

    def rollback(self) -> None:
        """End the transaction; if even that fails, close the connection, which ends it too."""
        try:
            self._engine.rollback(self._database)
        except Exception:  # noqa: BLE001  whatever it is, the connection cannot be trusted
            self.close()

    def checkpoint(self) -> None:
        """Keep the write-ahead log short, once the answers are on their way.

        A failure here says nothing about what was committed.
        """
        gevent.sleep(0)
        if self._database is None:
            return
        try:
            self._engine.checkpoint(self._database)
        except Exception as failure:  # noqa: BLE001  whatever it is, the next group gets a new connection
            _log.warning("the write-ahead log could not be checkpointed: %s", type(failure).__name__)
            self.close()

    def recheck_primary(self) -> None:
        """Close a server's connection after a refused write: that server may no longer be the primary, another may be."""
        if self._engine.is_remote:
            self.close()

    def close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()

    def is_commit_lost(self, failure: BaseException) -> bool:
        return not self._engine.is_commit_outcome_known(failure)

    def error_kind(self, failure: BaseException) -> ErrorKind:
        return self._engine.error_kind(failure)

    def is_duplicate_key(self, failure: BaseException) -> bool:
        return self._engine.is_duplicate_key(failure)


def yield_to_others() -> None:
    """Serve other requests while another process holds the write lock. gevent's timers are too coarse for the nap."""
    started = time.perf_counter()
    gevent.sleep(0)
    if time.perf_counter() - started < LOCK_NAP:
        time.sleep(LOCK_NAP)
