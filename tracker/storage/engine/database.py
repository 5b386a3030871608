"""How does a process read, and how does it write? One reader pool, one writer; opened at first use, after the fork."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import gevent
from gevent.lock import BoundedSemaphore

from tracker.errors import StorageUnavailable
from tracker.formats.database_url import DatabaseURL
from tracker.storage.engine.engine_protocol import Engine
from tracker.storage.engine.error_kinds import ErrorKind, IncompatibleDatabase
from tracker.storage.engine.mysql import MysqlEngine
from tracker.storage.engine.sqlite import SqliteEngine
from tracker.storage.engine.transaction import Transaction
from tracker.storage.engine.write_connection import RECONNECT_PAUSE
from tracker.storage.engine.writer import Writer

T = TypeVar("T")
#: Reading connections of one process to a server; SQLite needs one, since its reads do not wait for a network.
MAX_READERS = 8
#: Seconds a request may take after its body was read.
REQUEST_SECONDS = 5.0


def engine_of(url: str) -> SqliteEngine | MysqlEngine:
    """The engine that `TRACKER_DATABASE_URL` names; raises ValueError for a scheme there is none for."""
    parsed = DatabaseURL.parse(url)
    return SqliteEngine(parsed) if parsed.kind == "sqlite" else MysqlEngine(parsed)


class SchemaHistory(Protocol):
    """Migrations of a database, on an open connection to it."""

    def upgrade(self, database: Any, engine: Engine) -> list[str]: ...

    def verify(self, database: Any, engine: Engine) -> None: ...

    def lacking(self, done: set[tuple[bytes, bytes]]) -> list[tuple[str, Any]]: ...


class Database:
    """Everything a process does with its database. Nothing is opened until it is used."""

    def __init__(self, url: str, migrations: SchemaHistory, is_weak_accepted: bool = False) -> None:
        self.engine = engine_of(url)
        self.migrations = migrations
        self._is_weak_accepted = is_weak_accepted
        self._pid = 0
        self._reset()

    def read(self, work: Callable[[Transaction], T], deadline: float | None = None) -> T:
        """`work(transaction)` on a reading connection; may be run more than once.

        A connection that is lost or refused is tried anew until the deadline, as writes do: a failover may be over by
        then. Each statement sees what was committed when it began. Raises StorageUnavailable.
        """
        self._after_fork()
        until = deadline or time.monotonic() + REQUEST_SECONDS
        in_time = StorageUnavailable("the database did not answer in time")
        with gevent.Timeout(max(0.0, until - time.monotonic()), in_time), self._reader_slots:
            return self._read_until(work, until)

    def snapshot(self, work: Callable[[Transaction], T]) -> T:
        """`work(transaction)` on the state of one instant, for as long as it takes. Raises StorageUnavailable."""
        database = self.connect(is_patient=True)
        try:
            self.engine.begin_snapshot(database)
            return work(Transaction(database, self.engine))
        finally:
            database.close()

    def write(self, work: Callable[[Transaction], T], deadline: float | None = None) -> T:
        """`work(transaction)` in a write transaction, committed when this returns; may be run more than once.

        Raises StorageUnavailable, OutcomeUnknown, and whatever `work` raises (then nothing is stored).
        """
        return self.submit(run_each, work, deadline)  # type: ignore[no-any-return]

    def submit(self, handler: Any, item: Any, deadline: float | None = None, size: int = 1) -> Any:
        """Have `item` (of `size` rows) applied by `handler(transaction, items)` in the next group to be committed."""
        self._after_fork()
        return self._writer.submit(handler, item, deadline or time.monotonic() + REQUEST_SECONDS, size)

    def clean(self, first: int) -> bool:
        """Have nothing of what was deleted in SCRUBBED_PAGES pages of the file from `first` on, nor in its log.

        False while somebody reads an older state, or writes. A server's files are its own.
        """
        if not isinstance(self.engine, SqliteEngine):
            return True
        database = self.connect(is_writer=True)
        try:
            return self.engine.clean(database, first)
        finally:
            database.close()

    def connect(self, is_writer: bool = False, is_patient: bool = False) -> Any:
        """A new connection of its own, checked: raises IncompatibleDatabase or StorageUnavailable."""
        try:
            database = self._connect_unverified(is_writer, is_patient)
            with _closed_on_failure(database):
                self.migrations.verify(database, self.engine)
        except Exception as failure:
            if self.engine.trouble(failure) is ErrorKind.PERMANENT:
                raise
            raise StorageUnavailable(str(failure)) from failure
        return database

    def upgrade(self) -> list[str]:
        """Bring the database to this code's version; gives the names of the migrations applied."""
        self.engine.file.make()
        database = self._connect_unverified(is_writer=True, is_patient=True)
        try:
            applied = self.migrations.upgrade(database, self.engine)
            self.engine.file.settle(database)
            return applied
        finally:
            database.close()

    def _connect_unverified(self, is_writer: bool, is_patient: bool = False) -> Any:
        database = self.engine.connect(is_writer, is_patient)
        with _closed_on_failure(database):
            self.engine.check(database, self._is_weak_accepted)
        return database

    def close(self) -> None:
        """Finish what is queued, close all connections."""
        if self._pid == os.getpid():
            self._writer.close()
            self._close_readers()

    def _reset(self) -> None:
        self._idle_readers: list[Any] = []
        self._reader_slots = BoundedSemaphore(1 if self.engine.name == "sqlite" else MAX_READERS)
        self._writer = Writer(self.engine, lambda: self.connect(is_writer=True))

    def _after_fork(self) -> None:
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._reset()

    def _read_until(self, work: Callable[[Transaction], T], until: float) -> T:
        """The slot is kept between the tries, so that few try at once, however many wait."""
        pause = 0.0
        while True:
            try:
                return self._read_once(work)
            except _ConnectionLost as lost:
                self._close_readers()
                if time.monotonic() + pause >= until:
                    raise StorageUnavailable(str(lost)) from lost
            gevent.sleep(pause)  # the first one may only have been idle for too long
            pause = RECONNECT_PAUSE

    def _read_once(self, work: Callable[[Transaction], T]) -> T:
        self.engine.file.verify()
        database = self._idle_readers.pop() if self._idle_readers else self._connect_reader()
        is_good = False
        try:
            result = work(Transaction(database, self.engine))
            is_good = True
            return result
        except Exception as failure:
            trouble = self.engine.trouble(failure)
            is_good = trouble is ErrorKind.PERMANENT and not isinstance(failure, StorageUnavailable)
            if trouble is ErrorKind.LOST:
                raise _ConnectionLost(str(failure)) from failure
            if trouble is not ErrorKind.PERMANENT:
                raise StorageUnavailable(str(failure)) from failure
            raise
        finally:  # after a timeout a connection is in the middle of an answer: it is not used again
            if is_good:
                self._idle_readers.append(database)
            else:
                database.close()

    def _connect_reader(self) -> Any:
        try:
            return self.connect()
        except IncompatibleDatabase:
            raise
        except StorageUnavailable as failure:
            raise _ConnectionLost(str(failure)) from failure

    def _close_readers(self) -> None:
        while self._idle_readers:
            self._idle_readers.pop().close()


@contextmanager
def _closed_on_failure(database: Any) -> Iterator[None]:
    try:
        yield
    except BaseException:
        database.close()
        raise


class _ConnectionLost(Exception):
    pass


def run_each(transaction: Transaction, works: list[Callable[[Transaction], Any]]) -> list[Any]:
    """The handler of plain writes: each is a function of the transaction."""
    return [work(transaction) for work in works]
