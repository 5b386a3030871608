"""Does each conversion count once, exactly, and whoever sends it how often?"""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.client import InProcess, Shop, Track
from tests.served import StartTracker, Tracker, make_account
from tests.servers import NewDatabase
from tracker.domain.event import IS_REPEATED_CONVERSION
from tracker.integrity.counter_check import recount
from tracker.storage.aggregates import counters
from tracker.storage.schema.own_database import own_database

Totals = dict[tuple[bytes, bytes], tuple[int, int]]


def conversion(number: Any, value: Any = 10, name: str = "Sale", **more: Any) -> dict[str, Any]:
    properties = {"conversion-id": number, "conversion-name": name, "conversion-value": value}
    return {
        "Event": "conversion",
        "Properties": properties | {k.replace("_", "-"): v for k, v in more.items()},
    }


def totals(client: InProcess, shop: Shop) -> Totals:
    """{(name, currency): (count, value in millionths)}."""
    found: Totals = client.services.storage.read(lambda t: counters.conversion_totals(t, shop.list_id))
    return found


def repeats(client: InProcess, shop: Shop) -> list[bool]:
    """Of each stored conversion, in the order of storing, whether it is marked as a repeat."""
    sql = "SELECT flags FROM events WHERE list_id = ? AND name = ? ORDER BY id"
    return [
        bool(flags & IS_REPEATED_CONVERSION) for (flags,) in client.rows(sql, shop.list_id, b"conversion")
    ]


def test_the_first_of_an_id_counts_and_repeats_are_stored_and_marked(
    client: InProcess, track: Track, shop: Shop
) -> None:
    for value in (10, 99, "10"):
        assert track(**conversion("order-1", value)).status == 200
    track(**conversion("order-2", "2.50"))
    assert totals(client, shop) == {(b"Sale", b""): (2, 12_500_000)}
    assert repeats(client, shop) == [False, True, True, False]


def test_repeats_in_one_batch_count_once(client: InProcess, shop: Shop) -> None:
    events = [conversion(number) for number in (1, "1", 2, 1, 3, 2)]
    assert client.call("event.batch", shop.key, ListID=shop.list_id, Events=events).status == 200
    assert totals(client, shop) == {(b"Sale", b""): (3, 30_000_000)}
    assert repeats(client, shop) == [False, True, False, True, False, True]


def test_a_repeated_event_is_no_repeated_conversion(client: InProcess, track: Track, shop: Shop) -> None:
    sent = conversion("order-1") | {"EventID": "e-1"}
    assert track(**sent).body.get("duplicate") is None
    assert track(**sent).body["duplicate"] is True
    assert (totals(client, shop), repeats(client, shop)) == ({(b"Sale", b""): (1, 10_000_000)}, [False])


def test_an_id_is_each_lists_own(client: InProcess, track: Track, shop: Shop) -> None:
    other = replace(shop, list_id=client.services.stores.lists.add(shop.user_id, "Other"))
    track(**conversion("order-1"))
    track(ListID=other.list_id, **conversion("order-1"))
    assert totals(client, shop) == totals(client, other) == {(b"Sale", b""): (1, 10_000_000)}


def test_names_and_currencies_are_summed_apart_and_compared_by_bytes(
    client: InProcess, track: Track, shop: Shop
) -> None:
    for number, (name, currency) in enumerate(
        [
            ("Sale", "EUR"),
            ("sale", "EUR"),
            ("Sale", "USD"),
            ("Sale", "EUR"),
            ("Sale ", "EUR"),
            ("Salé", "EUR"),
        ]
    ):
        track(**conversion(number, 0.1, name, conversion_currency=currency))
    found = totals(client, shop)
    assert found.pop((b"Sale", b"EUR")) == (2, 200_000)
    assert found == dict.fromkeys(
        [(b"sale", b"EUR"), (b"Sale", b"USD"), (b"Sale ", b"EUR"), ("Salé".encode(), b"EUR")], (1, 100_000)
    )


def test_sums_are_exact_and_may_be_negative(client: InProcess, track: Track, shop: Shop) -> None:
    values = [10**12, 10**12, "0.000001", 0.1, 0.2, -0.3, "-1000000000000", "-0.000003", -(10**12)]
    for number, value in enumerate(values):
        track(**conversion(number, value))
    exact = sum(Decimal(str(value)) for value in values) * 10**6
    assert totals(client, shop) == {(b"Sale", b""): (len(values), int(exact))}
    assert exact == -2


def test_events_of_other_names_are_no_conversions(client: InProcess, track: Track, shop: Shop) -> None:
    track(**conversion("order-1") | {"Event": "Conversion"})
    track(**conversion("order-1") | {"Event": "purchase"})
    assert totals(client, shop) == {}


def test_test_conversions_are_not_counted(client: InProcess, track: Track, shop: Shop) -> None:
    track(**conversion("order-1", isTest=True))
    assert totals(client, shop) == {}


# A list whose conversion-ids name goals


def test_a_goal_counts_each_time(client: InProcess, track: Track, shop: Shop) -> None:
    sent = {"SubscriberListName": "Goals", "conversionidis": "Goal"}
    goals = replace(shop, list_id=client.call("list.create", shop.key, **sent).body["ListID"])
    for _ in range(2):
        track(ListID=goals.list_id, **conversion("signup", 2))
    events = [conversion("signup", 1)] * 3
    assert client.call("event.batch", shop.key, ListID=goals.list_id, Events=events).status == 200
    assert totals(client, goals) == {(b"Sale", b""): (5, 7_000_000)}
    assert repeats(client, goals) == [False] * 5
    assert recount(client.services.storage, goals.list_id).differences == []


@pytest.mark.parametrize(
    ("sent", "shown"),
    [({}, "order"), ({"ConversionIdIs": "ORDER"}, "order"), ({"ConversionIdIs": "goal"}, "goal")],
)
def test_a_list_says_what_its_conversion_ids_name(
    client: InProcess, shop: Shop, sent: dict[str, str], shown: str
) -> None:
    made = client.call("list.create", shop.key, SubscriberListName="Shop", **sent).body["ListID"]
    assert client.call("list.get", shop.key, ListID=made).body["List"]["ConversionIdIs"] == shown


@pytest.mark.parametrize("value", ["", "visit", 1, True, []])
def test_it_is_one_of_two_words(client: InProcess, shop: Shop, value: Any) -> None:
    answer = client.call("list.create", shop.key, SubscriberListName="Shop", ConversionIdIs=value)
    assert (answer.status, answer.codes) == (422, [3])


# Many at once


@pytest.fixture
def busy(start_tracker: StartTracker, database_kind: str, new_database: NewDatabase) -> Tracker:
    """Tracker with two workers, on each kind of database."""
    return start_tracker(database_url=new_database(database_kind), workers=2)


def test_totals_under_concurrency_are_those_of_the_events(busy: Tracker) -> None:
    """Eight clients send the same orders, one by one and in batches, through two workers."""
    account = make_account(busy, "owner@example.com")
    orders = {number: f"{number}.{number:06d}" for number in range(60)}
    answered: Counter[int] = Counter()

    def send(seed: int) -> None:
        chance = random.Random(seed)
        numbers = chance.sample(list(orders), len(orders))
        events = [conversion(f"o-{number}", orders[number], conversion_currency="EUR") for number in numbers]
        for event in events[:20]:
            answered[busy.call("event.track", account.key, ListID=account.list_id, **event).status] += 1
        for start in (20, 40):
            part = events[start : start + 20]
            answered[busy.call("event.batch", account.key, ListID=account.list_id, Events=part).status] += 1

    clients = [threading.Thread(target=send, args=(seed,)) for seed in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert answered == {200: 8 * 22}
    database = own_database(busy.database_url)
    value = sum(Decimal(text) for text in orders.values()) * 10**6
    try:
        found = database.read(lambda t: counters.conversion_totals(t, account.list_id))
        assert found == {(b"Sale", b"EUR"): (60, int(value))}
        assert recount(database, account.list_id).differences == []
    finally:
        database.close()
