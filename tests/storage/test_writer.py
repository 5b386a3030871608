"""Does one writer per process commit in groups, keep neighbours apart, and answer in time?"""

from __future__ import annotations

import socketserver
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import gevent
import pytest
from gevent.event import Event as Signal

from tests.client import InProcess
from tests.servers import MariaDB, NewDatabase
from tests.storage.conftest import NewIngest, Open
from tracker.domain.event import Event
from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.ingest.service import Ingest
from tracker.storage.engine import writer
from tracker.storage.engine.database import Database
from tracker.storage.engine.error_kinds import IncompatibleDatabase
from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.engine.write_connection import RECONNECT_PAUSE
from tracker.storage.schema.own_database import own_database

COLUMNS = ("list_id", "event_key", "event_id", "digest")


class Keeper:
    """A handler that writes one row an item, and notes how its groups were made up."""

    def __init__(self, is_slow: bool = False) -> None:
        self.groups: list[list[int]] = []
        self._pause = 0.001 if is_slow else 0.0

    def __call__(self, transaction: Transaction, items: list[Any]) -> list[Any]:
        self.groups.append(list(items))
        gevent.sleep(self._pause)
        transaction.insert("event_ids", COLUMNS, [_row(item) for item in items])
        return [f"kept {item}" for item in items]


def _row(item: Any) -> Row:
    return (1, b"%d" % item, item, b"digest")


def kept(database: Database) -> list[int]:
    rows = database.read(lambda transaction: transaction.select("SELECT event_id FROM event_ids"))
    return sorted(row[0] for row in rows)


def at_once(
    database: Database, handler: Any, items: list[Any], seconds: float = 5.0
) -> list[gevent.Greenlet]:
    deadline = time.monotonic() + seconds
    calls = [gevent.spawn(database.submit, handler, item, deadline) for item in items]
    gevent.joinall(calls)
    return calls


def test_what_waits_is_committed_together_and_each_caller_gets_its_own_result(database: Database) -> None:
    keeper = Keeper(is_slow=True)
    calls = at_once(database, keeper, list(range(50)))
    assert [call.value for call in calls] == [f"kept {number}" for number in range(50)]
    assert kept(database) == list(range(50))
    assert len(keeper.groups) <= 3


def test_a_group_is_bounded(file: Database) -> None:
    keeper = Keeper()
    at_once(file, keeper, list(range(2 * writer.GROUP_SIZE + 1)))
    assert max(len(group) for group in keeper.groups) == writer.GROUP_SIZE
    assert sum(len(group) for group in keeper.groups) == 2 * writer.GROUP_SIZE + 1


@pytest.mark.parametrize("poison", ["a text", None, 2**70])
def test_one_item_that_cannot_be_stored_fails_alone(database: Database, poison: Any) -> None:
    items = [1, 2, poison, 3, 4]
    calls = at_once(database, Keeper(), items)
    assert [call.value for call in calls if call.successful()] == ["kept 1", "kept 2", "kept 3", "kept 4"]
    assert isinstance(calls[2].exception, Exception)
    assert not isinstance(calls[2].exception, StorageUnavailable)
    assert kept(database) == [1, 2, 3, 4]
    assert at_once(database, Keeper(), [5])[0].value == "kept 5"


def test_what_a_caller_raises_stores_nothing_and_reaches_it(database: Database) -> None:
    def work(transaction: Transaction) -> None:
        transaction.insert("event_ids", COLUMNS, [_row(1)])
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        database.write(work)
    assert kept(database) == []


def test_every_write_of_a_process_goes_through_its_one_writer(
    tmp_path: Path, new_database: NewDatabase, mariadb: MariaDB
) -> None:
    """A server would let them run side by side: while one write is open, all others wait for it."""
    client = InProcess(new_database("mariadb"), tmp_path)
    shop = client.open_shop("owner@example.com")
    stores, may_end, has_begun = client.services.stores, Signal(), Signal()

    def slow(transaction: Transaction) -> None:
        transaction.insert("event_ids", COLUMNS, [_row(1)])
        has_begun.set()
        may_end.wait()

    writes: list[Callable[[], object]] = [
        lambda: stores.users.add("other@example.com", "a password"),
        lambda: stores.keys.add(shop.user_id),
        lambda: stores.lists.add(shop.user_id, "Other"),
        lambda: stores.sessions.open(shop.user_id),
        lambda: client.call("event.track", shop.key, Event="seen", ListID=shop.list_id),
        lambda: client.call("list.create", shop.key, SubscriberListName="Third"),
    ]
    first = gevent.spawn(client.services.storage.write, slow)
    has_begun.wait(5)
    others = [gevent.spawn(write) for write in writes]
    gevent.joinall(others, timeout=0.2)
    assert not any(other.ready() for other in others)
    assert mariadb.execute("SELECT COUNT(*) FROM information_schema.innodb_trx") == ((1,),)
    may_end.set()
    gevent.joinall([first, *others], timeout=5, raise_error=True)
    assert all(other.successful() for other in others)
    client.close()


def test_a_full_queue_refuses_at_once(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "QUEUE_SIZE", 3)
    client = InProcess(sqlite_url, tmp_path)
    shop = client.open_shop("owner@example.com")
    sent = {"Event": "seen", "ListID": shop.list_id}
    assert client.call("event.track", shop.key, **sent).status == 200
    lock = apsw.Connection(sqlite_url.removeprefix("sqlite:///"))
    lock.execute("BEGIN IMMEDIATE")
    waiting = [gevent.spawn(client.call, "event.track", shop.key, **sent) for _ in range(3)]
    gevent.sleep(0.01)
    refused = client.call("event.track", shop.key, **sent)
    assert (refused.status, refused.codes, refused.headers["Retry-After"]) == (503, [100012], "1")
    lock.execute("ROLLBACK")
    lock.close()
    gevent.joinall(waiting, timeout=5)
    assert [call.value.status for call in waiting] == [200, 200, 200]
    assert client.rows("SELECT COUNT(*) FROM events") == [(4,)]
    client.close()


def test_a_write_that_never_got_the_lock_certainly_stored_nothing(file: Database, sqlite_url: str) -> None:
    lock = apsw.Connection(sqlite_url.removeprefix("sqlite:///"))
    lock.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    calls = at_once(file, Keeper(), [1, 2], seconds=0.3)
    assert 0.25 < time.monotonic() - began < 5, "it ends with its own deadline, not with the usual one"
    assert [type(call.exception) for call in calls] == [StorageUnavailable] * 2
    lock.execute("ROLLBACK")
    lock.close()
    assert at_once(file, Keeper(), [3])[0].value == "kept 3"
    assert kept(file) == [3], "what nobody waits for any more is not written later"


def test_a_write_in_the_databases_hands_at_its_deadline_is_of_unknown_outcome(database: Database) -> None:
    may_end = Signal()

    def slow(transaction: Transaction) -> str:
        may_end.wait()
        return "late"

    with pytest.raises(OutcomeUnknown):
        database.write(slow, time.monotonic() + 0.2)
    may_end.set()
    assert at_once(database, Keeper(), [1])[0].value == "kept 1"


def test_the_event_id_is_known_before_anything_is_asked_of_the_database(
    database: Database, monkeypatch: pytest.MonkeyPatch, new_ingest: NewIngest
) -> None:
    """A database that freezes at the first statement of a group still leaves each caller an EventID of its own."""
    ingest, may_go_on = new_ingest(database), Signal()
    ingest.track(Event(1, "first", received_at=1))
    monkeypatch.setattr(Transaction, "lookup", lambda *_: may_go_on.wait() and [])
    events = [
        Event(1, f"seen {number}", received_at=1, event_key=key) for number, key in enumerate((None, "mine"))
    ]
    calls = [gevent.spawn(ingest.track, event, time.monotonic() + 0.2) for event in events]
    gevent.joinall(calls)
    ids = [call.exception.event_ids[0] for call in calls]
    assert ids[0].startswith("trk-")
    assert int(ids[0][4:20], 16) > 0
    assert ids[1] == "mine"
    monkeypatch.undo()
    may_go_on.set()
    again = Event(1, "seen 0", received_at=time.time_ns() // 1_000_000, event_key=ids[0])
    assert ingest.track(again).is_duplicate is True
    assert database.read(lambda t: t.select("SELECT COUNT(*) FROM events")) == [(3,)]


def test_a_server_that_is_away_is_tried_as_long_as_somebody_waits() -> None:
    """Afterwards nothing goes on trying in the background."""
    tries: list[int] = []

    class HangUp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            tries.append(1)

    with socketserver.TCPServer(("127.0.0.1", 0), HangUp) as away:
        threading.Thread(target=away.serve_forever, daemon=True).start()
        database = own_database(f"mysql://nobody:x@127.0.0.1:{away.server_address[1]}/none")
        with pytest.raises(StorageUnavailable):
            database.write(lambda _: None, time.monotonic() + RECONNECT_PAUSE * 10)
        gevent.sleep(RECONNECT_PAUSE * 4)  # the last try may have begun
        before = len(tries)
        assert before > 1
        gevent.sleep(RECONNECT_PAUSE * 10)
        assert len(tries) == before
        database.close()
        away.shutdown()


def test_closing_finishes_what_is_waiting_and_what_is_in_hand(database: Database) -> None:
    keeper = Keeper(is_slow=True)
    calls = [gevent.spawn(database.submit, keeper, number) for number in range(3)]
    while not keeper.groups:
        gevent.sleep(0)
    calls += [gevent.spawn(database.submit, keeper, number) for number in range(3, 6)]
    gevent.sleep(0)
    database.close()
    gevent.joinall(calls, timeout=1, raise_error=True)
    assert kept(database) == list(range(6))


def test_closing_does_not_wait_for_what_nobody_waits_for(file: Database, sqlite_url: str) -> None:
    lock = apsw.Connection(sqlite_url.removeprefix("sqlite:///"))
    lock.execute("BEGIN IMMEDIATE")
    at_once(file, Keeper(), [1], seconds=0.05)
    closing = gevent.spawn(file.close)
    closing.join(timeout=2)
    assert closing.successful()
    lock.close()


def test_a_reading_connection_that_was_left_in_the_middle_is_not_used_again(server: Database) -> None:
    def own_id(transaction: Transaction) -> int:
        return int(transaction.select("SELECT CONNECTION_ID()")[0][0])

    def never_ends(transaction: Transaction) -> None:
        gevent.sleep(60)

    first = server.read(own_id)
    assert server.read(own_id) == first
    with pytest.raises(StorageUnavailable):
        server.read(never_ends, time.monotonic() + 0.1)
    assert server.read(own_id) != first


def test_nothing_is_opened_before_it_is_used(database_url: str, opened: Open, tmp_path: Path) -> None:
    opened(database_url).close()
    before = _open_files()
    desk_database = own_database(database_url)
    Ingest(desk_database)
    assert _open_files() == before
    assert desk_database.read(lambda transaction: transaction.select("SELECT COUNT(*) FROM events")) == [(0,)]
    assert _open_files() != before
    desk_database.close()


def _open_files() -> list[str]:
    """What this process holds open, but for what gevent's loop keeps to itself."""
    links = (link for link in Path("/proc/self/fd").iterdir())
    names = [str(link.readlink()) for link in links if link.is_symlink() or link.exists()]
    return sorted(name for name in names if not name.startswith(("anon_inode", "pipe:", "/proc")))


def test_an_application_opens_nothing_of_the_database(tmp_path: Path, database_url: str) -> None:
    """gunicorn forks after this; a connection that two processes share would mix their answers."""
    client = InProcess(database_url, tmp_path)
    before = _open_files()
    again = InProcess(database_url, tmp_path)
    assert not Counter(_open_files()) - Counter(before), "what others close meanwhile is theirs"
    for each in (client, again):
        each.close()


def test_what_is_wrong_with_the_database_is_said_in_one_line(sqlite_url: str) -> None:
    database = own_database(sqlite_url)
    with pytest.raises(IncompatibleDatabase, match=r"^there is no database .*: run 'tracker db upgrade'$"):
        database.read(lambda transaction: transaction.select("SELECT 1"))
