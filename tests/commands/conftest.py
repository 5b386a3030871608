"""Which users, fields and calls do tests of commands stand on?"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop
from tests.commands.custom_fields import EMAIL, Field, Say
from tests.commands.real_engine import RealEngine
from tests.commands.stub_engine import StubEngine

_numbers = itertools.count(1)


@pytest.fixture
def jane(client: InProcess) -> Shop:
    """A user of this test's alone, who has no list."""
    return client.open_shop(f"jane{next(_numbers)}@example.com", list_name=None)


@pytest.fixture
def keeper(client: InProcess) -> Shop:
    """A user of this test's alone: what there is of keys is what the test makes."""
    return client.open_shop(f"keys{next(_numbers)}@example.com")


@pytest.fixture
def admin(client: InProcess) -> Shop:
    """An administrator with a key for administrators' commands."""
    return client.open_shop(f"keys{next(_numbers)}@example.com", "*,Administrator", is_admin=True)


@pytest.fixture
def field(client: InProcess, shop: Shop) -> Field:
    """`field(alias, …)`: make a field of the test's list and give its number."""

    def make(alias: str | None = None, **params: Any) -> int:
        named = {} if alias is None else {"MergeTagAlias": alias}
        answer = client.call(
            "customfield.create",
            shop.key,
            SubscriberListID=shop.list_id,
            FieldName="A field",
            **named,
            **params,
        )
        assert answer.status == 200, answer.body
        made: int = answer.body["CustomFieldID"]
        return made

    return make


@pytest.fixture
def say(client: InProcess, shop: Shop) -> Say:
    """`say(values)`: write them to the one subscriber of the list."""
    client.call("subscriber.create", shop.key, ListID=shop.list_id, EmailAddress=EMAIL)

    def update(values: dict[str, Any]) -> Reply:
        return client.call(
            "subscriber.update", shop.key, ListID=shop.list_id, EmailAddress=EMAIL, CustomFields=values
        )

    return update


@pytest.fixture
def catalogue(client: InProcess, shop: Shop) -> Callable[..., dict[str, Any]]:
    """`catalogue(Search=…, …)` of the test's list, with what is written late."""

    def call(**params: Any) -> dict[str, Any]:
        client.services.ingest.flush()
        named = {} if "WithoutList" in params else {"ListID": shop.list_id}
        answer = client.call("website_events.catalogue", shop.key, **named, **params)
        assert answer.status == 200, answer.body
        body: dict[str, Any] = answer.body
        return body

    return call


@pytest.fixture
def engine(client: InProcess, monkeypatch: pytest.MonkeyPatch) -> StubEngine:
    """An engine that answers as it is told."""
    return StubEngine(client, monkeypatch)


@pytest.fixture
def report(client: InProcess, shop: Shop) -> Callable[..., Reply]:
    """`report("trend", …)`: the command `reports.trend` about the test's list; a name with a dot is the whole name."""

    def call(name: str, **params: Any) -> Reply:
        command = name if "." in name else f"reports.{name}"
        return client.call(command, shop.key, **{"ListID": shop.list_id, **params})

    return call


@pytest.fixture
def real(client: InProcess, shop: Shop) -> RealEngine:
    """The test's list as the reports process sees it."""
    return RealEngine(client, shop)
