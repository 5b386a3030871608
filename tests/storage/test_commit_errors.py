"""What if COMMIT fails? Whatever it says but "rolled back", the rows may be there: looked up, or told with an EventID."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import apsw
import gevent
import pymysql
import pytest

from tests.client import InProcess, Shop
from tests.servers import MariaDB
from tests.storage.conftest import NewIngest
from tests.storage.proxy import Fate, Proxy
from tracker.domain.event import Event, EventOutcomeUnknown, Tracked
from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage.engine.database import Database, engine_of
from tracker.storage.engine.transaction import Transaction

MYSQL, SQLITE = engine_of("mysql://x/y"), engine_of("sqlite:///x")
#: A node that was cut off, one that takes no part, two engines' word for anything, and one that is yet to be made.
NUMBERS = (1180, 1047, 1105, 12701, 59999)


def failed(number: int) -> apsw.IOError:
    failure = apsw.IOError("disk I/O error")
    failure.extendedresult = number
    return failure


@pytest.mark.parametrize(
    ("failure", "is_known"),
    [
        *((pymysql.OperationalError(number, ""), True) for number in (1213, 1205, 1020, 3572)),
        *((pymysql.IntegrityError(number, ""), True) for number in (1062, 1586)),
        *(
            (pymysql.OperationalError(number, ""), False)
            for number in (*NUMBERS, 2013, 1053, 1114, 1290, 1030)
        ),
        (pymysql.DataError(1406, "Data too long"), False),
        (pymysql.InternalError("Packet sequence number wrong - got 1 expected 2"), False),
        (ConnectionResetError(104, "reset"), False),
        (ValueError("ours"), False),
    ],
)
def test_what_a_servers_commit_says_of_its_outcome(failure: BaseException, is_known: bool) -> None:
    assert MYSQL.is_commit_outcome_known(failure) is is_known


def test_what_was_met_before_a_commit_says_nothing_of_its_outcome() -> None:
    lost = ConnectionResetError(104, "reset")
    lost.__context__ = pymysql.OperationalError(1213, "Deadlock found")
    assert not MYSQL.is_commit_outcome_known(lost)
    unsynced = failed(apsw.SQLITE_IOERR_FSYNC)
    unsynced.__context__ = apsw.ConstraintError("UNIQUE")
    assert not SQLITE.is_commit_outcome_known(unsynced)


@pytest.mark.parametrize(
    ("failure", "is_known"),
    [
        (apsw.BusyError("locked"), True),
        (apsw.FullError("database or disk is full"), True),
        (apsw.ConstraintError("FOREIGN KEY"), True),
        (failed(apsw.SQLITE_IOERR_WRITE), True),
        (failed(apsw.SQLITE_IOERR_FSYNC), False),
        (failed(apsw.SQLITE_IOERR_SHMSIZE), False),
        (failed(apsw.SQLITE_IOERR), False),
        (apsw.CorruptError("malformed"), False),
        (apsw.NoMemError("out of memory"), False),
        (ValueError("ours"), False),
    ],
)
def test_what_a_files_commit_says_of_its_outcome(failure: BaseException, is_known: bool) -> None:
    assert SQLITE.is_commit_outcome_known(failure) is is_known


@pytest.fixture(scope="module")
def far(
    mariadb: MariaDB, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[InProcess, Shop, Proxy]]:
    """Tracker on a MariaDB behind a proxy, with a list; the writer number is leased."""
    with Proxy(mariadb.port) as proxy:
        url = mariadb.new_database().replace(f":{mariadb.port}/", f":{proxy.port}/")
        client = InProcess(url, tmp_path_factory.mktemp("client"))
        shop = client.open_shop("owner@example.com")
        client.call("event.track", shop.key, ListID=shop.list_id, Event="first")
        yield client, shop, proxy
        client.close()


@pytest.mark.parametrize("fate", ["denied", "refused"])
@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("has_event_ids", [False, True])
def test_a_commit_that_fails_is_looked_up(
    far: tuple[InProcess, Shop, Proxy], fate: Fate, number: int, count: int, has_event_ids: bool
) -> None:
    """It may be stored or not: each event is answered as stored, and is there once."""
    client, shop, proxy = far
    name = f"{fate}-{number}-{count}-{has_event_ids}"
    proxy.error = number
    proxy.fates.append(fate)
    ids = [{"EventID": f"{name}-{n}"} if has_event_ids else {} for n in range(count)]
    calls = [
        gevent.spawn(client.call, "event.track", shop.key, ListID=shop.list_id, Event=name, **event_id)
        for event_id in ids
    ]
    gevent.joinall(calls, raise_error=True)
    assert not proxy.fates
    assert Counter(call.value.status for call in calls) == {200: count}
    assert client.rows("SELECT COUNT(*) FROM events WHERE name = ?", name.encode()) == [(count,)]


@pytest.mark.parametrize(("fate", "is_stored"), [("denied", True), ("refused", False)])
@pytest.mark.parametrize("number", [1180, 1105])
@pytest.mark.parametrize("count", [1, 2])
def test_when_nobody_can_know_each_event_is_told_the_id_to_repeat_with(
    distant: Database,
    proxy: Proxy,
    new_ingest: NewIngest,
    fate: Fate,
    is_stored: bool,
    number: int,
    count: int,
) -> None:
    ingest = new_ingest(distant)
    ingest.track(Event(7, "first", received_at=1))
    proxy.error = number
    proxy.shut_after(fate)
    deadline = time.monotonic() + 0.5
    events = [Event(7, f"seen {n}", received_at=1, uuid=bytes(15) + b"1") for n in range(count)]
    calls = [gevent.spawn(ingest.track, event, deadline) for event in events]
    gevent.joinall(calls)
    assert {type(call.exception) for call in calls} == {EventOutcomeUnknown}
    proxy.reopen()
    for event, call in zip(events, calls, strict=True):
        [event_id] = call.exception.event_ids
        repeat = Event(
            7, event.name, received_at=time.time_ns() // 1_000_000, uuid=event.uuid, event_key=event_id
        )
        assert ingest.track(repeat) == Tracked(bytes(15) + b"1", False, is_duplicate=is_stored)
    assert distant.read(lambda t: t.select("SELECT COUNT(*) FROM events")) == [(1 + count,)]


def test_over_http_a_commit_of_unknown_outcome_is_100013_with_an_event_id(
    far: tuple[InProcess, Shop, Proxy],
) -> None:
    client, shop, proxy = far
    proxy.error = 1180
    proxy.shut_after("denied")
    answer = client.call("event.track", shop.key, ListID=shop.list_id, Event="cut off")
    [row] = answer.body["Errors"]
    assert (answer.status, row["Code"]) == (503, 100013)
    proxy.reopen()
    repeat = client.call(
        "event.track", shop.key, ListID=shop.list_id, Event="cut off", EventID=row["EventID"]
    )
    assert (repeat.status, repeat.body["duplicate"]) == (200, True)
    assert client.rows("SELECT COUNT(*) FROM events WHERE name = 'cut off'") == [(1,)]


def test_what_nobody_knows_of_one_is_no_harm_to_its_neighbours(server: Database) -> None:
    """It may be the fault of one event, or of a node: each is tried alone, and is unavailable."""

    def apply(transaction: Transaction, items: list[int]) -> list[int]:
        for number in items:
            if number == 3:
                transaction.execute("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 59999, MESSAGE_TEXT = 'no'")
            transaction.insert("writer_leases", ("number", "token", "leased_until"), [(number, b"", 0)])
        return items

    calls = [gevent.spawn(server.submit, apply, number) for number in range(6)]
    gevent.joinall(calls)
    assert [type(call.exception) for call in calls] == [
        *[type(None)] * 3,
        StorageUnavailable,
        *[type(None)] * 2,
    ]
    rows = server.read(lambda t: t.select("SELECT number FROM writer_leases ORDER BY number"))
    assert rows == [(0,), (1,), (2,), (4,), (5,)]


def test_a_plain_write_whose_commit_fails_is_not_done_twice(distant: Database, proxy: Proxy) -> None:
    columns = ("number", "token", "leased_until")
    distant.write(lambda transaction: None)
    proxy.error = 1105
    proxy.fates.append("denied")
    with pytest.raises(OutcomeUnknown):
        distant.write(lambda transaction: transaction.insert("writer_leases", columns, [(1, b"", 0)]))
    assert distant.read(lambda t: t.select("SELECT number FROM writer_leases")) == [(1,)]


class Unsynced(apsw.VFS):
    """A disk whose next sync of the log fails, once, after all was written."""

    def __init__(self) -> None:
        self.is_failing = False
        super().__init__("unsynced", "unix", makedefault=True)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        path = name.filename() if isinstance(name, apsw.URIFilename) else name or ""
        return UnsyncedFile(name, flags, self) if path.endswith("-wal") else apsw.VFSFile("unix", name, flags)


class UnsyncedFile(apsw.VFSFile):
    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int], disk: Unsynced) -> None:
        self._disk = disk
        super().__init__("unix", name, flags)

    def xSync(self, flags: int) -> None:  # noqa: N802
        if self._disk.is_failing:
            self._disk.is_failing = False
            raise failed(apsw.SQLITE_IOERR_FSYNC)
        super().xSync(flags)


@pytest.fixture
def disk() -> Iterator[Unsynced]:
    disk = Unsynced()
    yield disk
    disk.unregister()


def test_a_file_whose_sync_failed_may_hold_what_was_committed(
    disk: Unsynced, file: Database, tmp_path: Path
) -> None:
    """Why its outcome is unknown: whoever opens the file after a kill finds it there."""
    columns = ("number", "token", "leased_until")
    file.write(lambda transaction: transaction.insert("writer_leases", columns, [(1, b"", 0)]))
    file.read(lambda transaction: None)  # who closes the file as the last one leaves no log behind
    disk.is_failing = True
    with pytest.raises(OutcomeUnknown):
        file.write(lambda transaction: transaction.insert("writer_leases", columns, [(2, b"", 0)]))
    assert file.read(lambda t: t.select("SELECT number FROM writer_leases")) == [(1,)]
    for end in ("", "-wal"):
        path = Path(f"{file.engine.path}{end}")  # type: ignore[union-attr]
        (tmp_path / f"killed.db{end}").write_bytes(path.read_bytes())
    found = (
        apsw.Connection(str(tmp_path / "killed.db")).execute("SELECT number FROM writer_leases").fetchall()
    )
    assert found == [(1,), (2,)]


def test_an_event_whose_sync_failed_is_stored_once(
    disk: Unsynced, file: Database, new_ingest: NewIngest
) -> None:
    ingest = new_ingest(file)
    ingest.track(Event(7, "first", received_at=1))
    disk.is_failing = True
    ingest.track(Event(7, "seen", received_at=1))
    assert not disk.is_failing

    def names(transaction: Transaction) -> list[bytes]:
        return [bytes(row[0]) for row in transaction.select("SELECT name FROM events ORDER BY id")]

    assert file.read(names) == [b"first", b"seen"]
