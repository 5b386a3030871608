"""Calls of the commands about API keys that tests make on their way."""

from __future__ import annotations

from typing import Any

from tests.client import Client, Reply


def ok(reply: Reply) -> dict[str, Any]:
    assert reply.status == 200, reply.body
    return dict(reply.body)


def make(client: Client, key: str, **params: Any) -> dict[str, Any]:
    return ok(client.call("apikey.create", key, **params))


def listed(client: Client, key: str) -> list[dict[str, Any]]:
    return list(ok(client.call("apikeys.get", key))["APIKeys"])
