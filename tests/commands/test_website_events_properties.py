"""Does `website_events.properties` list what was tracked, as the seed documents it?"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.client import InProcess, Shop, Track
from tests.commands.test_event_track import CONVERSION, errors
from tracker.storage.aggregates import catalogue
from tracker.storage.schema.tables import TYPES

Listing = Callable[[], dict[str, list[str]]]


def test_the_answer_has_these_keys_in_this_order(client: InProcess, shop: Shop, track: Track) -> None:
    track(Event="page_view", Properties={"product_id": 1, "$page_title": "Home"})
    answer = client.call("website_events.properties", shop.key, ListID=shop.list_id)
    assert answer.status == 200
    assert list(answer.body.items()) == [
        ("ListID", shop.list_id),
        ("Properties", {"page_view": ["$page_title", "product_id"]}),
    ]


def test_it_is_grouped_by_event_and_ordered_by_bytes(track: Track, listing: Listing) -> None:
    for name in ("b", "a", "Z", "é", "_", "conversion", "z"):
        track(Event=name, Properties={"z": 1, "é": 1, "A": 1, "a": 1, "$": 1, **CONVERSION})
    listed = listing()
    assert list(listed) == ["Z", "_", "a", "b", "conversion", "z", "é"]
    assert list(listed) == sorted(listed, key=str.encode)
    three = ["conversion-id", "conversion-name", "conversion-value"]
    assert listed["conversion"] == ["$", "A", "a", *three, "z", "é"]


def test_an_event_without_properties_is_listed_with_none(track: Track, listing: Listing) -> None:
    track(Event="bare")
    track(Event="bare", Properties=[])
    assert listing() == {"bare": []}


def test_only_top_level_names_are_listed(track: Track, listing: Listing) -> None:
    track(Properties={"cart": {"items": [{"sku": 1}]}, "tags": ["a"], "none": None})
    assert listing() == {"seen": ["cart", "none", "tags"]}


def test_a_property_is_listed_from_the_answer_to_its_event_on(track: Track, listing: Listing) -> None:
    for number in range(5):
        track(Properties={f"p{number}": number})
        assert listing() == {"seen": [f"p{each}" for each in range(number + 1)]}


def test_an_identify_event_that_was_sent_is_listed(track: Track, listing: Listing) -> None:
    track(Event="page_view", Email="a@example.com", Properties={"a": 1})
    assert listing() == {"identify": [], "page_view": ["a"]}


def test_an_empty_list_has_no_properties(client: InProcess, shop: Shop) -> None:
    answer = client.call("website_events.properties", shop.key, ListID=shop.list_id)
    assert answer.raw == b'{"ListID":%d,"Properties":{}}' % shop.list_id


def test_lists_do_not_mix(client: InProcess, shop: Shop, track: Track, listing: Listing) -> None:
    track(ListID=client.services.stores.lists.add(shop.user_id, "Other"), Event="elsewhere")
    track(ListID=..., Event="loose")
    assert listing() == {}


@pytest.mark.parametrize("list_id", ["abc", 0, -1, 1.0, True, [1], "１", "", 2**63 - 0.5, "1 "])
def test_a_list_id_that_is_none_is_2(client: InProcess, shop: Shop, list_id: Any) -> None:
    answer = client.call("website_events.properties", shop.key, ListID=list_id)
    assert (answer.status, answer.body) == (422, errors((2, "Invalid ListID parameter")))


def test_no_list_id_is_1(client: InProcess, shop: Shop) -> None:
    for params in ({}, {"ListID": None}):
        answer = client.call("website_events.properties", shop.key, **params)
        assert (answer.status, answer.body) == (422, errors((1, "Missing ListID parameter")))


def test_a_list_of_another_user_and_none_at_all_give_the_same_bytes(client: InProcess, shop: Shop) -> None:
    stranger = client.open_shop("stranger@example.com")
    foreign = client.call("website_events.properties", shop.key, ListID=stranger.list_id)
    none = client.call("website_events.properties", shop.key, ListID=2**62)
    assert foreign.status == none.status == 422
    assert foreign.raw == none.raw == b'{"Errors":[{"Code":3,"Message":"List not found"}]}'


def test_it_needs_its_permission(client: InProcess) -> None:
    without = client.open_shop("without@example.com", permissions="Lists.Get")
    answer = client.call("website_events.properties", without.key, ListID=without.list_id)
    assert (answer.status, answer.codes) == (403, [403])
    allowed = client.services.stores.keys.add(without.user_id, "Subscribers.Get")
    assert client.call("website_events.properties", allowed, ListID=without.list_id).status == 200


def test_a_listing_reads_no_events(client: InProcess, shop: Shop, track: Track, listing: Listing) -> None:
    """However many there are: a listing whose events are gone is the same."""
    track(Properties={"a": 1})
    client.services.storage.write(
        lambda transaction: transaction.execute("DELETE FROM events WHERE list_id = ?", (shop.list_id,))
    )
    assert listing() == {"seen": ["a"]}


# The bounds of a list's catalogue. They are reached by rows written straight into the tables.


def fill(client: InProcess, shop: Shop, names: int, pairs_each: int = 0) -> None:
    now = time.time_ns() // 1_000_000
    rows = [(shop.list_id, b"name %06d" % number, now, now, pairs_each, 0) for number in range(names)]
    pairs = [
        (shop.list_id, row[1], b"property %06d" % number, now, now, *[0] * len(TYPES))
        for row in rows
        for number in range(pairs_each)
    ]
    seen = ("first_seen_at", "last_seen_at")

    def write(transaction: Any) -> None:
        transaction.insert("event_names", ("list_id", "name", *seen, "property_count", "events"), rows)
        transaction.insert("event_properties", ("list_id", "event_name", "property", *seen, *TYPES), pairs)

    client.services.storage.write(write)


def is_flagged(client: InProcess, shop: Shop) -> bool:
    return client.rows("SELECT is_catalogue_full FROM list_settings WHERE list_id = ?", shop.list_id) == [
        (1,)
    ]


def stored(client: InProcess, shop: Shop) -> int:
    count: int = client.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", shop.list_id)[0][0]
    return count


def test_the_last_event_name_that_fits_is_listed_and_the_next_is_stored_only(
    client: InProcess, shop: Shop, track: Track, listing: Listing
) -> None:
    fill(client, shop, names=catalogue.MAX_NAMES - 1)
    assert track(Event="last", Properties={"a": 1}).status == 200
    assert not is_flagged(client, shop)
    assert track(Event="beyond", Properties={"a": 1}).status == 200
    listed = listing()
    assert (len(listed), listed["last"], "beyond" in listed) == (2000, ["a"], False)
    assert is_flagged(client, shop)
    assert stored(client, shop) == 2
    assert track(Event="last", Properties={"b": 1}).status == 200
    assert listing()["last"] == ["a", "b"], "names that are listed still get new properties"


def test_the_last_pairs_that_fit_are_listed_and_the_next_are_stored_only(
    client: InProcess, shop: Shop, track: Track, listing: Listing
) -> None:
    fill(client, shop, names=50, pairs_each=399)
    fill_rest = catalogue.MAX_PAIRS - 50 * 399
    assert fill_rest == 50
    assert track(Properties={f"p{number:03d}": 1 for number in range(fill_rest - 1)}).status == 200
    assert not is_flagged(client, shop)
    assert track(Properties={"q1": 1, "q2": 1}).status == 200
    assert listing()["seen"] == [*(f"p{number:03d}" for number in range(fill_rest - 1)), "q1"]
    assert is_flagged(client, shop)
    assert track(Event="name 000001", Properties={"new": 1}).status == 200
    assert "new" not in listing()["name 000001"]
    assert stored(client, shop) == 3


def test_an_event_has_at_most_500_listed_properties(
    client: InProcess, shop: Shop, track: Track, listing: Listing
) -> None:
    for first in (0, 250):
        track(Properties={f"p{number:03d}": 1 for number in range(first, first + 250)})
    assert not is_flagged(client, shop)
    assert track(Properties={"p000": 1, "zzz": 1}).status == 200
    assert listing() == {"seen": [f"p{number:03d}" for number in range(500)]}
    assert is_flagged(client, shop)
    assert track(Event="other", Properties={"zzz": 1}).status == 200
    assert listing()["other"] == ["zzz"]


def test_a_full_catalogue_of_one_list_is_not_anothers(client: InProcess, shop: Shop, track: Track) -> None:
    fill(client, shop, names=catalogue.MAX_NAMES)
    other = client.services.stores.lists.add(shop.user_id, "Other")
    track(ListID=other, Event="listed")
    answer = client.call("website_events.properties", shop.key, ListID=other)
    assert answer.body["Properties"] == {"listed": []}
