"""Migration lock: a leased row of a server's database, which admits one upgrade at a time over all nodes of a cluster.

GET_LOCK locks within one server only, and some proxies lose it. The row's holder counts its `beat` up while it works, on
a connection of its own. Who waits takes the row over if the beat stood still for LEASE_SECONDS of a monotonic clock, so
that no clocks of machines are compared; or at once, if the holder's connection to the same server is gone.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tracker.storage.engine.engine_protocol import Engine
from tracker.storage.engine.error_kinds import ErrorKind, IncompatibleDatabase
from tracker.storage.engine.transaction import Transaction

#: Seconds: between two beats, without a beat until the lock is taken over (longer than a lost connection of the beat
#: takes to be noticed and opened anew), and between two lines of the log about waiting.
BEAT_SECONDS, LEASE_SECONDS, SAY_SECONDS = 2.0, 20.0, 60.0
#: Seconds between two looks of one that waits: the first, and the longest.
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
#: The row of the lock, and one to which those write who wait.
_LOCK, _WAITING = 0, 1
_TABLE = (
    "CREATE TABLE IF NOT EXISTS migration_lock (number BIGINT PRIMARY KEY, token VARBINARY(16) NOT NULL,"
    " beat BIGINT NOT NULL, holder VARBINARY(512) NOT NULL, connection BIGINT NOT NULL) ENGINE=InnoDB"
)

_log = logging.getLogger("tracker.storage")


class _Held(NamedTuple):
    token: bytes
    beat: int
    holder: bytes
    connection: int


@contextlib.contextmanager
def leased_lock(engine: Engine, database: Any, server: bytes) -> Iterator[Callable[[], None]]:
    """Hold the lock on the connection that migrates. Yield a function that raises IncompatibleDatabase once it is lost.

    `server` names the server process, and the user, of this connection.
    """
    lock = _Lock(engine, Transaction(database, engine), server)
    lock.make()
    lock.acquire()
    ended = threading.Event()
    beat = threading.Thread(target=lock.beat_until, args=(ended,), daemon=True)
    beat.start()
    try:
        yield lock.verify
    finally:
        ended.set()
        beat.join()
        with contextlib.suppress(Exception):  # it ends by itself
            lock.release()


class _Lock:
    def __init__(self, engine: Engine, transaction: Transaction, server: bytes) -> None:
        self._engine, self._transaction, self._server = engine, transaction, server
        self._token = os.urandom(16)

    def make(self) -> None:
        """Make the table and its rows, as far as they are missing; others may do so at the same time."""
        self._transaction.execute(_TABLE)
        rows = [(number, b"", 0, b"", 0) for number in (_LOCK, _WAITING)]
        while not self._tried(
            lambda: self._transaction.insert_missing("migration_lock", ("number", *_Held._fields), rows)
        ):
            time.sleep(FIRST_PAUSE)

    def acquire(self) -> None:
        """Wait until the lock is this process's, however long the holder takes."""
        seen, seen_at, said_at, pause = None, time.monotonic(), time.monotonic(), FIRST_PAUSE
        while True:
            began, held = time.monotonic(), self._held()
            if held[:2] != seen:
                seen, seen_at = held[:2], began
            if (self._is_free(held) or began - seen_at > LEASE_SECONDS) and self._is_taken_from(held):
                return
            # A write: what holds up writes (DDL on a cluster, a frozen server) holds up the holder's beat as well.
            self._tried(lambda: self._count_up(_WAITING))
            if began - said_at > SAY_SECONDS:
                said_at = began
                _log.warning("waiting for the upgrade that another process runs on this database")
            time.sleep(pause)
            if time.monotonic() - began > pause + BEAT_SECONDS:
                seen = None
            pause = min(2 * pause, LONGEST_PAUSE)

    def verify(self) -> None:
        """Raise IncompatibleDatabase if another process has taken the lock over."""
        if self._held().token != self._token:
            raise IncompatibleDatabase(
                "another upgrade took over while this one stood still: run 'tracker db upgrade' again"
            )

    def release(self) -> None:
        self._transaction.execute(
            "UPDATE migration_lock SET token = ? WHERE number = ? AND token = ?", (b"", _LOCK, self._token)
        )

    def beat_until(self, ended: threading.Event) -> None:
        """Count the beat up until `ended`, on a connection of its own; a lost one is opened anew."""
        database: Any = None
        while not ended.wait(BEAT_SECONDS):
            try:
                database = database or self._engine.connect()
                sql = "UPDATE migration_lock SET beat = beat + 1 WHERE number = ? AND token = ?"
                Transaction(database, self._engine).execute(sql, (_LOCK, self._token))
            except Exception as failure:  # noqa: BLE001  the next beat may succeed
                _log.warning("the lease of the upgrade was not renewed: %s", type(failure).__name__)
                _close(database)
                database = None
        _close(database)

    def _held(self) -> _Held:
        sql = "SELECT token, beat, holder, connection FROM migration_lock WHERE number = ?"
        [(token, beat, holder, connection)] = self._transaction.select(sql, (_LOCK,))
        return _Held(bytes(token), beat, bytes(holder), connection)

    def _is_free(self, held: _Held) -> bool:
        """Return whether nobody holds the lock, or one whose connection to this very server has ended."""
        if not held.token:
            return True
        if held.holder != self._server:  # of another server, or invisible to this user
            return False
        sql = "SELECT 1 FROM information_schema.processlist WHERE id = ?"
        return not self._transaction.select(sql, (held.connection,))

    def _is_taken_from(self, held: _Held) -> bool:
        """Take the lock if it is still as it was seen (compare and swap)."""
        sql = (
            "UPDATE migration_lock SET token = ?, beat = beat + 1, holder = ?, connection = CONNECTION_ID()"
            " WHERE number = ? AND token = ? AND beat = ?"
        )
        values = (self._token, self._server, _LOCK, held.token, held.beat)
        return self._tried(lambda: self._transaction.change(sql, values) == 1)

    def _count_up(self, number: int) -> None:
        self._transaction.execute("UPDATE migration_lock SET beat = beat + 1 WHERE number = ?", (number,))

    def _tried(self, work: Callable[[], bool | None]) -> bool:
        """Return what `work` returns, None as True; False if another process wrote the same row at the same time."""
        try:
            return work() is not False
        except Exception as failure:
            if self._engine.error_kind(failure) is not ErrorKind.RETRY:
                raise
            return False


def _close(database: Any) -> None:
    if database is not None:
        with contextlib.suppress(Exception):
            database.close()
