"""`website_events.remove`: names go, are sent again, and come back."""

from __future__ import annotations

from tests.client import InProcess, Shop, Track
from tests.full_catalogue import Browse, Listing, bounds, browse, own
from tracker.integrity.counter_check import recount

__all__ = ["bounds", "browse"]  # fixtures of this module, too


def differences(client: InProcess, shop: Shop) -> list[str]:
    return [str(each) for each in recount(client.services.storage, shop.list_id).differences]


def test_a_name_is_taken_out_and_comes_back_when_it_is_sent_again(
    client: InProcess, shop: Shop, track: Track, listing: Listing
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
    client: InProcess, shop: Shop, track: Track, browse: Browse, listing: Listing
) -> None:
    track(Event="order", Properties={"a": 1})
    browse("junk1", "junk2", "twice", "twice", {"Event": "order", "Properties": {"junk": 1}})
    answer = client.call("website_events.remove", shop.key, ListID=shop.list_id, FromBrowsersOnly=True)
    assert answer.body["RemovedEvents"] == 2
    assert own(listing) == {"order": ["a"], "twice": []}
    client.call("website_events.remove", shop.key, ListID=shop.list_id, FromBrowsersOnly=True, SeenAtMost=10)
    assert listing() == {"order": ["a"]}
    assert differences(client, shop) == []
