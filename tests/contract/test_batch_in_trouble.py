"""What becomes of a batch when its storage is in trouble? All of it is told to be stored, not stored, or unknown."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest

from tests.client import InProcess, Shop
from tests.commands.test_event_batch import statuses
from tests.servers import MariaDB
from tests.storage.proxy import Proxy
from tracker.domain.event import Event, EventOutcomeUnknown, Tracked
from tracker.ingest.service import Ingest
from tracker.storage.engine.write_connection import WriteConnection
from tracker.storage.schema.own_database import own_database


@pytest.fixture
def proxy(mariadb: MariaDB) -> Iterator[Proxy]:
    with Proxy(mariadb.port) as proxy:
        yield proxy


@pytest.fixture
def distant(mariadb: MariaDB, proxy: Proxy, tmp_path: Path) -> Iterator[InProcess]:
    """Tracker on a MariaDB behind `proxy`."""
    client = InProcess(mariadb.new_database().replace(f":{mariadb.port}/", f":{proxy.port}/"), tmp_path)
    yield client
    client.close()


@pytest.fixture
def shop(distant: InProcess) -> Shop:
    """A user who has tracked before, so that connections are open and the list is known."""
    shop = distant.open_shop("owner@example.com")
    distant.call("event.track", shop.key, ListID=shop.list_id, Event="first")
    return shop


EVENTS: list[dict[str, Any]] = [
    {"Event": "a", "EventID": "mine"},
    {"Event": ""},
    {"Event": "b", "Email": "a@example.com", "Properties": {"x": 1}},
    {"Event": "t", "Properties": {"isTest": True}},
]


def test_an_unknown_outcome_carries_what_to_repeat_with(distant: InProcess, proxy: Proxy, shop: Shop) -> None:
    proxy.shut_after("lost")
    answer = distant.call("event.batch", shop.key, ListID=shop.list_id, Events=EVENTS)
    assert (answer.status, answer.codes, answer.headers["Retry-After"]) == (503, [100013], "1")
    mine, bad, ours, tested = answer.body["Errors"][0]["EventIDs"]
    assert (mine, bad, tested) == ("mine", None, None)
    proxy.reopen()
    repeat = [EVENTS[0], {**EVENTS[2], "EventID": ours}]
    again = distant.call("event.batch", shop.key, ListID=shop.list_id, Events=repeat)
    assert statuses(again) == ["duplicate", "duplicate"]
    assert distant.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", shop.list_id) == [(4,)]


def test_without_a_database_nothing_of_it_is_stored(distant: InProcess, proxy: Proxy, shop: Shop) -> None:
    proxy.is_open = False
    distant.services.storage.close()
    answer = distant.call("event.batch", shop.key, ListID=shop.list_id, Events=EVENTS)
    assert (answer.status, answer.codes, answer.headers["Retry-After"]) == (503, [100012], "1")
    proxy.reopen()
    assert distant.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", shop.list_id) == [(1,)]


@pytest.fixture
def ingest(database_url: str) -> Iterator[Ingest]:
    database = own_database(database_url)
    database.upgrade()
    ingest = Ingest(database)
    yield ingest
    ingest.close()
    database.close()


def event(name: str, **fields: Any) -> Event:
    return Event(7, name, received_at=time.time_ns() // 1_000_000, **fields)


def test_an_event_that_no_check_has_found_at_fault_fails_alone(ingest: Ingest) -> None:
    events = [
        event("a"),
        event("lone surrogate \ud800"),
        event("b", event_key="b"),
        event("b", event_key="b"),
    ]
    first, second, third, repeat = ingest.track_batch(events)
    assert isinstance(first, Tracked)
    assert isinstance(second, UnicodeEncodeError)
    assert isinstance(third, Tracked)
    assert isinstance(repeat, Tracked)
    assert (first.is_duplicate, third.is_duplicate, repeat.is_duplicate) == (False, False, True)


def test_a_batch_whose_events_were_stored_one_by_one_in_part_is_unknown(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its deadline nobody may say that certainly nothing was stored."""
    ingest.track(event("first"))
    commit = WriteConnection.commit

    def slow(connection: WriteConnection) -> None:
        """However fast the disk is, so many commits take longer than the deadline."""
        gevent.sleep(0.001)
        commit(connection)

    monkeypatch.setattr(WriteConnection, "commit", slow)
    events = [event(f"e{number}", event_key=f"id-{number}") for number in range(3000)]
    events[-1].name = "lone surrogate \ud800"
    with pytest.raises(EventOutcomeUnknown) as unknown:
        ingest.track_batch(events, time.monotonic() + 0.5)
    assert unknown.value.event_ids == [f"id-{number}" for number in range(3000)]
