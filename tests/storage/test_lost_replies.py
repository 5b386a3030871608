"""What if the reply to COMMIT is lost? One row, whatever happened; and the caller is told if nobody can know."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from uuid import UUID

import gevent
import pytest

from tests.client import InProcess
from tests.servers import MariaDB
from tests.storage.conftest import NewIngest
from tests.storage.proxy import Fate, Proxy
from tracker.domain.event import Event, EventOutcomeUnknown, Tracked
from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.ingest.service import Ingest
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction

LIST = 7
VISITOR = UUID("550e8400-e29b-41d4-a716-446655440000").bytes


@pytest.fixture
def ingest(distant: Database, new_ingest: NewIngest) -> Ingest:
    """The write path behind the proxy; it has its writer number already."""
    ingest = new_ingest(distant)
    ingest.track(event("first"))
    return ingest


def event(name: str, **fields: Any) -> Event:
    return Event(LIST, name, received_at=time.time_ns() // 1_000_000, **fields)


def names(database: Database) -> list[str]:
    rows = database.read(lambda transaction: transaction.select("SELECT name FROM events ORDER BY id"))
    return [bytes(row[0]).decode() for row in rows]


@pytest.mark.parametrize("fate", ["cut", "lost", "hasty"])
def test_a_lost_reply_makes_one_row_and_an_answer(
    ingest: Ingest, distant: Database, proxy: Proxy, fate: Fate
) -> None:
    proxy.fates.append(fate)
    tracked = ingest.track(event("seen", uuid=VISITOR, email=("A@example.com", "a@example.com")))
    assert tracked == Tracked(VISITOR, is_identify_sent=True)
    assert sorted(names(distant)) == ["first", "identify", "seen"]
    assert not proxy.fates


@pytest.mark.parametrize("fate", ["cut", "lost", "hasty"])
def test_a_whole_group_survives_its_lost_reply(
    ingest: Ingest, distant: Database, proxy: Proxy, fate: Fate
) -> None:
    proxy.fates.append(fate)
    commits = proxy.commits
    calls = [gevent.spawn(ingest.track, event(f"seen {number}")) for number in range(20)]
    gevent.joinall(calls, raise_error=True)
    assert sorted(names(distant)) == sorted(["first", *(f"seen {number}" for number in range(20))])
    assert proxy.commits - commits <= 3


@pytest.mark.parametrize("fates", [("cut", "cut", "lost"), ("lost", "cut"), ("hasty", "hasty", "hasty")])
def test_replies_lost_again_and_again(
    ingest: Ingest, distant: Database, proxy: Proxy, fates: tuple[Fate, ...]
) -> None:
    proxy.fates.extend(fates)
    for number in range(3):
        ingest.track(event(f"seen {number}"))
    assert names(distant) == ["first", "seen 0", "seen 1", "seen 2"]


@pytest.mark.parametrize("fate", ["cut", "lost"])
@pytest.mark.parametrize("words", [b"FROM visitors", b"FROM events", b"INSERT INTO events", b"BEGIN"])
def test_a_second_try_that_breaks_off_tells_nothing_about_the_first(
    ingest: Ingest, distant: Database, proxy: Proxy, fate: Fate, words: bytes
) -> None:
    """The look whether it was committed comes after a try that had written nothing yet, or half of it."""
    proxy.fates.append(fate)
    proxy.breaks.append(words)
    tracked = ingest.track(event("seen", uuid=VISITOR, email=("a@example.com", "a@example.com")))
    assert tracked == Tracked(VISITOR, is_identify_sent=True)
    assert sorted(names(distant)) == ["first", "identify", "seen"]


@pytest.mark.parametrize("fate", ["cut", "lost"])
@pytest.mark.parametrize("number", [1114, 1406, 1290])
def test_a_second_try_that_fails_does_not_say_that_nothing_was_stored(
    distant: Database, proxy: Proxy, fate: Fate, number: int
) -> None:
    """A disk that is full by then rolls back the second try; of the first nobody knows."""

    class Handler:
        tries = 0

        def __call__(self, transaction: Transaction, items: list[int]) -> list[str]:
            self.tries += 1
            if self.tries == 2:
                transaction.execute(
                    f"SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {number}, MESSAGE_TEXT = 'no'"
                )
            transaction.insert("writer_leases", ("number", "token", "leased_until"), [(items[0], b"", 0)])
            return ["written"]

        def was_committed(self, transaction: Transaction, items: list[int]) -> bool:
            return False

    distant.write(lambda transaction: None)
    proxy.fates.append(fate)
    with pytest.raises(OutcomeUnknown):
        distant.submit(Handler(), 1)


@pytest.mark.parametrize(("fate", "is_stored"), [("lost", True), ("cut", False)])
@pytest.mark.parametrize("event_key", [None, "order-17"])
def test_when_nobody_can_know_the_event_id_to_repeat_with_is_told(
    ingest: Ingest, distant: Database, proxy: Proxy, fate: Fate, is_stored: bool, event_key: str | None
) -> None:
    proxy.shut_after(fate)
    sent = {
        "uuid": VISITOR,
        "email": ("a@example.com", "a@example.com"),
        "properties": {"a": 1},
        "event_key": event_key,
    }
    with pytest.raises(EventOutcomeUnknown) as unknown:
        ingest.track(event("seen", **sent), time.monotonic() + 0.5)
    if event_key is not None:
        assert unknown.value.event_ids == [event_key]
    proxy.reopen()
    assert ("seen" in names(distant)) is is_stored
    repeat = {**sent, "event_key": unknown.value.event_ids[0]}
    expected = Tracked(VISITOR, is_identify_sent=True, is_duplicate=is_stored)
    assert ingest.track(event("seen", **repeat)) == expected
    assert ingest.track(event("seen", **repeat)) == Tracked(VISITOR, is_identify_sent=True, is_duplicate=True)
    assert sorted(names(distant)) == ["first", "identify", "seen"]


def test_over_http_the_error_row_carries_the_event_id(mariadb: MariaDB, proxy: Proxy, tmp_path: Path) -> None:
    client = InProcess(mariadb.new_database().replace(f":{mariadb.port}/", f":{proxy.port}/"), tmp_path)
    shop = client.open_shop("owner@example.com")
    sent = {"ListID": shop.list_id, "Event": "bought", "Email": "a@example.com", "Properties": {"a": 1}}
    client.call("event.track", shop.key, ListID=shop.list_id, Event="first")
    proxy.shut_after("lost")
    began = time.monotonic()
    answer = client.call("event.track", shop.key, **sent)
    assert time.monotonic() - began < 2 * 6
    [row] = answer.body["Errors"]
    assert (answer.status, row["Code"], answer.headers["Retry-After"]) == (503, 100013, "1")
    assert set(row) == {"Code", "Message", "EventID"}
    proxy.reopen()
    repeat = client.call("event.track", shop.key, **sent, EventID=row["EventID"])
    assert (repeat.status, repeat.body["duplicate"], repeat.body["identify_event_sent"]) == (200, True, True)
    assert client.rows("SELECT COUNT(*) FROM events WHERE name = ?", b"bought") == [(1,)]
    other = client.call("event.track", shop.key, **{**sent, "Event": "sold"}, EventID=row["EventID"])
    assert (other.status, other.codes) == (409, [17])
    client.close()


def test_a_plain_write_says_that_its_outcome_is_unknown_and_is_not_done_twice(
    distant: Database, proxy: Proxy
) -> None:
    calls: list[int] = []

    def lease(transaction: Transaction) -> None:
        calls.append(1)
        transaction.insert("writer_leases", ("number", "token", "leased_until"), [(len(calls), b"token", 0)])

    proxy.fates.append("lost")
    with pytest.raises(OutcomeUnknown):
        distant.write(lease)
    assert distant.read(lambda transaction: transaction.select("SELECT number FROM writer_leases")) == [(1,)]


def test_a_connection_that_is_gone_before_commit_is_no_failure(
    ingest: Ingest, distant: Database, mariadb: MariaDB
) -> None:
    own = "SELECT id FROM information_schema.processlist WHERE db = %s"
    for (connection,) in mariadb.execute(own, distant.engine.database_name):
        mariadb.execute(f"KILL {connection}")
    assert names(distant) == ["first"]
    assert ingest.track(event("seen", uuid=VISITOR)).uuid == VISITOR
    assert names(distant) == ["first", "seen"]


def test_without_a_server_certainly_nothing_is_stored(
    ingest: Ingest, distant: Database, proxy: Proxy
) -> None:
    proxy.shut_after("pass")
    ingest.track(event("last"))
    distant.write(lambda transaction: None)  # the connection is good as long as nothing breaks it
    proxy.is_open = False
    distant.close()
    with pytest.raises(StorageUnavailable):
        ingest.track(event("seen"), time.monotonic() + 0.3)
    proxy.reopen()
    assert names(distant) == ["first", "last"]
    assert ingest.track(event("again")).is_duplicate is False
