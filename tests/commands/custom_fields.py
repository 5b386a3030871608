"""Custom fields of a list and their values, as the tests of their commands read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.client import Client, Reply, Shop

Field = Callable[..., int]
Say = Callable[[dict[str, Any]], Reply]
#: Of the one subscriber who has values.
EMAIL = "a@example.com"


def values_of(client: Client, shop: Shop) -> dict[str, Any]:
    answer = client.call("subscriber.get", shop.key, ListID=shop.list_id, EmailAddress=EMAIL)
    found: dict[str, Any] = answer.body["SubscriberInformation"]["CustomFields"]
    return found


def fields_of(client: Client, shop: Shop) -> list[dict[str, Any]]:
    answer = client.call("customfields.get", shop.key, SubscriberListID=shop.list_id).body
    assert answer["TotalFieldCount"] == len(answer["CustomFields"])
    rows: list[dict[str, Any]] = answer["CustomFields"]
    return rows
