"""Triggers at work in this process, and a receiver for what they send."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.client import InProcess, NewClient, Reply, Shop, Track
from tests.commands.triggers import make_trigger
from tests.receiver import ALLOWED, Receiver, receiving

Make = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def client(new_client: NewClient) -> InProcess:
    """Tracker in this process, with its triggers at work."""
    client = new_client(ALLOWED)
    client.services.triggers.serve()
    return client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def make(client: InProcess, shop: Shop, receiver: Receiver) -> Iterator[Make]:
    """`make(Event=…, …)`: a trigger of the test's list that tells the receiver. It is deleted afterwards."""
    made: list[int] = []

    def call(**params: Any) -> dict[str, Any]:
        answer = make_trigger(client, shop, receiver.url, **params)
        made.append(answer["TriggerID"])
        return answer

    yield call
    for number in made:
        client.call("trigger.delete", shop.key, ListID=shop.list_id, TriggerID=number)


@pytest.fixture
def track(client: InProcess, track: Track) -> Track:
    """As `track` everywhere; the triggers look at once."""

    def call(**params: Any) -> Reply:
        reply = track(**params)
        client.services.triggers.wake()
        return reply

    return call
