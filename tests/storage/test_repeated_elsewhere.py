"""What if an event of unknown outcome is repeated to another process before the first knows more? No neighbour is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import gevent
import pytest

from tests.servers import MariaDB
from tests.storage.conftest import NewIngest
from tests.storage.proxy import Fate, Proxy
from tracker.domain.event import Event, EventOutcomeUnknown, Tracked
from tracker.ingest.service import Ingest
from tracker.storage.engine.database import Database
from tracker.storage.schema.own_database import own_database

LIST = 7
VISITOR = bytes(15) + b"1"


def event(name: str, event_key: str | None = None) -> Event:
    return Event(LIST, name, received_at=time.time_ns() // 1_000_000, uuid=VISITOR, event_key=event_key)


def names(database: Database) -> list[str]:
    rows = database.read(lambda transaction: transaction.select("SELECT name FROM events"))
    return sorted(bytes(row[0]).decode() for row in rows)


@pytest.fixture
def near(distant: Database, mariadb: MariaDB) -> Iterator[Database]:
    """The same database as `distant`, without the proxy before it."""
    with ExitStack() as stack:
        database = own_database(mariadb.url(distant.engine.database_name))
        stack.callback(database.close)
        yield database


def _unknown_to_its_caller(ingest: Ingest, name: str) -> str:
    """Track it with a deadline that passes; the EventID to repeat it with."""
    with pytest.raises(EventOutcomeUnknown) as unknown:
        ingest.track(event(name), time.monotonic() + 0.5)
    [event_id] = unknown.value.event_ids
    return event_id


@pytest.mark.parametrize(("fate", "is_stored"), [("cut", False), ("lost", True)])
def test_a_neighbour_of_a_repeated_event_is_stored(
    distant: Database, near: Database, proxy: Proxy, new_ingest: NewIngest, fate: Fate, is_stored: bool
) -> None:
    first, other = new_ingest(distant), new_ingest(near)
    first.track(event("first"))
    proxy.shut_after(fate)
    impatient = gevent.spawn(_unknown_to_its_caller, first, "repeated")
    patient = gevent.spawn(first.track, event("neighbour"), time.monotonic() + 10)
    event_id = impatient.get()
    assert other.track(event("repeated", event_id)) == Tracked(VISITOR, False, is_duplicate=is_stored)
    proxy.reopen()
    assert patient.get() == Tracked(VISITOR, False)
    assert names(near) == ["first", "neighbour", "repeated"]


def test_a_neighbour_of_a_repeat_is_stored(
    distant: Database, near: Database, proxy: Proxy, new_ingest: NewIngest
) -> None:
    """The repeat's row is there because the first process has stored it; that says nothing about its new neighbours."""
    first, other = new_ingest(distant), new_ingest(near)
    first.track(event("first"))
    proxy.shut_after("cut")
    event_id = _unknown_to_its_caller(first, "repeated")
    proxy.reopen()
    proxy.shut_after("cut")
    repeat = gevent.spawn(first.track, event("repeated", event_id), time.monotonic() + 10)
    neighbour = gevent.spawn(first.track, event("neighbour"), time.monotonic() + 10)
    with gevent.Timeout(5):
        while proxy.fates:
            gevent.sleep(0.01)
    assert other.track(event("repeated", event_id)) == Tracked(VISITOR, False)
    proxy.reopen()
    assert neighbour.get() == Tracked(VISITOR, False)
    assert repeat.get() == Tracked(VISITOR, False, is_duplicate=True)
    assert names(near) == ["first", "neighbour", "repeated"]
