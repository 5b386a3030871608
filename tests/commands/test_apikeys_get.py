"""`apikeys.get`: a user's own keys, in pages."""

from __future__ import annotations

from tests.client import Client, Shop
from tests.commands.keys import listed, make, ok


def test_keys_come_in_pages(client: Client, keeper: Shop) -> None:
    made = [make(client, keeper.key)["Prefix"] for _ in range(4)]
    pages = [
        ok(client.call("apikeys.get", keeper.key, RecordsFrom=start, RecordsPerRequest=2))
        for start in (1, 3, 5)
    ]
    assert [page["TotalKeyCount"] for page in pages] == [5, 5, 5]
    assert [[row["Prefix"] for row in page["APIKeys"]] for page in pages] == [made[:2], made[2:], []]


def test_keys_of_others_are_not_listed(client: Client, keeper: Shop, admin: Shop) -> None:
    assert [row["Prefix"] for row in listed(client, admin.key)] == [admin.key.split("_")[1]]
