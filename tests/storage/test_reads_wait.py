"""Do reads wait for a failover as writes do? A server that is away for a while costs time, and no error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import gevent
import pytest

from tests.client import InProcess, Reply, Shop
from tests.servers import MariaDB
from tests.storage.proxy import Proxy
from tracker.errors import StorageUnavailable
from tracker.storage.engine.database import Database
from tracker.storage.engine.error_kinds import IncompatibleDatabase

#: Seconds that the server is away: a failover with short timeouts.
AWAY_SECONDS = 1.2
#: The deadline of a request is 5 s; twice that on a machine that is busy with others.
MAX_SECONDS = 10.0

Call = Callable[[InProcess, Shop], Reply]
CALLS: dict[str, Call] = {
    "a report": lambda client, shop: client.call("website_events.properties", shop.key, ListID=shop.list_id),
    "a list": lambda client, shop: client.call("list.get", shop.key, ListID=shop.list_id),
    "lists": lambda client, shop: client.call("lists.get", shop.key),
    "subscribers": lambda client, shop: client.call("subscribers.get", shop.key, ListID=shop.list_id),
    "an event": lambda client, shop: client.call("event.track", shop.key, ListID=shop.list_id, Event="seen"),
}


@pytest.fixture
def far(mariadb: MariaDB, proxy: Proxy, tmp_path: Path) -> Iterator[tuple[InProcess, Shop]]:
    """Tracker on a MariaDB behind the proxy, and a list on it."""
    client = InProcess(mariadb.new_database().replace(f":{mariadb.port}/", f":{proxy.port}/"), tmp_path)
    yield client, client.open_shop("owner@example.com")
    proxy.reopen()
    client.close()


def test_calls_are_answered_once_the_server_is_back(far: tuple[InProcess, Shop], proxy: Proxy) -> None:
    """Keys, lists and what is reported: nothing was remembered, connections are broken and refused."""
    client, shop = far
    proxy.cut_off()
    began = time.monotonic()
    calls = {name: gevent.spawn(call, client, shop) for name, call in CALLS.items()}
    gevent.sleep(AWAY_SECONDS)  # the outage's own length
    assert not any(call.ready() for call in calls.values())
    proxy.reopen()
    gevent.joinall(calls.values(), raise_error=True)
    assert time.monotonic() - began < MAX_SECONDS
    statuses = {name: call.value.status for name, call in calls.items()}
    assert set(statuses.values()) == {200}, statuses


def test_beyond_the_deadline_they_are_unavailable(far: tuple[InProcess, Shop], proxy: Proxy) -> None:
    client, shop = far
    proxy.cut_off()
    began = time.monotonic()
    calls = [gevent.spawn(call, client, shop) for call in CALLS.values()]
    gevent.joinall(calls, raise_error=True)
    assert time.monotonic() - began < MAX_SECONDS
    assert {(call.value.status, *call.value.codes) for call in calls} == {(503, 100012)}


def test_a_read_says_why_it_gave_up(distant: Database, proxy: Proxy) -> None:
    proxy.cut_off()
    with pytest.raises(StorageUnavailable, match="Lost connection"):
        distant.read(lambda transaction: transaction.select("SELECT 1"), time.monotonic() + 0.2)


def test_few_try_at_once_however_many_wait(distant: Database, proxy: Proxy) -> None:
    """100 requests that wait for 0.5 s would otherwise be a thousand connections: each may end with a try of its own."""
    proxy.cut_off()
    before = proxy.connections
    until = time.monotonic() + 0.5
    reads = [gevent.spawn(distant.read, lambda t: t.select("SELECT 1"), until) for _ in range(100)]
    gevent.joinall(reads)
    assert {type(read.exception) for read in reads} == {StorageUnavailable}
    assert 2 < proxy.connections - before < 400


def test_a_database_that_somebody_has_to_put_right_is_not_waited_for(distant: Database) -> None:
    distant.write(lambda transaction: transaction.execute("DELETE FROM migrations"))
    began = time.monotonic()
    with pytest.raises(IncompatibleDatabase):
        distant.read(lambda transaction: None, time.monotonic() + 30)
    assert time.monotonic() - began < MAX_SECONDS
