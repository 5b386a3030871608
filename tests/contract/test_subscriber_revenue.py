"""Does `subscriber.get` say what a subscriber did last, and what they are worth?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop
from tracker.app import now_ms
from tracker.domain.event import Event
from tracker.reports import revenue

Track = Callable[..., Reply]
Get = Callable[[], dict[str, Any]]
JANE = "jane@example.com"
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.fixture
def get(client: InProcess, shop: Shop) -> Get:
    """What `subscriber.get` says of Jane."""

    def call() -> dict[str, Any]:
        answer = client.call("subscriber.get", shop.key, ListID=shop.list_id, EmailAddress=JANE)
        assert answer.status == 200, answer.body
        return dict(answer.body)

    return call


@pytest.fixture
def buy(track: Track) -> Callable[..., None]:
    """`buy(id, value, currency, …)`: a conversion of Jane's."""

    def call(number: object, value: object, currency: str | None = "EUR", **params: Any) -> None:
        said = {"conversion-id": number, "conversion-name": "Order", "conversion-value": value}
        money = said if currency is None else said | {"conversion-currency": currency}
        answer = track(Event="conversion", **{"Email": JANE, "Properties": money} | params)
        assert answer.status == 200, answer.body

    return call


def test_the_newest_events_are_shown(track: Track, get: Get) -> None:
    for n in range(30):
        track(Email=JANE, Properties={"n": n}, Timestamp=1_700_000_000_000 + n)
    shown = get()["SubscriberWebsiteEvents"]
    assert [each["Properties"]["n"] for each in shown] == list(range(29, 4, -1))
    assert shown[0]["EventAt"] == "2023-11-14T22:13:20.029Z"


def test_who_bought_nothing_is_worth_nothing(track: Track, get: Get) -> None:
    track(Email=JANE)
    answer = get()
    assert (answer["TotalRevenue"], answer["Revenue"], answer["IsRevenueComplete"]) == (0, [], True)


def test_values_are_added_up_exactly(get: Get, buy: Callable[..., None]) -> None:
    for number, value in enumerate((0.1, 0.2, "19.99", -0.29, 1e-6)):
        buy(number, value)
    answer = get()
    assert answer["TotalRevenue"] == 20.000001
    assert answer["Revenue"] == [{"Currency": "EUR", "Conversions": 5, "Value": 20.000001}]


def test_currencies_are_not_added_up(get: Get, buy: Callable[..., None]) -> None:
    for number, (value, currency) in enumerate(((5, "USD"), (7, "EUR"), (8, "EUR"), (1, None))):
        buy(number, value, currency)
    answer = get()
    assert answer["TotalRevenue"] == 15
    assert answer["Revenue"] == [
        {"Currency": "EUR", "Conversions": 2, "Value": 15},
        {"Currency": "", "Conversions": 1, "Value": 1},
        {"Currency": "USD", "Conversions": 1, "Value": 5},
    ]


def test_a_repeated_conversion_does_not_count(get: Get, buy: Callable[..., None]) -> None:
    for _ in range(3):
        buy("o-1", 10)
    assert get()["Revenue"] == [{"Currency": "EUR", "Conversions": 1, "Value": 10}]


def test_what_a_program_bought_does_not_count(
    client: InProcess, shop: Shop, get: Get, buy: Callable[..., None]
) -> None:
    buy(1, 10)
    money = {
        "conversion-id": 2,
        "conversion-name": "Order",
        "conversion-value": 20,
        "conversion-currency": "EUR",
    }
    event = Event(shop.list_id, "conversion", now_ms(), properties=money, email=(JANE, JANE), is_bot=True)
    client.services.ingest.track(event)
    answer = get()
    assert answer["TotalRevenue"] == 10
    assert answer["SubscriberWebsiteEvents"][0]["IsBot"]


def test_what_a_visitor_bought_before_counts_and_what_others_buy_does_not(
    get: Get, buy: Callable[..., None], track: Track
) -> None:
    buy(1, 10, Email=None, UUID=UUID)
    track(Event="identify", Email=JANE, UUID=UUID)
    buy(2, 20, Email=None, UUID=UUID)
    buy(3, 40, Email="john@example.com")
    buy(4, 80, Email="john@example.com", UUID=UUID)
    buy(5, 160, Email=None, UUID=UUID)
    assert get()["TotalRevenue"] == 30


def test_of_very_many_conversions_the_newest_are_summed(
    get: Get, buy: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a lower limit than the real one, so that the test need not send so many."""
    monkeypatch.setattr(revenue, "MAX_CONVERSIONS", 4)
    for number in range(5):
        buy(number, 10**number)
    answer = get()
    assert (answer["TotalRevenue"], answer["IsRevenueComplete"]) == (11110, False)
