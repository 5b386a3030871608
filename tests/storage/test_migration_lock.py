"""Does the lock of upgrades hold between servers, outlive nobody's death for long, and never end under a holder that lives?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from tests.processes import until
from tests.servers import MariaDB, NewDatabase
from tracker.storage.engine import migration_lock
from tracker.storage.engine.database import Database
from tracker.storage.engine.error_kinds import IncompatibleDatabase
from tracker.storage.engine.migration_lock import BEAT_SECONDS, LEASE_SECONDS, SAY_SECONDS, leased_lock
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.own_database import own_database

HELD = "UPDATE migration_lock SET token = ?, holder = ?, connection = ? WHERE number = 0"


class SlowTimes:
    """A clock that runs only while somebody sleeps; `then` is called with each nap, after it."""

    def __init__(self, then: Callable[[float], None] = lambda seconds: None) -> None:
        self.seconds, self.then = 0.0, then

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.then(seconds)

    def use(self, monkeypatch: pytest.MonkeyPatch) -> SlowTimes:
        times = SimpleNamespace(monotonic=lambda: self.seconds, sleep=self.sleep)
        monkeypatch.setattr(migration_lock, "time", times)
        return self


@pytest.fixture
def server(new_database: NewDatabase) -> Database:
    """A migrated database whose lock somebody at another node holds."""
    database = own_database(new_database("mariadb"))
    database.upgrade()
    change(database, HELD, b"theirs", b"another node", 1)
    return database


def change(database: Database, sql: str, *values: Any) -> None:
    connection = database.engine.connect()
    Transaction(connection, database.engine).execute(sql, values)
    connection.close()


def beat(database: Database) -> None:
    change(database, "UPDATE migration_lock SET beat = beat + 1 WHERE number = 0")


def test_a_holder_that_was_killed_elsewhere_is_succeeded_after_its_lease(
    server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = SlowTimes().use(monkeypatch)
    assert server.upgrade() == []
    assert LEASE_SECONDS < times.seconds < LEASE_SECONDS + 2 * BEAT_SECONDS
    before = times.seconds
    assert server.upgrade() == []
    assert times.seconds == before, "the lock is given back at the end"


def test_a_holder_that_lives_is_waited_for_however_long(
    server: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def then(seconds: float) -> None:
        if times.seconds < 10 * LEASE_SECONDS:
            beat(server)
        else:
            change(server, HELD, b"", b"", 0)

    times = SlowTimes(then).use(monkeypatch)
    assert server.upgrade() == []
    assert 10 * LEASE_SECONDS <= times.seconds < 11 * LEASE_SECONDS
    said = [record.message for record in caplog.records]
    assert said == ["waiting for the upgrade that another process runs on this database"] * int(
        10 * LEASE_SECONDS / SAY_SECONDS
    )


def test_time_in_which_nobody_could_write_is_not_the_holders(
    server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DDL holds up all writes of a cluster: the holder's beat, and what those who wait write for that reason."""
    execute, stalls = Transaction.execute, []

    def slowly(self: Transaction, sql: str, values: Sequence[Any] = ()) -> None:
        execute(self, sql, values)
        if "beat + 1" in sql and len(stalls) < 5:
            stalls.append(sql)
            times.seconds += 2 * LEASE_SECONDS

    monkeypatch.setattr(Transaction, "execute", slowly)
    times = SlowTimes().use(monkeypatch)
    assert server.upgrade() == []
    assert times.seconds > 11 * LEASE_SECONDS, "five stalls of two leases, and one whole lease after them"


def test_who_lost_the_lock_ends_before_the_next_step(new_database: NewDatabase) -> None:
    database = own_database(new_database("mariadb"))
    connection = database.engine.connect()
    with leased_lock(database.engine, connection, b"here") as verify:
        verify()
        change(database, HELD, b"theirs", b"another node", 1)
        with pytest.raises(
            IncompatibleDatabase, match="another upgrade took over while this one stood still"
        ):
            verify()
    rows = Transaction(connection, database.engine).select(
        "SELECT token FROM migration_lock WHERE number = 0"
    )
    assert rows == [(b"theirs",)], "what is another's is not given back"
    connection.close()


def test_the_holder_renews_its_lease_while_a_statement_runs(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration_lock, "BEAT_SECONDS", 0.01)
    database = own_database(new_database("mariadb"))
    connection = database.engine.connect(is_patient=True)

    def beats(transaction: Transaction) -> int:
        [(beats,)] = transaction.select("SELECT beat FROM migration_lock WHERE number = 0")
        return int(beats)

    transaction = Transaction(connection, database.engine)
    with leased_lock(database.engine, connection, b"here"):
        before = beats(transaction)
        while beats(transaction) < before + 5:  # on a connection of its own: this one is always busy
            transaction.select("SELECT SLEEP(0.02)")
    connection.close()


def test_a_connection_that_is_gone_from_the_same_server_is_not_waited_for(
    mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed upgrade can be run again at once; one of a living connection cannot be taken."""
    database = own_database(mariadb.new_database())
    first, second = database.engine.connect(), database.engine.connect()
    times = SlowTimes().use(monkeypatch)
    [number] = first.execute_sql("SELECT CONNECTION_ID()").fetchone()
    with leased_lock(database.engine, first, b"here"):
        first.close()  # as at a kill; what beats is a thread of this process and lives on
        living = "SELECT 1 FROM information_schema.processlist WHERE id = %s"
        until(lambda: not mariadb.execute(living, number), 60)
        with leased_lock(database.engine, second, b"here"):
            assert times.seconds < LEASE_SECONDS
    second.close()
