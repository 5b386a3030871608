"""Does a conversion that came with a key count, whatever strangers have sent before? And does all that counts agree?"""

from __future__ import annotations

import itertools
import random
import threading
from collections import Counter
from typing import Any

import pytest

from tests.client import InProcess, Shop, Track
from tests.commands.test_event_collect import Door
from tests.contract.test_conversions import busy, conversion, repeats, totals
from tests.contract.test_retention import ago, differences, one_day, update
from tests.served import Tracker, make_account
from tracker.domain.event import Event
from tracker.integrity.counter_check import recount
from tracker.storage.aggregates import counters
from tracker.storage.schema.own_database import own_database

__all__ = ["busy"]
JANE, EVE = "jane@example.com", "eve@example.com"
ORDERS_AT_ONCE = 15
EUROS = {"conversion_currency": "EUR"}


@pytest.fixture
def door(client: InProcess, shop: Shop) -> Door:
    return Door(client, shop)


def revenue(client: InProcess, shop: Shop, email: str) -> float:
    found = client.call("subscriber.get", shop.key, ListID=shop.list_id, EmailAddress=email)
    worth: float = found.body["TotalRevenue"]
    return worth


def by_whom(client: InProcess, shop: Shop) -> list[int]:
    return [
        row[0] for row in client.rows("SELECT is_public FROM conversions WHERE list_id = ?", shop.list_id)
    ]


def test_the_shops_order_counts_and_the_strangers_no_more(
    client: InProcess, shop: Shop, track: Track, door: Door
) -> None:
    """By their number, another value and currency, and by the revenue of both."""
    assert door.post({**conversion("order-1001", 7, "Fake"), "Email": EVE}).status == 200
    assert totals(client, shop) == {(b"Fake", b""): (1, 7_000_000)}
    assert revenue(client, shop, EVE) == 7.0
    assert track(**conversion("order-1001", 100, **EUROS), Email=JANE).status == 200
    assert totals(client, shop) == {(b"Fake", b""): (0, 0), (b"Sale", b"EUR"): (1, 100_000_000)}
    assert (repeats(client, shop), by_whom(client, shop)) == ([True, False], [0])
    assert (revenue(client, shop, EVE), revenue(client, shop, JANE)) == (0.0, 100.0)
    assert differences(client, shop) == []


def test_nothing_public_takes_the_place_of_anything(
    client: InProcess, shop: Shop, track: Track, door: Door
) -> None:
    track(**conversion("order-1", 5))
    for value in (6, 7):
        door.post(conversion("order-1", value))
        door.post(conversion("order-2", value))
    track(**conversion("order-1", 8))
    assert totals(client, shop) == {(b"Sale", b""): (2, 11_000_000)}
    assert repeats(client, shop) == [False, True, False, True, True, True]
    assert differences(client, shop) == []


ORDERS = sorted(set(itertools.permutations(("public", "public", "key", "key"))))


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
@pytest.mark.parametrize("is_at_once", [False, True])
def test_in_any_order_the_first_with_a_key_counts(
    client: InProcess, shop: Shop, order: tuple[str, ...], is_at_once: bool
) -> None:
    """One by one, and in one transaction."""
    sent = conversion("order-1")["Properties"]
    now = 1_800_000_000_000
    events = [
        Event(
            shop.list_id,
            "conversion",
            now,
            properties={**sent, "conversion-value": value},
            is_public=by == "public",
        )
        for value, by in enumerate(order)
    ]
    for group in [events] if is_at_once else [[event] for event in events]:
        client.services.ingest.track_batch(group)
    first = order.index("key")
    assert repeats(client, shop) == [number != first for number in range(4)]
    assert totals(client, shop) == {(b"Sale", b""): (1, first * 1_000_000)}
    assert by_whom(client, shop) == [0]
    assert differences(client, shop) == []


def test_a_strangers_conversion_that_retention_has_deleted_is_uncounted_too(
    client: InProcess, shop: Shop, track: Track, door: Door
) -> None:
    """What deleted events were worth stays in the totals; what of it was public, as long as nothing better comes."""
    door.post({**conversion("order-1", 7, **EUROS), "Timestamp": ago(days=40)})
    door.post({**conversion("order-2", "0.5"), "Timestamp": ago(days=40)})
    track(**conversion("order-3", 3), Timestamp=ago(days=40))
    update(client, shop, RetentionDays=30)
    assert one_day(client, shop) == 3
    assert totals(client, shop) == {(b"Sale", b"EUR"): (1, 7_000_000), (b"Sale", b""): (2, 3_500_000)}
    for number in (1, 3):
        track(**conversion(f"order-{number}", 100, "Real"))
    expected = {(b"Sale", b"EUR"): (0, 0), (b"Sale", b""): (2, 3_500_000), (b"Real", b""): (1, 100_000_000)}
    assert totals(client, shop) == expected
    assert repeats(client, shop) == [False, True]
    assert differences(client, shop) == []
    door.post(conversion("order-1", 9))
    assert totals(client, shop) == expected


@pytest.mark.parametrize("gone", [(EVE, JANE), (JANE, EVE)])
def test_a_subscriber_who_is_forgotten_takes_what_counts_of_theirs(
    client: InProcess, shop: Shop, track: Track, door: Door, gone: tuple[str, str]
) -> None:
    door.post({**conversion("order-1", 7), "Email": EVE})
    track(**conversion("order-1", 100), Email=JANE)
    for email in gone:
        assert (
            client.call("subscriber.forget", shop.key, ListID=shop.list_id, EmailAddress=email).status == 200
        )
        assert differences(client, shop) == []
        is_there = JANE not in gone[: gone.index(email) + 1]
        assert totals(client, shop) == ({(b"Sale", b""): (1, 100_000_000)} if is_there else {})
    door.post(conversion("order-1", 5))
    assert totals(client, shop) == {(b"Sale", b""): (1, 5_000_000)}
    assert differences(client, shop) == []


def test_unmerging_moves_the_money_that_counts(
    client: InProcess, shop: Shop, track: Track, door: Door
) -> None:
    browser = "0f8fad5b-d9cb-469f-a165-70867728950e"
    for number in (1, 2):
        door.post({**conversion(f"order-{number}", number), "UUID": browser})
    door.post({"Event": "identify", "UUID": browser, "Email": EVE})
    track(**conversion("order-1", 100), Email=JANE)
    assert revenue(client, shop, EVE) == 2.0
    sent = {"ListID": shop.list_id, "EmailAddress": EVE, "UUID": browser}
    assert client.call("subscriber.unmerge", shop.key, **sent).status == 200
    assert (revenue(client, shop, EVE), revenue(client, shop, JANE)) == (0.0, 100.0)
    assert differences(client, shop) == []


def test_a_list_may_count_conversions_with_a_key_only(
    client: InProcess, shop: Shop, track: Track, door: Door
) -> None:
    assert update(client, shop, ConversionsNeedKey=True)["ConversionsNeedKey"] is True
    assert door.post({**conversion("order-1", 7), "Email": EVE, "EventID": "mine"}).status == 200
    assert door.post({"Event": "seen", "Email": EVE}).status == 200
    assert (totals(client, shop), by_whom(client, shop), revenue(client, shop, EVE)) == ({}, [], 0.0)
    track(**conversion("order-1", 100), Email=JANE)
    assert totals(client, shop) == {(b"Sale", b""): (1, 100_000_000)}
    told = client.call("events.recent", shop.key, ListID=shop.list_id, Event="conversion").body["Events"]
    assert [(e.get("LacksKey"), e["IsRepeatedConversion"]) for e in told] == [(None, False), (True, False)]
    [seen] = client.call("events.recent", shop.key, ListID=shop.list_id, Event="seen").body["Events"]
    assert "LacksKey" not in seen
    held = client.call("subscriber.export", shop.key, ListID=shop.list_id, EmailAddress=EVE).body
    assert held["Revenue"] == []
    update(client, shop, ConversionsNeedKey=False)
    assert door.post(conversion("order-2", 1)).status == 200
    assert totals(client, shop) == {(b"Sale", b""): (2, 101_000_000)}
    assert client.call("subscriber.forget", shop.key, ListID=shop.list_id, EmailAddress=EVE).status == 200
    assert totals(client, shop) == {(b"Sale", b""): (2, 101_000_000)}
    assert differences(client, shop) == []


def test_of_processes_that_count_at_once_one_wins(busy: Tracker) -> None:
    """Strangers and the shop send the same orders through two workers: of each the shop's counts, once."""
    account = make_account(busy, "owner@example.com", "List.Get")
    listed = busy.call("list.get", account.key, ListID=account.list_id).body["List"]
    statuses: Counter[int] = Counter()

    def send(path: str, value: int, named: dict[str, Any], key: str | None, seed: int) -> None:
        orders = random.Random(seed).sample(range(ORDERS_AT_ONCE), ORDERS_AT_ONCE)
        for number in orders:
            sent = {**named, **conversion(f"order-{number}", value)}
            status = 503
            while status == 503:  # a machine that is busy with other things: certainly not stored
                status = busy.post(path, key, json=sent).status
            statuses[status] += 1

    theirs: tuple[str, int, dict[str, Any], str | None] = (f"/t/{listed['EventListTrackerID']}", 1, {}, None)
    ours = ("/api/v1/event", 100, {"ListID": account.list_id}, account.key)
    clients = [
        threading.Thread(target=send, args=(*each, seed)) for seed, each in enumerate([theirs, ours] * 2)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert statuses == {200: 4 * ORDERS_AT_ONCE}
    database = own_database(busy.database_url)
    try:
        found = database.read(lambda t: counters.conversion_totals(t, account.list_id))
        assert found == {(b"Sale", b""): (ORDERS_AT_ONCE, ORDERS_AT_ONCE * 100_000_000)}
        assert recount(database, account.list_id).differences == []
    finally:
        database.close()
