"""What do the contract tests stand on? One application per module and database, one list per test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.desk import Desk, Reply, Shop
from tests.servers import NewDatabase

Track = Callable[..., Reply]

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def desk(
    database_kind: str, new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    """Tracker in this process; the tests of a module run once for each kind of database."""
    desk = Desk(new_database(database_kind), tmp_path_factory.mktemp("desk"))
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def owner(desk: Desk) -> Shop:
    """A user with a key for everything."""
    return desk.open_shop(f"owner{next(_numbers)}@example.com")


@pytest.fixture
def shop(desk: Desk, owner: Shop) -> Shop:
    """The user with a fresh list."""
    return replace(owner, list_id=desk.services.stores.lists.add(owner.user_id, "Fresh"))


@pytest.fixture
def track(desk: Desk, shop: Shop) -> Track:
    """`track(Event=…, …)`: an event of the test's list. A parameter given as `...` is not sent."""

    def call(**params: Any) -> Reply:
        sent = {"ListID": shop.list_id, "Event": "seen", **params}
        return desk.call("event.track", shop.key, **{k: v for k, v in sent.items() if v is not ...})

    return call


@pytest.fixture
def listing(desk: Desk, shop: Shop) -> Callable[[], dict[str, list[str]]]:
    """What `website_events.properties` lists for the test's list."""

    def call() -> dict[str, list[str]]:
        answer = desk.call("website_events.properties", shop.key, ListID=shop.list_id)
        assert answer.status == 200, answer.body
        listed: dict[str, list[str]] = answer.body["Properties"]
        return listed

    return call
