"""Is each connection to a server told what it needs, and is a server refused that may forget?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pymysql
import pytest

from tests.servers import MariaDB
from tests.storage.conftest import Open
from tracker.errors import StorageUnavailable
from tracker.storage.engine.database import Database
from tracker.storage.engine.error_kinds import IncompatibleDatabase
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.own_database import own_database

VARIABLES = (
    "@@sql_mode", "@@transaction_isolation", "@@character_set_client", "@@character_set_connection",
    "@@character_set_results", "@@time_zone", "@@autocommit",
)  # fmt: skip


def session(transaction: Transaction) -> dict[str, object]:
    names = ", ".join(name.replace("@@transaction_isolation", "@@tx_isolation") for name in VARIABLES)
    return dict(zip(VARIABLES, transaction.select(f"SELECT {names}")[0], strict=True))


@contextmanager
def set_global(mariadb: MariaDB, name: str, value: int) -> Iterator[None]:
    [(old,)] = mariadb.execute(f"SELECT @@GLOBAL.{name}")
    mariadb.execute(f"SET GLOBAL {name} = {value}")
    try:
        yield
    finally:
        mariadb.execute(f"SET GLOBAL {name} = {old}")


@pytest.mark.parametrize("door", ["read", "write"])
def test_every_connection_is_strict_and_sees_what_is_committed(server: Database, door: str) -> None:
    found = getattr(server, door)(session)
    assert "STRICT_ALL_TABLES" in str(found["@@sql_mode"]).split(",")
    assert found["@@transaction_isolation"] == "READ-COMMITTED"
    assert {found[name] for name in VARIABLES[2:5]} == {"utf8mb4"}
    assert found["@@time_zone"] == "+00:00"
    assert found["@@autocommit"] == 1


def test_the_modes_are_ours_whatever_the_server_has(mariadb: MariaDB, opened: Open) -> None:
    mariadb.execute("SET GLOBAL sql_mode = ''")
    mariadb.execute("SET GLOBAL tx_isolation = 'SERIALIZABLE'")
    try:
        found = opened(mariadb.new_database(charset="latin1")).write(session)
    finally:
        mariadb.execute("SET GLOBAL sql_mode = DEFAULT")
        mariadb.execute("SET GLOBAL tx_isolation = DEFAULT")
    assert "STRICT_ALL_TABLES" in str(found["@@sql_mode"])
    assert found["@@transaction_isolation"] == "READ-COMMITTED"


def test_a_value_that_does_not_fit_is_refused_and_not_cut_short(server: Database) -> None:
    row = (1, b"x" * 65, 1, b"digest")
    columns = ("list_id", "event_key", "event_id", "digest")
    for insert in ("insert", "insert_missing"):
        with pytest.raises(Exception, match="Data too long"):
            server.write(
                lambda transaction, name=insert: getattr(transaction, name)("event_ids", columns, [row])
            )
    assert server.read(lambda transaction: transaction.select("SELECT COUNT(*) FROM event_ids")) == [(0,)]


def test_a_row_that_is_there_is_kept_and_the_others_are_added(database: Database) -> None:
    columns = ("list_id", "event_key", "event_id", "digest")
    database.write(lambda t: t.insert("event_ids", columns, [(1, b"b", 2, b"old")]))
    rows = [(1, b"c", 3, b"new"), (1, b"b", 9, b"new"), (1, b"a", 1, b"new")]
    database.write(lambda t: t.insert_missing("event_ids", columns, rows))
    found = database.read(
        lambda t: t.select("SELECT event_key, event_id, digest FROM event_ids ORDER BY event_key")
    )
    assert found == [(b"a", 1, b"new"), (b"b", 2, b"old"), (b"c", 3, b"new")]


def test_a_server_that_forgets_commits_is_refused_unless_that_is_accepted(mariadb: MariaDB) -> None:
    url = mariadb.new_database()
    with set_global(mariadb, "innodb_flush_log_at_trx_commit", 2):
        for refused in (
            own_database(url).upgrade,
            lambda: own_database(url).read(lambda t: t.select("SELECT 1")),
        ):
            with pytest.raises(
                IncompatibleDatabase, match=r"^innodb_flush_log_at_trx_commit is 2, must be 1: .*=1 "
            ):
                refused()
        accepting = own_database(url, is_weak_accepted=True)
        accepting.upgrade()
        assert accepting.write(lambda t: t.select("SELECT 1")) == [(1,)]
        accepting.close()
    own_database(url).upgrade()


def test_a_binlog_must_be_synced_too() -> None:
    with MariaDB("--log-bin=binlog", "--server-id=1", "--sync-binlog=1") as own:
        url = own.new_database()
        own_database(url).upgrade()
        own.execute("SET GLOBAL sync_binlog = 0")
        with pytest.raises(IncompatibleDatabase, match=r"^sync_binlog is 0, must be 1: "):
            own_database(url).upgrade()
        own_database(url, is_weak_accepted=True).upgrade()


def test_credentials_and_names_are_unquoted(mariadb: MariaDB, opened: Open) -> None:
    mariadb.execute("CREATE DATABASE `od/d name`")
    for host in ("localhost", "127.0.0.1"):
        mariadb.execute(f"CREATE USER 'us@er'@'{host}' IDENTIFIED BY 'p:w/d@%'")
        mariadb.execute(f"GRANT ALL ON *.* TO 'us@er'@'{host}'")
    database = opened(f"mysql://us%40er:p%3Aw%2Fd%40%25@127.0.0.1:{mariadb.port}/od%2Fd%20name")
    [(name, user)] = database.read(lambda t: t.select("SELECT DATABASE(), USER()"))
    assert (name, user.rpartition("@")[0]) == ("od/d name", "us@er")


def test_a_wrong_password_is_no_storage(mariadb: MariaDB) -> None:
    with pytest.raises(StorageUnavailable):
        own_database(f"mysql://nobody:x@127.0.0.1:{mariadb.port}/x").read(lambda t: t.select("SELECT 1"))


def test_reads_share_a_pool_of_connections(server: Database, mariadb: MariaDB) -> None:
    for _ in range(20):
        server.read(lambda transaction: transaction.select("SELECT 1"))
    sql = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = %s"
    assert mariadb.execute(sql, server.engine.database_name) == ((1,),)


def test_a_migration_may_take_longer_than_a_request(server: Database) -> None:
    """Copying a large table takes minutes; the timeouts of requests are not for that connection."""
    connection = server.engine.connect(is_patient=True)
    began = time.monotonic()
    assert connection.execute_sql("SELECT SLEEP(5.3)").fetchone() == (0,)
    assert time.monotonic() - began > 5.2
    connection.close()


def test_a_request_does_not_wait_longer_than_it_may(server: Database) -> None:
    connection = server.engine.connect()
    with pytest.raises(Exception, match="timed out") as caught:
        connection.execute_sql("SELECT SLEEP(7)")
    assert isinstance(caught.value.__cause__ or caught.value.__context__, pymysql.OperationalError)
    connection.close()
