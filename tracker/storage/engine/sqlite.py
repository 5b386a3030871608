"""SQLite engine: connections to the one file, its write lock, and checkpoints of its write-ahead log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
from playhouse.apsw_ext import APSWDatabase

from tracker.formats.database_url import DatabaseURL
from tracker.storage.engine import sqlite_errors
from tracker.storage.engine.engine_protocol import ServerReading
from tracker.storage.engine.error_kinds import ErrorKind, IncompatibleDatabase
from tracker.storage.engine.log_stamp import StampedFile, refuse_foreign_log
from tracker.storage.engine.scrubbing import scrub
from tracker.storage.engine.server_rules import Remark
from tracker.storage.engine.sqlite_dialect import LOWER, SqliteDialect, lower_text
from tracker.storage.engine.sqlite_file import has_log

#: FULL syncs the log at every commit: with NORMAL a power cut loses acknowledged commits.
PRAGMAS = (
    ("journal_mode", "WAL"),
    ("synchronous", "FULL"),
    ("wal_autocheckpoint", 0),  # `checkpoint` does it
    ("journal_size_limit", 64 * 1024 * 1024),
    ("cache_size", -16 * 1024),
    ("temp_store", "MEMORY"),
    ("secure_delete", "ON"),  # deleted bytes are overwritten, not only freed
)
#: Versions whose WAL-reset fault can corrupt a file that several processes use, by the fixed release of each branch.
FIXED_IN_BRANCH = {(3, 50): 7, (3, 44): 6}
FIXED_SINCE = (3, 51, 3)

#: Pages of the write-ahead log (4 KiB each) from which it is copied into the file if that blocks no other connection,
#: and from which it is copied in any case.
CHECKPOINT_PAGES, MAX_WAL_PAGES = 4_000, 10_000
#: Seconds of a nap, and naps, while a checkpoint waits for other processes to release the log. SQLite's own busy
#: timeout naps too long to catch a free moment.
NAP_SECONDS, MAX_NAPS = 0.00005, 4_000
#: Seconds that it waits at most.
MAX_NAP_SECONDS = NAP_SECONDS * MAX_NAPS
#: Tries of one scrubbing to have both at once: an empty log and the write lock.
TRIES_TO_CLEAN = 20
#: Pages that may be added after a blocking checkpoint failed, before others are blocked again.
PATIENCE_PAGES = 2_000


class _Database(APSWDatabase):  # type: ignore[misc]
    def _add_conn_hooks(self, conn: apsw.Connection) -> None:
        refuse_foreign_log(conn, Path(self.database))
        super()._add_conn_hooks(conn)
        conn.create_scalar_function(LOWER, lower_text, 1, deterministic=True)


class SqliteEngine(SqliteDialect):
    """One file. Transactions are `BEGIN IMMEDIATE`: a deferred one fails when it turns from reading to writing."""

    name = "sqlite"
    is_remote = False
    lookup_batch = 1
    counter_slots = 1
    for_update = ""  # the write lock is held already

    def __init__(self, url: DatabaseURL) -> None:
        self.path, self.file = url.path, StampedFile(url.path)
        self.shards = 1
        self._wal_pages, self._restart_from_pages = 0, MAX_WAL_PAGES

    def connect(self, is_writer: bool = False, is_patient: bool = False) -> APSWDatabase:
        """Return a peewee database with one open connection.

        Opening waits for other processes; afterwards writers have no busy timeout: they yield between tries. Raises
        IncompatibleDatabase if there is no file, or another file than the one opened first.
        """
        self.file.verify()
        database = _Database(
            str(self.path), pragmas=PRAGMAS, timeout=5, thread_safe=False, statementcachesize=300,
            flags=apsw.SQLITE_OPEN_READWRITE,
        )  # fmt: skip
        database.connect()
        if is_writer:
            database.connection().set_busy_timeout(0)
            database.connection().set_wal_hook(self._note_wal_pages)
        return database

    def check(self, database: APSWDatabase, is_weak_accepted: bool) -> None:
        """Raise IncompatibleDatabase when this SQLite build corrupts files that several processes share."""
        if can_corrupt(apsw.sqlitelibversion()):
            raise IncompatibleDatabase(
                f"SQLite {apsw.sqlitelibversion()} can corrupt a file that several processes use"
            )

    def look_around(self) -> Sequence[Remark]:
        """Return nothing: a file has no settings of its own."""
        return ()

    def server_reading(self, database: APSWDatabase) -> ServerReading:
        """Return no name, and this machine's clock."""
        return ServerReading("", time.time_ns() // 1_000_000)

    def begin(self, database: APSWDatabase) -> bool:
        """Take the write lock; return False when another process holds it."""
        try:
            database.connection().execute("BEGIN IMMEDIATE")
        except sqlite_errors.BUSY:
            return False
        return True

    def begin_snapshot(self, database: APSWDatabase) -> None:
        database.connection().execute("BEGIN")

    @contextmanager
    def at_one_moment(self, database: APSWDatabase) -> Iterator[None]:
        """Give several statements one snapshot: what was committed when the first began."""
        connection = database.connection()
        if connection.in_transaction:
            yield
            return
        connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")

    def commit(self, database: APSWDatabase) -> None:
        self.file.verify()
        database.connection().execute("COMMIT")
        self.file.verify()

    def checkpoint(self, database: APSWDatabase) -> None:
        """Keep the write-ahead log short, after a commit was answered.

        SQLite's own checkpoints block no other connection, so with two busy writers they never finish and the log grows
        without end (467 MB in 4 s). Past MAX_WAL_PAGES the other connections are therefore blocked, for one checkpoint.
        """
        if self._wal_pages < CHECKPOINT_PAGES:
            self._restart_from_pages = MAX_WAL_PAGES
            return
        connection, started = database.connection(), time.monotonic()
        try:
            if self._wal_pages < self._restart_from_pages:
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            else:
                _blocking_checkpoint(connection, apsw.SQLITE_CHECKPOINT_RESTART)
        except apsw.BusyError:
            # Either another process makes a checkpoint, which ends soon, or a reader needs the log's end, for an
            # unknown time.
            if time.monotonic() - started > MAX_NAP_SECONDS:
                self._restart_from_pages = self._wal_pages + PATIENCE_PAGES

    def clean(self, database: APSWDatabase, first: int) -> bool:
        """Empty the write-ahead log, and scrub pages from `first` on; return False while another connection reads or writes."""
        connection = database.connection()
        if not self._begin_without_log(database):
            return False
        try:
            scrub(connection, self.path, first)
            connection.execute("UPDATE trusted_time SET waited = waited")
            self.commit(database)
        finally:
            self.rollback(database)
        return True

    def _begin_without_log(self, database: APSWDatabase) -> bool:
        """Open a transaction with an empty log. Others write between the two, so several tries are made."""
        try:
            for _ in range(TRIES_TO_CLEAN):
                _blocking_checkpoint(database.connection(), apsw.SQLITE_CHECKPOINT_TRUNCATE)
                if self.begin(database) and not has_log(self.path):
                    return True
                self.rollback(database)
        except apsw.BusyError:
            pass  # a reader needs the log
        return False

    def _note_wal_pages(self, connection: apsw.Connection, name: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def rollback(self, database: APSWDatabase) -> None:
        connection = database.connection()
        if connection.in_transaction:  # a full disk has rolled back already
            connection.execute("ROLLBACK")

    def is_commit_outcome_known(self, failure: BaseException) -> bool:
        return sqlite_errors.has_rolled_back(failure)

    def error_kind(self, failure: BaseException) -> ErrorKind:
        return sqlite_errors.error_kind(failure)

    def is_duplicate_key(self, failure: BaseException) -> bool:
        return sqlite_errors.is_duplicate_key(failure)

    def is_missing_table(self, failure: BaseException) -> bool:
        return "no such table" in str(failure)

    @contextmanager
    def migration_lock(self, database: APSWDatabase) -> Iterator[Callable[[], None]]:
        """Run all migrations in one exclusive transaction: a killed run leaves nothing half done. It cannot be lost."""
        connection = database.connection()
        connection.set_busy_timeout(60_000)
        connection.execute("BEGIN EXCLUSIVE")
        try:
            yield lambda: None
        except BaseException:
            self.rollback(database)
            raise
        connection.execute("COMMIT")

    def changed_rows(self, cursor: Any) -> int:
        return cursor.connection.changes()  # type: ignore[no-any-return]

    def cursor(self, database: APSWDatabase) -> Any:
        return database.connection().cursor()


def can_corrupt(sqlite_version: str) -> bool:
    """Return whether this version has the WAL-reset fault. Weak durability may be accepted, a corrupt file may not."""
    version = tuple(map(int, sqlite_version.split(".")))
    return version < FIXED_SINCE and version[2] < FIXED_IN_BRANCH.get((version[0], version[1]), 1000)


def _blocking_checkpoint(connection: apsw.Connection, mode: int) -> None:
    """Copy the write-ahead log into the file; other connections are blocked as long as it takes."""
    connection.set_busy_handler(_nap)
    try:
        connection.wal_checkpoint(mode=mode)
    finally:
        connection.set_busy_handler(None)


def _nap(naps: int) -> bool:
    time.sleep(NAP_SECONDS)
    return naps < MAX_NAPS
