"""Do names that anybody has made up give way to real ones, and can they be taken out?"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.client import Client, Shop, Track
from tracker.integrity.counter_check import recount
from tracker.storage.aggregates import catalogue, catalogue_eviction

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)

DAY = 24 * 3_600_000

Listing = Callable[[], dict[str, list[str]]]

Browse = Callable[..., None]


@pytest.fixture(autouse=True)
def bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue that is soon full: browsers may use eight tenths of it."""
    monkeypatch.setattr(catalogue, "MAX_NAMES", 10)
    monkeypatch.setattr(catalogue, "MAX_PROPERTIES", 20)
    monkeypatch.setattr(catalogue, "MAX_PAIRS", 40)
    monkeypatch.setattr(catalogue, "KNOWN_SECONDS", 0.0)
    monkeypatch.setattr(catalogue, "RETRY_FULL_SECONDS", 0.0)
    monkeypatch.setattr(catalogue_eviction, "NAMES_AT_ONCE", 1)
    monkeypatch.setattr(catalogue_eviction, "PROPERTIES_AT_ONCE", 1)


@pytest.fixture
def browse(client: Client, shop: Shop) -> Browse:
    """Send events through the door for browsers, each in a call of its own, and have them counted."""
    public = client.services.stores.lists.owned(shop.user_id, shop.list_id).tracker_id

    def send(*events: str | dict[str, Any]) -> None:
        for event in events:
            sent = {"Event": event} if isinstance(event, str) else event
            headers = {"User-Agent": CHROME, "Content-Type": "text/plain"}
            answer = client.request("POST", f"/t/{public}", headers=headers, data=json.dumps(sent).encode())
            assert answer.status == 200, answer.body
        client.services.ingest.flush()

    return send


def own(listing: Listing) -> dict[str, list[str]]:
    """What was listed, without what the door adds."""
    return {name: [item for item in items if not item.startswith("$")] for name, items in listing().items()}


def long_ago(client: Client, shop: Shop, *names: str) -> None:
    def work(transaction: Any) -> None:
        for name in names:
            for table, column in (("event_names", "name"), ("event_properties", "event_name")):
                sql = f"UPDATE {table} SET last_seen_at = last_seen_at - ? WHERE list_id = ? AND {column} = ?"
                transaction.execute(sql, (DAY + 1000, shop.list_id, name.encode()))

    client.services.storage.write(work)


def differences(client: Client, shop: Shop) -> list[str]:
    return [str(each) for each in recount(client.services.storage, shop.list_id).differences]


def test_a_flood_of_names_gives_way_to_the_websites_own(
    client: Client, shop: Shop, browse: Browse, listing: Listing
) -> None:
    browse("page_view", "page_view")
    browse(*(f"junk{number}" for number in range(20)))
    assert set(own(listing)) == {"page_view", *(f"junk{number}" for number in range(13, 20))}
    browse("signed up", "signed up")
    browse(*(f"more{number}" for number in range(20)))
    assert {"page_view", "signed up"} < set(own(listing)), "what is seen again stays"
    assert len(listing()) == 8
    assert client.call("website_events.catalogue", shop.key, ListID=shop.list_id).body["IsFull"]
    assert differences(client, shop) == []


def test_what_a_key_sends_never_gives_way(
    client: Client, shop: Shop, track: Track, browse: Browse, listing: Listing
) -> None:
    browse(*(f"junk{number}" for number in range(8)), {"Event": "junk7", "Properties": {"a": 1}})
    track(Event="order", Properties={"b": 1})
    track(Event="junk7", Properties={"a": 2}), track(Event="junk6")
    client.services.ingest.flush()
    long_ago(client, shop, "order", "junk7", "junk6")
    browse(*(f"more{number}" for number in range(30)))
    assert {"order": ["b"], "junk7": ["a"], "junk6": []}.items() <= own(listing).items()
    for number in range(7):
        track(Event=f"back end {number}")
    assert len(listing()) == 10
    assert {f"back end {number}" for number in range(7)} < set(listing()), (
        "they take the room of what browsers sent"
    )
    track(Event="one too many")
    assert "one too many" not in listing()
    assert differences(client, shop) == []


def test_names_seen_often_give_way_when_nobody_has_seen_them_for_a_day(
    client: Client, shop: Shop, browse: Browse, listing: Listing
) -> None:
    names = [f"twice{number}" for number in range(8)]
    browse(*names, *names)
    browse("new")
    assert "new" not in listing()
    long_ago(client, shop, "twice3")
    browse("new")
    assert set(own(listing)) == {"new", *names} - {"twice3"}


def test_made_up_properties_give_way_too(
    client: Client, shop: Shop, track: Track, browse: Browse, listing: Listing
) -> None:
    track(Event="seen", Properties={"real": 1})
    for _ in range(2):
        browse({"Event": "seen", "Properties": {"mine": 1}})
    browse(*({"Event": "seen", "Properties": {f"junk{number:02}": 1}} for number in range(30)))
    found = own(listing)["seen"]
    assert {"real", "mine", "junk29"} <= set(found)
    assert "junk00" not in found
    assert len(listing()["seen"]) <= 16
    browse(*({"Event": f"e{number % 5}", "Properties": {f"junk{number:02}": 1}} for number in range(30)))
    assert sum(map(len, listing().values())) <= 32
    sql = "SELECT property_count FROM event_names WHERE list_id = ? ORDER BY name"
    assert [row[0] for row in client.rows(sql, shop.list_id)] == [
        len(listing()[name]) for name in sorted(listing())
    ]
    assert differences(client, shop) == []
