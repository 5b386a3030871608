"""Database of one process: a pool of reading connections and a writer for each shard, opened at first use, after the fork."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol, TypeVar

import gevent
from gevent.lock import BoundedSemaphore

from tracker.errors import StorageUnavailable
from tracker.formats.database_url import DatabaseURL
from tracker.storage.engine.engine_protocol import Engine
from tracker.storage.engine.error_kinds import ErrorKind, IncompatibleDatabase
from tracker.storage.engine.mysql import MysqlEngine
from tracker.storage.engine.server_rules import LOSES, REQUEST_SECONDS, WARNS, Remark
from tracker.storage.engine.sharding import shard_of
from tracker.storage.engine.sqlite import SqliteEngine
from tracker.storage.engine.transaction import Transaction
from tracker.storage.engine.write_connection import RECONNECT_PAUSE
from tracker.storage.engine.writer import NOTHING_QUEUED, QueueLength, Writer

T = TypeVar("T")
#: Reading connections of one process to a server; SQLite needs one, since its reads do not wait for a network.
MAX_READERS = 8
#: Seconds after a commit for which a server may have writes in flight that began before it and read the older state: longer
#: than any deadline of a write (REQUEST_SECONDS, and 10 s for a step of a job). Work that must see all earlier writes waits
#: so long: merging a visitor's history, looking again for late links, reassigning and erasing (`in_flight_seconds`).
IN_FLIGHT_SECONDS = 15.0


def engine_of(url: str) -> SqliteEngine | MysqlEngine:
    """Return the engine that `TRACKER_DATABASE_URL` names. Raises ValueError for a scheme that has no engine."""
    parsed = DatabaseURL.parse(url)
    return SqliteEngine(parsed) if parsed.kind == "sqlite" else MysqlEngine(parsed)


def in_flight_seconds(engine: Engine) -> float:
    """Return IN_FLIGHT_SECONDS for a server, and 0 for an SQLite file: its one writer sees every earlier commit."""
    return IN_FLIGHT_SECONDS if engine.is_remote else 0.0


class SchemaHistory(Protocol):
    """Migrations of a database, on an open connection to it."""

    def upgrade(self, database: Any, engine: Engine) -> list[str]: ...

    def verify(self, database: Any, engine: Engine) -> None: ...

    def lacking(self, rows: Sequence[Sequence[Any]]) -> list[tuple[str, Any]]: ...


class Versions(NamedTuple):
    """The engine with its version, such as `SQLite 3.51.3`, and the names of Tracker's own migrations, in order."""

    engine: str
    migrations: list[str]


class Database:
    """The database as one process uses it. Nothing is opened until it is used."""

    def __init__(
        self, url: str, migrations: SchemaHistory, is_weak_accepted: bool = False, shards: int = 1
    ) -> None:
        self.engine = engine_of(url)
        self.engine.shards = shards
        self.migrations = migrations
        self._is_weak_accepted = is_weak_accepted
        #: Told how many seconds each group of writes took.
        self.on_commit: Callable[[float], None] = lambda _seconds: None
        self._pid = 0
        self._reset()

    @property
    def shards(self) -> int:
        """How many databases lists are spread over (`sharding.py`)."""
        return self.engine.shards

    def read(self, work: Callable[[Transaction], T], deadline: float | None = None) -> T:
        """Return `work(transaction)` on a reading connection; `work` may be run more than once.

        A connection that is lost or refused is tried again until the deadline, as for writes: a failover may be over by
        then. Each statement sees what was committed when it began. Raises StorageUnavailable.
        """
        self._after_fork()
        until = deadline or time.monotonic() + REQUEST_SECONDS
        in_time = StorageUnavailable("the database did not answer in time")
        with gevent.Timeout(max(0.0, until - time.monotonic()), in_time), self._reader_slots:
            return self._read_until(work, until)

    def snapshot(self, work: Callable[[Transaction], T]) -> T:
        """Return `work(transaction)` on one snapshot, for as long as it takes. Raises StorageUnavailable."""
        database = self.connect(is_patient=True)
        try:
            self.engine.begin_snapshot(database)
            return work(Transaction(database, self.engine))
        finally:
            database.close()

    def write(
        self, work: Callable[[Transaction], T], deadline: float | None = None, list_id: int | None = None
    ) -> T:
        """Return `work(transaction)` of a write transaction, committed when this returns; `work` may be run more than once.

        What it writes belongs to the list, or else to what all lists share (`sharding.py`).

        Raises StorageUnavailable, OutcomeUnknown, and whatever `work` raises (then nothing is stored).
        """
        return self.submit(run_each, work, deadline, list_id=list_id)  # type: ignore[no-any-return]

    def versions(self, deadline: float | None = None) -> Versions:
        """Return the versions of the engine and of the tables. Raises StorageUnavailable."""
        return self.read(_versions, deadline)

    def submit(
        self,
        handler: Any,
        item: Any,
        deadline: float | None = None,
        size: int = 1,
        list_id: int | None = None,
    ) -> Any:
        """Have `item` (of `size` rows) applied by `handler(transaction, items)` in the next group commit; return its result.

        A group is of one shard: that of the list.
        """
        self._after_fork()
        writer = self._writer_of(shard_of(list_id, self.shards))
        return writer.submit(handler, item, deadline or time.monotonic() + REQUEST_SECONDS, size)

    def queue_length(self) -> QueueLength:
        """Return what waits to be written by this process."""
        writers = self._writers.values() if self._pid == os.getpid() else ()
        lengths = [writer.length for writer in writers]
        return QueueLength(*(sum(each) for each in zip(*lengths, strict=True))) if lengths else NOTHING_QUEUED

    def clean(self, first: int) -> bool:
        """Scrub SCRUBBED_PAGES pages of the file from `first` on, and empty its write-ahead log, of deleted bytes.

        Return False while another connection reads an older state, or writes. On a server there is nothing to do: its
        files are its own.
        """
        if not isinstance(self.engine, SqliteEngine):
            return True
        database = self.connect(is_writer=True)
        try:
            return self.engine.clean(database, first)
        finally:
            database.close()

    def connect(self, is_writer: bool = False, is_patient: bool = False) -> Any:
        """Open a separate, verified connection. Raises IncompatibleDatabase or StorageUnavailable."""
        try:
            database = self._connect_unverified(is_writer, is_patient)
            with _closed_on_failure(database):
                self.migrations.verify(database, self.engine)
        except Exception as failure:
            if self.engine.error_kind(failure) is ErrorKind.PERMANENT:
                raise
            raise StorageUnavailable(str(failure)) from failure
        return database

    def look_around(self) -> list[Remark]:
        """Return what is wrong with the server and the other members of its cluster, in a few seconds.

        Where weak durability is accepted, that which loses events is only warned of. Raises StorageUnavailable.
        """
        try:
            found = self.engine.look_around()
        except Exception as failure:
            if self.engine.error_kind(failure) is not ErrorKind.PERMANENT:
                raise StorageUnavailable(str(failure)) from failure
            # A proxy or another engine may not know the statements; events can be taken all the same.
            found = [Remark(WARNS, f"the database server could not be looked at ({failure})")]
        is_waived = self._is_weak_accepted
        return [each._replace(weight=WARNS) if is_waived and each.weight == LOSES else each for each in found]

    def upgrade(self) -> list[str]:
        """Bring the database to this code's version; return the names of the migrations applied."""
        self.engine.file.make()
        database = self._connect_unverified(is_writer=True, is_patient=True)
        try:
            applied = self.migrations.upgrade(database, self.engine)
            self.engine.file.renew_stamp(database)
            return applied
        finally:
            database.close()

    def _connect_unverified(self, is_writer: bool, is_patient: bool = False) -> Any:
        database = self.engine.connect(is_writer, is_patient)
        with _closed_on_failure(database):
            self.engine.check(database, self._is_weak_accepted)
        return database

    def close(self) -> None:
        """Finish the queued writes and close all connections."""
        if self._pid == os.getpid():
            for writer in self._writers.values():
                writer.close()
            self._close_readers()

    def _reset(self) -> None:
        self._idle_readers: list[Any] = []
        self._reader_slots = BoundedSemaphore(1 if self.engine.name == "sqlite" else MAX_READERS)
        #: A writer for each shard: one that is away holds up no other.
        self._writers: dict[int, Writer] = {}

    def _writer_of(self, shard: int) -> Writer:
        found = self._writers.get(shard)
        if found is None:
            found = self._writers[shard] = Writer(
                self.engine, lambda: self.connect(is_writer=True), lambda seconds: self.on_commit(seconds)
            )
        return found

    def _after_fork(self) -> None:
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._reset()

    def _read_until(self, work: Callable[[Transaction], T], until: float) -> T:
        """Try until `until`.

        The slot is not returned between tries, so that few tries run at once, however many callers wait.
        """
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
            kind = self.engine.error_kind(failure)
            is_good = kind is ErrorKind.PERMANENT and not isinstance(failure, StorageUnavailable)
            if kind is ErrorKind.LOST:
                raise _ConnectionLost(str(failure)) from failure
            if kind is not ErrorKind.PERMANENT:
                raise StorageUnavailable(str(failure)) from failure
            if self.engine.is_missing_table(failure):  # a half restored database says so
                self.migrations.verify(database, self.engine)
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
    """Handler of plain writes: each is a function of the transaction."""
    return [work(transaction) for work in works]


def _versions(transaction: Transaction) -> Versions:
    is_server = transaction.engine.is_remote
    [(version,)] = transaction.select("SELECT VERSION()" if is_server else "SELECT sqlite_version()")
    number = version if isinstance(version, str) else bytes(version).decode()
    kind = "SQLite" if not is_server else "MariaDB" if "MariaDB" in number else "MySQL"
    rows = transaction.select("SELECT name FROM migrations WHERE owner = ? ORDER BY name", (b"tracker",))
    return Versions(f"{kind} {number.partition('-')[0]}", [bytes(name).decode() for (name,) in rows])
