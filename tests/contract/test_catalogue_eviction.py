"""Do names that anybody has made up give way to real ones, and can they be taken out?"""

from __future__ import annotations

from typing import Any

from tests.client import InProcess, Shop, Track
from tests.full_catalogue import Browse, Listing, bounds, browse, own
from tracker.integrity.counter_check import recount

DAY = 24 * 3_600_000

__all__ = ["bounds", "browse"]  # fixtures of this module, too


def long_ago(client: InProcess, shop: Shop, *names: str) -> None:
    def work(transaction: Any) -> None:
        for name in names:
            for table, column in (("event_names", "name"), ("event_properties", "event_name")):
                sql = f"UPDATE {table} SET last_received_at = last_received_at - ? WHERE list_id = ? AND {column} = ?"
                transaction.execute(sql, (DAY + 1000, shop.list_id, name.encode()))

    client.services.storage.write(work)


def differences(client: InProcess, shop: Shop) -> list[str]:
    return [str(each) for each in recount(client.services.storage, shop.list_id).differences]


def test_a_flood_of_names_gives_way_to_the_websites_own(
    client: InProcess, shop: Shop, browse: Browse, listing: Listing
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
    client: InProcess, shop: Shop, track: Track, browse: Browse, listing: Listing
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
    client: InProcess, shop: Shop, browse: Browse, listing: Listing
) -> None:
    names = [f"twice{number}" for number in range(8)]
    browse(*names, *names)
    browse("new")
    assert "new" not in listing()
    long_ago(client, shop, "twice3")
    browse("new")
    assert set(own(listing)) == {"new", *names} - {"twice3"}


def test_made_up_properties_give_way_too(
    client: InProcess, shop: Shop, track: Track, browse: Browse, listing: Listing
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
