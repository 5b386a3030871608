"""What becomes of a write that meets a deadlock, a lock, a rival, or a full disk?"""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import apsw
import gevent
import peewee
import pymysql
import pytest

from tests.client import InProcess
from tests.processes import until
from tests.served import StartTracker, make_account
from tests.servers import MariaDB
from tests.storage.conftest import NewIngest
from tracker.domain.event import Event
from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage.engine.database import Database, engine_of
from tracker.storage.engine.error_kinds import Conflict, ErrorKind
from tracker.storage.engine.transaction import Transaction

WRITERS = ("number", "token", "leased_until")
MYSQL, SQLITE = engine_of("mysql://x/y"), engine_of("sqlite:///x")


def raised(failure: Exception, cause: Exception) -> Exception:
    """`failure` as it looks when it is raised while `cause` is being handled."""
    failure.__context__ = cause
    return failure


@pytest.mark.parametrize(
    ("failure", "trouble"),
    [
        (pymysql.OperationalError(1213, "Deadlock found"), ErrorKind.RETRY),
        (pymysql.OperationalError(1205, "Lock wait timeout exceeded"), ErrorKind.RETRY),
        (pymysql.IntegrityError(1062, "Duplicate entry"), ErrorKind.RETRY),
        (Conflict("another was first"), ErrorKind.RETRY),
        (pymysql.OperationalError(2013, "Lost connection"), ErrorKind.LOST),
        (pymysql.OperationalError(2006, "MySQL server has gone away"), ErrorKind.LOST),
        (pymysql.OperationalError(2003, "Can't connect"), ErrorKind.LOST),
        (pymysql.OperationalError(1053, "Server shutdown in progress"), ErrorKind.LOST),
        (
            pymysql.OperationalError(1047, "WSREP has not yet prepared node for application use"),
            ErrorKind.LOST,
        ),
        (pymysql.OperationalError(1180, "Got error 107 during COMMIT"), ErrorKind.LOST),
        (pymysql.InternalError("Packet sequence number wrong - got 1 expected 2"), ErrorKind.LOST),
        (pymysql.InterfaceError(0, ""), ErrorKind.LOST),
        (ConnectionResetError(104, "reset"), ErrorKind.LOST),
        (pymysql.OperationalError(1114, "The table is full"), ErrorKind.UNAVAILABLE),
        (pymysql.OperationalError(1021, "Disk full"), ErrorKind.UNAVAILABLE),
        (pymysql.OperationalError(1290, "--read-only"), ErrorKind.UNAVAILABLE),
        (pymysql.OperationalError(1040, "Too many connections"), ErrorKind.UNAVAILABLE),
        (pymysql.OperationalError(1045, "Access denied"), ErrorKind.UNAVAILABLE),
        (pymysql.OperationalError(1142, "INSERT command denied"), ErrorKind.UNAVAILABLE),
        (pymysql.OperationalError(1105, "vttablet: rpc error"), ErrorKind.UNKNOWN),
        (pymysql.OperationalError(1429, "Unable to connect to foreign data source"), ErrorKind.UNKNOWN),
        (pymysql.OperationalError(12701, "Remote MySQL server has gone away"), ErrorKind.UNKNOWN),
        (pymysql.OperationalError(59999, "of a server that is yet to be made"), ErrorKind.UNKNOWN),
        (pymysql.DataError(1406, "Data too long"), ErrorKind.PERMANENT),
        (pymysql.DataError(1264, "Out of range value"), ErrorKind.PERMANENT),
        (pymysql.DataError(1366, "Incorrect string value"), ErrorKind.PERMANENT),
        (pymysql.IntegrityError(1048, "Column cannot be null"), ErrorKind.PERMANENT),
        (pymysql.OperationalError(1292, "Incorrect datetime value"), ErrorKind.PERMANENT),
        (pymysql.OperationalError(3140, "Invalid JSON text"), ErrorKind.PERMANENT),
        (pymysql.OperationalError(4025, "CONSTRAINT failed"), ErrorKind.PERMANENT),
        (pymysql.ProgrammingError(1064, "syntax"), ErrorKind.PERMANENT),
        (pymysql.OperationalError(1054, "Unknown column"), ErrorKind.PERMANENT),
        (pymysql.ProgrammingError("nan can not be used with MySQL"), ErrorKind.PERMANENT),
        (
            raised(peewee.OperationalError(1213, "Deadlock found"), pymysql.OperationalError(1213, "x")),
            ErrorKind.RETRY,
        ),
        (ValueError("ours"), ErrorKind.PERMANENT),
    ],
)
def test_what_a_servers_errors_mean(failure: BaseException, trouble: ErrorKind) -> None:
    assert MYSQL.error_kind(failure) is trouble


@pytest.mark.parametrize(
    ("failure", "trouble"),
    [
        (apsw.BusyError("locked"), ErrorKind.RETRY),
        (apsw.FullError("database or disk is full"), ErrorKind.UNAVAILABLE),
        (apsw.IOError("disk I/O error"), ErrorKind.UNAVAILABLE),
        (apsw.ReadOnlyError("readonly"), ErrorKind.UNAVAILABLE),
        (apsw.CantOpenError("unable to open"), ErrorKind.UNAVAILABLE),
        (apsw.ProtocolError("locking protocol"), ErrorKind.UNAVAILABLE),
        (apsw.TooBigError("string or blob too big"), ErrorKind.PERMANENT),
        (apsw.ConstraintError("UNIQUE"), ErrorKind.PERMANENT),
        (
            raised(apsw.SQLError("cannot rollback - no transaction is active"), apsw.FullError("x")),
            ErrorKind.UNAVAILABLE,
        ),
        (raised(peewee.OperationalError("hidden"), apsw.FullError("full")), ErrorKind.UNAVAILABLE),
        (ValueError("ours"), ErrorKind.PERMANENT),
    ],
)
def test_what_a_files_errors_mean(failure: BaseException, trouble: ErrorKind) -> None:
    assert SQLITE.error_kind(failure) is trouble


def leases(database: Database) -> list[tuple[int, int]]:
    return database.read(lambda t: t.select("SELECT number, leased_until FROM writer_leases ORDER BY number"))  # type: ignore[return-value]


@contextmanager
def rival(mariadb: MariaDB, database: Database) -> Iterator[pymysql.Connection[Any]]:
    """A connection of another program, in a transaction."""
    with mariadb.connect(database.engine.database_name) as connection:
        connection.begin()
        yield connection
        connection.rollback()


def test_a_deadlock_is_tried_again(server: Database, mariadb: MariaDB) -> None:
    server.write(lambda t: t.insert("writer_leases", WRITERS, [(number, b"", 0) for number in range(200)]))
    threads: list[threading.Thread] = []
    with rival(mariadb, server) as other:
        # It has changed more rows, so that it is ours which the server rolls back.
        other.cursor().execute("UPDATE writer_leases SET leased_until = 5 WHERE number >= 1")

        def crosswise(transaction: Transaction) -> None:
            transaction.execute("UPDATE writer_leases SET leased_until = leased_until + 1 WHERE number = 0")
            if not threads:
                threads.append(threading.Thread(target=_take_and_commit, args=(other,)))
                threads[0].start()
                until(lambda: _waits_for_a_lock(mariadb))
            transaction.execute("UPDATE writer_leases SET leased_until = leased_until + 1 WHERE number = 1")

        server.write(crosswise)
        threads[0].join(5)
    assert leases(server)[:3] == [(0, 101), (1, 6), (2, 5)]
    assert "WE ROLL BACK TRANSACTION" in mariadb.execute("SHOW ENGINE INNODB STATUS")[0][2]


def _take_and_commit(connection: pymysql.Connection[Any]) -> None:
    connection.cursor().execute("UPDATE writer_leases SET leased_until = leased_until + 100 WHERE number = 0")
    connection.commit()


def _waits_for_a_lock(mariadb: MariaDB) -> bool:
    """Asked of the status: innodb_trx tells who asks often what it told before."""
    [(_, waiting)] = mariadb.execute("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'")
    return int(waiting) > 0


def test_a_lock_that_is_held_for_a_while_is_waited_for_and_tried_again(
    server: Database, mariadb: MariaDB
) -> None:
    server.write(lambda t: t.insert("writer_leases", WRITERS, [(0, b"", 0)]))
    tries: list[float] = []
    with rival(mariadb, server) as other:
        other.cursor().execute("UPDATE writer_leases SET leased_until = 10 WHERE number = 0")

        def count_up(transaction: Transaction) -> None:
            tries.append(time.monotonic())
            if len(tries) == 2:
                other.commit()
            transaction.execute("UPDATE writer_leases SET leased_until = leased_until + 1 WHERE number = 0")

        server.write(count_up)
    assert leases(server) == [(0, 11)]
    assert len(tries) == 2
    assert tries[1] - tries[0] < 3, (
        "the wait for a lock leaves time for another try within the request's deadline"
    )


def test_a_lock_that_is_never_given_back_ends_with_the_deadline_and_nothing_is_stored(
    server: Database, mariadb: MariaDB
) -> None:
    server.write(lambda t: t.insert("writer_leases", WRITERS, [(0, b"", 0)]))
    began = time.monotonic()
    with rival(mariadb, server) as other:
        other.cursor().execute("UPDATE writer_leases SET leased_until = 10 WHERE number = 0")
        with pytest.raises((StorageUnavailable, OutcomeUnknown)):
            server.write(
                lambda t: t.execute("UPDATE writer_leases SET leased_until = 1"), time.monotonic() + 3
            )
    assert time.monotonic() - began < 6
    assert leases(server) == [(0, 0)]


def test_of_two_processes_that_meet_a_new_subscriber_at_once_one_makes_the_subscriber(
    server: Database, mariadb: MariaDB, new_ingest: NewIngest
) -> None:
    """The other finds the key taken, rolls back, reads again and tells that nothing was new."""
    ingest = new_ingest(server)
    ingest.track(Event(1, "first", received_at=1))
    insert = (
        "INSERT INTO subscribers (list_id, id, email, email_key, external_id, own_uuid, created_at)"
        " VALUES (1, 77, 'a@x.de', 'a@x.de', NULL, 'sixteen bytes ok', 0)"
    )
    with rival(mariadb, server) as other:
        other.cursor().execute(insert)
        commits = threading.Thread(target=lambda: (until(lambda: _waits_for_a_lock(mariadb)), other.commit()))
        commits.start()
        ingest.track(Event(1, "seen", received_at=1, email=("a@x.de", "a@x.de"), uuid=bytes(15) + b"1"))
        commits.join(5)
    assert server.read(lambda t: t.select("SELECT id FROM subscribers")) == [(77,)]
    assert server.read(
        lambda t: t.select("SELECT DISTINCT subscriber_id FROM events WHERE name <> 'first'")
    ) == [(77,)]


def test_a_full_file_is_told_and_recovers(
    file: Database, sqlite_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    client = InProcess(sqlite_url, tmp_path_factory.mktemp("client"))
    shop = client.open_shop("owner@example.com")
    sent = {"Event": "seen", "ListID": shop.list_id, "Properties": {"text": "x" * 30_000}}
    assert client.call("event.track", shop.key, **sent).status == 200
    _set_page_limit(client, 1)  # SQLite takes what the file has already
    refused = [client.call("event.track", shop.key, **sent) for _ in range(4)]
    assert {(answer.status, *answer.codes, answer.headers["Retry-After"]) for answer in refused} == {
        (503, 100012, "1")
    }
    assert client.rows("SELECT COUNT(*) FROM events") == [(1,)]
    together = [gevent.spawn(client.call, "event.track", shop.key, **sent) for _ in range(5)]
    gevent.joinall(together)
    assert [call.value.codes for call in together] == [[100012]] * 5
    assert client.call("website_events.properties", shop.key, ListID=shop.list_id).status == 200
    _set_page_limit(client, 1_000_000)
    assert client.call("event.track", shop.key, **sent).status == 200
    assert client.rows("SELECT COUNT(*) FROM events") == [(2,)]
    client.close()


def _set_page_limit(client: InProcess, pages: int) -> None:
    client.services.storage.write(lambda transaction: transaction.select(f"PRAGMA max_page_count = {pages}"))


def test_a_full_server_is_told_and_recovers(tmp_path: Any) -> None:
    """A server whose one data file may not grow: InnoDB's 'The table is full'."""
    own = MariaDB("--innodb-file-per-table=0", "--innodb-data-file-path=ibdata1:12M:autoextend:max:16M")
    with own:
        client = InProcess(own.new_database(), tmp_path)
        shop = client.open_shop("owner@example.com")
        sent = {"Event": "seen", "ListID": shop.list_id, "Properties": {"text": "x" * 3_000}}
        own.execute("CREATE TABLE mysql.filler (x VARBINARY(3000))")
        with pytest.raises(pymysql.OperationalError, match="1114"):
            _fill(own)
        answers = [client.call("event.track", shop.key, **sent)]
        while answers[-1].status == 200:
            answers.append(client.call("event.track", shop.key, **sent))
        assert (answers[-1].status, answers[-1].codes) == (503, [100012])
        assert client.rows("SELECT COUNT(*) FROM events") == [(len(answers) - 1,)]
        own.stop()
        own.options = ("--innodb-file-per-table=0", "--innodb-data-file-path=ibdata1:12M:autoextend:max:64M")
        own.start()
        assert client.call("event.track", shop.key, **sent).status == 200
        client.close()


def _fill(server: MariaDB) -> None:
    """Rows that fit into pages leave InnoDB the pages that a rollback needs; long values take those too, and it aborts."""
    while True:
        server.execute("INSERT INTO mysql.filler VALUES " + ", ".join(["(REPEAT('x', 3000))"] * 10))


def test_a_server_that_cannot_write_its_file_says_so_over_http_and_recovers(
    start_tracker: StartTracker,
) -> None:
    tracker = start_tracker(workers=1)
    account = make_account(tracker, "owner@example.com", "*")
    call: Callable[[], Any] = lambda: tracker.call(  # noqa: E731
        "event.track", account.key, Event="seen", ListID=account.list_id, Properties={"text": "x" * 30_000}
    )
    assert call().status == 200
    [worker] = tracker.running.children()
    sizes = [path.stat().st_size for path in tracker.folder.glob("tracker.db*")]
    _, hard = resource.prlimit(worker, resource.RLIMIT_FSIZE)
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (max(sizes) + 10_000, hard))
    [refused] = until(lambda: [answer for answer in [call()] if answer.status != 200])
    assert (refused.status, refused.body["Errors"][0]["Code"]) == (503, 100012)
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (1_000, hard))
    until(
        lambda: tracker.get("/ready").status == 503,
        what="that it cannot be written to, found out by writing",
    )
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY if hard < 0 else hard, hard))
    assert call().status == 200
    until(lambda: tracker.get("/ready").status == 200)


def test_after_a_refusal_a_server_is_looked_for_anew(server: Database) -> None:
    """After a failover the old connection may lead to a server that can only be read."""
    before = server.write(lambda transaction: transaction.select("SELECT CONNECTION_ID()"))

    def refuse(transaction: Transaction) -> None:
        raise pymysql.OperationalError(1290, "The MariaDB server is running with the --read-only option")

    with pytest.raises(StorageUnavailable):
        server.write(refuse)
    assert server.write(lambda transaction: transaction.select("SELECT CONNECTION_ID()")) != before
