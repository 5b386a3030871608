"""Is the SQLite file opened as its promise needs it? Settings, version, locks, and the size of its log."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

from tests.storage.conftest import Open
from tracker.storage.engine.database import Database
from tracker.storage.engine.error_kinds import IncompatibleDatabase
from tracker.storage.engine.sqlite import can_corrupt
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.own_database import own_database

MEGABYTE = 1024 * 1024
#: What SQLite itself calls synchronous=FULL.
FULL = 2


def pragma(transaction: Transaction, name: str) -> object:
    return transaction.select(f"PRAGMA {name}")[0][0]


def test_the_writers_connection_syncs_every_commit(file: Database) -> None:
    names = ("journal_mode", "synchronous", "journal_size_limit", "wal_autocheckpoint")
    found = file.write(lambda transaction: {name: pragma(transaction, name) for name in names})
    assert found["journal_mode"] == "wal"
    assert found["synchronous"] == FULL
    assert 0 < found["journal_size_limit"] <= 64 * MEGABYTE
    assert found["wal_autocheckpoint"] == 0  # the writer checkpoints by itself


def test_the_settings_hold_for_every_connection_of_the_writer(file: Database) -> None:
    file.close()
    assert file.write(lambda transaction: pragma(transaction, "synchronous")) == FULL


@pytest.mark.parametrize(
    ("version", "is_affected"),
    [
        ("3.7.0", True), ("3.40.1", True), ("3.44.5", True), ("3.44.6", False), ("3.44.9", False), ("3.45.0", True),
        ("3.49.9", True), ("3.50.6", True), ("3.50.7", False), ("3.51.0", True), ("3.51.2", True), ("3.51.3", False),
        ("3.52.0", False), ("3.54.1", False), ("4.0.0", False),
    ],
)  # fmt: skip
def test_versions_that_corrupt_shared_files(version: str, is_affected: bool) -> None:
    assert can_corrupt(version) is is_affected


@pytest.mark.parametrize("is_weak_accepted", [False, True])
def test_such_a_version_is_refused_whatever_else_is_accepted(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, is_weak_accepted: bool
) -> None:
    monkeypatch.setattr(apsw, "sqlitelibversion", lambda: "3.40.1")  # the wheel's own cannot be another one
    database = own_database(sqlite_url, is_weak_accepted=is_weak_accepted)
    with pytest.raises(IncompatibleDatabase, match=r"3\.40\.1"):
        database.upgrade()
    with pytest.raises(IncompatibleDatabase):
        database.read(lambda transaction: transaction.select("SELECT 1"))


def test_the_installed_version_is_not_affected() -> None:
    assert not can_corrupt(apsw.sqlitelibversion())


def test_a_write_transaction_takes_the_lock_before_its_first_statement(
    file: Database, sqlite_url: str
) -> None:
    other = apsw.Connection(sqlite_url.removeprefix("sqlite:///"))

    def work(transaction: Transaction) -> None:
        with pytest.raises(apsw.BusyError):
            other.execute("BEGIN IMMEDIATE")

    file.write(work)
    other.execute("BEGIN IMMEDIATE; ROLLBACK")
    other.close()


def test_a_write_may_read_first_while_others_write(sqlite_url: str, opened: Open) -> None:
    """A deferred transaction that read before it wrote would fail here at once, whatever its timeout."""
    one, two = opened(sqlite_url), opened(sqlite_url)
    one.write(
        lambda transaction: transaction.insert(
            "writer_leases", ("number", "token", "leased_until"), [(1, b"", 0)]
        )
    )

    def count_up(transaction: Transaction) -> None:
        [(until,)] = transaction.select("SELECT leased_until FROM writer_leases")
        transaction.execute("UPDATE writer_leases SET leased_until = ?", (until + 1,))

    for database in (one, two, one, two):
        database.write(count_up)
    assert one.read(lambda transaction: transaction.select("SELECT leased_until FROM writer_leases")) == [
        (4,)
    ]


def test_readers_do_not_wait_for_a_writer(sqlite_url: str, opened: Open) -> None:
    database = opened(sqlite_url)
    other = apsw.Connection(sqlite_url.removeprefix("sqlite:///"))
    other.execute("BEGIN EXCLUSIVE")
    assert database.read(lambda transaction: transaction.select("SELECT COUNT(*) FROM events")) == [(0,)]
    other.close()


def test_the_log_stays_small_after_a_load_with_a_reader_in_between(file: Database, sqlite_url: str) -> None:
    path = sqlite_url.removeprefix("sqlite:///")
    log = Path(f"{path}-wal")
    reader = apsw.Connection(path)
    with reader:  # a savepoint: one long look at the file, as a backup or a person with a shell takes it
        reader.execute("SELECT COUNT(*) FROM migrations").fetchall()
        _write(file, first=0, megabytes=80)
        assert log.stat().st_size > 64 * MEGABYTE, "the reader kept the log from being taken up again"
    _write(file, first=80, megabytes=24)
    assert log.stat().st_size <= 64 * MEGABYTE
    reader.close()


def test_the_log_stays_small_under_a_load_with_short_reads(
    file: Database, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    log = Path(f"{sqlite_url.removeprefix('sqlite:///')}-wal")
    for megabyte in range(70):
        _write(file, first=megabyte, megabytes=1)
        file.read(lambda transaction: transaction.select("SELECT COUNT(*) FROM event_ids"))
        assert log.stat().st_size <= 64 * MEGABYTE
    assert not caplog.records, "tidying the log has not failed"


def _write(database: Database, first: int, megabytes: int) -> None:
    columns = ("list_id", "event_key", "event_id", "digest")
    for number in range(first, first + megabytes):
        row = (1, b"%d" % number, number, bytes(MEGABYTE))
        database.write(lambda transaction, row=row: transaction.insert("event_ids", columns, [row]))


def test_the_log_stays_small_while_two_processes_write_without_a_pause(
    file: Database, sqlite_url: str
) -> None:
    """SQLite's own checkpoints never finish then: the log grew by 100 MB a second."""
    file.write(lambda transaction: transaction.execute("CREATE TABLE busy (a BLOB PRIMARY KEY, b, c, d)"))
    command = [sys.executable, "-m", "tests.storage.busy_writer", sqlite_url, "4"]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    log = Path(sqlite_url.removeprefix("sqlite:///") + "-wal")
    largest = 0
    while any(writer.poll() is None for writer in writers):
        largest = max(largest, log.stat().st_size if log.exists() else 0)
        time.sleep(0.01)
    commits = [int(writer.communicate(timeout=30)[0]) for writer in writers]
    assert min(commits) > 20
    assert largest <= 64 * MEGABYTE
