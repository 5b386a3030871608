"""`shares.get`: links in the order they were made, those that are over too, and never their addresses."""

from __future__ import annotations

import time

from tests.client import InProcess, Shop
from tests.commands.saved import share, shares
from tests.commands.stub_engine import StubEngine


def test_links_are_listed_without_their_addresses(client: InProcess, shop: Shop, engine: StubEngine) -> None:
    engine.reply = {"building": 0.5}
    made = [share(client, shop) for _ in range(3)]
    assert [each["ShareID"] for each in shares(client, shop)] == [number for number, _ in made]
    told = client.call("shares.get", shop.key, ListID=shop.list_id).text
    assert [token for _, token in made if token in told] == []


def test_a_link_that_is_over_is_told_so_and_opens_nothing(
    client: InProcess, shop: Shop, engine: StubEngine
) -> None:
    engine.reply = {"building": 0.5}
    number, token = share(client, shop, Until="2099-12-31")
    assert client.services.stores.shares.opened(token) is not None
    sql = f"UPDATE shares SET ends_at = {time.time_ns() // 1_000_000} WHERE id = {number}"
    client.services.storage.write(lambda transaction: transaction.change(sql, ()))
    assert shares(client, shop)[0]["IsOver"] is True
    assert client.services.stores.shares.opened(token) is None
