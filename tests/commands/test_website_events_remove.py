"""`website_events.remove`: names go, are sent again, and come back."""

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


def differences(client: Client, shop: Shop) -> list[str]:
    return [str(each) for each in recount(client.services.storage, shop.list_id).differences]


def test_a_name_is_taken_out_and_comes_back_when_it_is_sent_again(
    client: Client, shop: Shop, track: Track, listing: Listing
) -> None:
    track(Event="typo", Properties={"a": 1, "b": 2}), track(Event="good")
    answer = client.call("website_events.remove", shop.key, ListID=shop.list_id, Event="typo", Property="a")
    assert (answer.body["RemovedEvents"], answer.body["RemovedProperties"]) == (0, 1)
    assert listing() == {"good": [], "typo": ["b"]}
    answer = client.call("website_events.remove", shop.key, ListID=shop.list_id, Event="typo")
    assert (answer.body["RemovedEvents"], answer.body["RemovedProperties"]) == (1, 1)
    assert listing() == {"good": []}
    assert client.call("website_events.remove", shop.key, ListID=shop.list_id, Event="typo").codes == [11]
    assert differences(client, shop) == [], "what was taken out on purpose is not missing"
    assert len(client.rows("SELECT id FROM events WHERE list_id = ?", shop.list_id)) == 2
    track(Event="typo", Properties={"a": 1})
    assert listing() == {"good": [], "typo": ["a"]}
    log = client.call("audit.get", shop.key, RecordsPerRequest=1).body["Entries"][0]
    assert (log["Action"], log["Object"]) == ("website_events.remove", f"list:{shop.list_id}")


def test_all_that_only_browsers_sent_is_taken_out_at_once(
    client: Client, shop: Shop, track: Track, browse: Browse, listing: Listing
) -> None:
    track(Event="order", Properties={"a": 1})
    browse("junk1", "junk2", "twice", "twice", {"Event": "order", "Properties": {"junk": 1}})
    answer = client.call("website_events.remove", shop.key, ListID=shop.list_id, FromBrowsersOnly=True)
    assert answer.body["RemovedEvents"] == 2
    assert own(listing) == {"order": ["a"], "twice": []}
    client.call("website_events.remove", shop.key, ListID=shop.list_id, FromBrowsersOnly=True, SeenAtMost=10)
    assert listing() == {"order": ["a"]}
    assert differences(client, shop) == []
