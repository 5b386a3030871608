"""Docs test of docs/triggers.md: its commands are answered, its message comes, and its check of signatures is right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from tests.client import InProcess, NewClient
from tests.conventions.likeness import Likeness
from tests.conventions.pages import Block, blocks, command_lines, curl
from tests.conventions.sources import ROOT
from tests.receiver import ALLOWED, Receiver, receiving
from tracker.demo.account import EMAIL, make_demo

PAGE = ROOT / "docs" / "triggers.md"
#: The target on the page, and what differs each time.
TARGET, FREE = "https://crm.example.com/hooks/tracker", ("Secret", "Milliseconds")


@pytest.fixture(scope="module")
def database_kind() -> str:
    return "sqlite"


@pytest.fixture(scope="module")
def client(new_client: NewClient) -> InProcess:
    client = new_client(ALLOWED)
    client.services.triggers.serve()
    return client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def freed(shown: Any, real: Any) -> Any:
    """The real answer with what differs each time as it is shown."""
    if isinstance(real, dict):
        return {key: shown[key] if key in FREE else freed(shown[key], each) for key, each in real.items()}
    return [freed(*each) for each in zip(shown, real, strict=True)] if isinstance(real, list) else real


def test_the_page_is_as_it_says(client: InProcess, receiver: Receiver) -> None:
    demo = make_demo(client.services.stores)
    assert demo is not None
    user = client.services.stores.users.find(EMAIL)
    assert user is not None
    key = client.services.stores.keys.add(user.id, "Trigger.Update,Subscribers.Get")
    values = {"KEY": key, "LIST": demo.list_id}
    page, like = blocks(PAGE), Likeness()
    secret, told = "", None
    for number, block in enumerate(page):
        for line in command_lines(block.text) if block.language == "sh" else []:
            sent = curl(line.replace(TARGET, receiver.url), values)
            if "deliveries.get" in sent.path:
                _until_accepted(client, key, demo.list_id)
            answer = client.request(sent.method, sent.path, headers=sent.headers, data=sent.body)
            assert answer.status == 200, answer.text
            client.services.triggers.wake()
            secret = answer.body.get("Secret", secret)
            follows = page[number + 1] if number + 1 < len(page) else Block("", "")
            if follows.language == "json":
                said = json.loads(follows.text)
                assert like.as_shown(said, freed(said, answer.body)) == said
            if follows.language == "http":
                told = receiver.next()
                said = json.loads(follows.text.partition("\n\n")[2])
                assert like.as_shown(said, told.message) == said
    assert told is not None
    is_from_tracker = _function(page)
    assert is_from_tracker(secret, told.headers, told.body)
    assert not is_from_tracker(secret, told.headers, told.body + b" ")
    assert not is_from_tracker(secret, {**told.headers, "webhook-timestamp": "1"}, told.body)
    assert receiver.next().message["Type"] == "test"


def _function(page: list[Block]) -> Any:
    """The function that the page shows."""
    [shown] = [block.text for block in page if block.language == "python"]
    space: dict[str, Any] = {}
    exec(shown, space)
    return space["is_from_tracker"]


def _until_accepted(client: InProcess, key: str, list_id: int) -> None:
    with gevent.Timeout(20):
        while not client.ok("deliveries.get", key, ListID=list_id, Status="accepted")["Deliveries"]:
            gevent.sleep(0.005)
