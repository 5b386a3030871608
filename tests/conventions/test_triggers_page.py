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
from tracker.delivery import segment_watch
from tracker.demo.account import EMAIL, make_demo

#: The rule of the page's segment.
BOUGHT = b'{"Of": "person", "Event": "conversion", "Is": "happened"}'
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


class Moves:
    """The reports process, for which the page's subscriber comes in after the first look."""

    def __init__(self, client: InProcess, list_id: int) -> None:
        self._client, self._list_id, self._looks = client, list_id, 0

    def __call__(self, question: Any, _spellings: Any, _seconds: float) -> dict[str, Any]:
        people = self._client.rows("SELECT id FROM subscribers WHERE list_id = ?", self._list_id)
        self._looks += 1
        entered = [row[0] for row in people] if self._looks == 2 else []
        return {"answer": {"entered": entered, "left": [], "scope": {"as_of": question.head.now}}}


def test_the_page_is_as_it_says(
    client: InProcess, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = make_demo(client.services.stores)
    assert demo is not None
    user = client.services.stores.users.find(EMAIL)
    assert user is not None
    key = client.services.stores.keys.add(user.id, "Trigger.Update,Subscribers.Get")
    monkeypatch.setattr(segment_watch, "LOOK_SECONDS", 0)
    monkeypatch.setattr(segment_watch, "AGAIN_SECONDS", 0)
    monkeypatch.setattr(client.services.analytics, "moves", Moves(client, demo.list_id))
    segment = client.services.stores.segments.add(
        demo.list_id, "Buyers", b"[%s]" % BOUGHT, lambda *_: None, None, lambda _: None
    )
    values = {"KEY": key, "LIST": demo.list_id, "SEGMENT": segment}
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
            follows = [*page[number + 1 :], Block("", "")]
            if follows[0].language == "json":
                said = json.loads(follows.pop(0).text)
                assert like.as_shown(said, freed(said, answer.body)) == said
            if follows[0].language == "http":
                told = receiver.next()
                said = json.loads(follows[0].text.partition("\n\n")[2])
                assert like.as_shown(said, told.message) == said
    assert told is not None
    assert told.message["Type"] == "enter"
    client.ok("trigger.delete", key, ListID=demo.list_id, TriggerID=2)
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
