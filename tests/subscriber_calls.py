"""Calls of the commands about one subscriber that tests make on their way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.client import Reply

Call = Callable[..., Reply]


def made(call: Call, **params: Any) -> str:
    answer = call("create", **params)
    assert answer.status == 200, answer.body
    subscriber_id: str = answer.body["SubscriberID"]
    return subscriber_id


def described(call: Call, **params: Any) -> dict[str, Any]:
    answer = call("get", **params)
    assert answer.status == 200, answer.body
    information: dict[str, Any] = answer.body["SubscriberInformation"]
    return information
