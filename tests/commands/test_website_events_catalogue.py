"""Do `website_events.catalogue` and `website_events.values` say what has been seen of a list's events?"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop
from tracker.integrity.counter_check import recount
from tracker.reports import catalogue_listing as names_module
from tracker.storage.aggregates.catalogue import MAX_NAMES
from tracker.times import iso_utc

Track = Callable[..., Reply]

Ask = Callable[..., dict[str, Any]]


def shape(answer: dict[str, Any]) -> dict[str, list[str]]:
    return {each["Event"]: [item["Property"] for item in each["Properties"]] for each in answer["Events"]}


def test_events_and_properties_are_counted_by_type(track: Track, catalogue: Ask) -> None:
    for value in ("a", "b", 1, 2.5, True, None, {"x": 1}, [1]):
        track(Event="seen", Properties={"mixed": value})
    track(Event="seen", Properties={"plain": "a"})
    [event] = catalogue()["Events"]
    assert (event["Event"], event["Count"]) == ("seen", 9)
    mixed, plain = event["Properties"]
    types = {"string": 2, "number": 2, "boolean": 1, "null": 1, "object": 1, "array": 1}
    assert (mixed["Property"], mixed["Count"], mixed["Types"]) == ("mixed", 8, types)
    assert (plain["Property"], plain["Count"], plain["Types"]) == ("plain", 1, {"string": 1})
    assert event["FirstSeenAt"] <= mixed["LastSeenAt"] <= plain["LastSeenAt"] == event["LastSeenAt"]


def test_an_empty_list(catalogue: Ask) -> None:
    assert catalogue() == {"Events": [], "HasMore": False, "LookAlikes": [], "IsFull": False}


def test_one_event_and_a_search(track: Track, catalogue: Ask) -> None:
    track(Event="page_view", Properties={"url": 1, "TITLE": 2})
    track(Event="Title changed", Properties={"by": 1, "at": 2})
    track(Event="other", Properties={"x": 1})
    assert shape(catalogue(Event="page_view")) == {"page_view": ["TITLE", "url"]}
    assert shape(catalogue(Event="nothing")) == {}
    assert shape(catalogue(Search="tItLe")) == {"Title changed": ["at", "by"], "page_view": ["TITLE"]}
    assert "LookAlikes" not in catalogue(Search="x")


def test_events_are_listed_by_count_and_by_when_they_were_seen(
    client: InProcess, shop: Shop, track: Track, catalogue: Ask
) -> None:
    days = {"a": (1, 5), "b": (2, 9, 3), "c": (20, 1, 1), "d": (7,)}
    for name, own in days.items():
        for day in own:
            track(Event=name, Timestamp=f"2026-01-{day:02}T12:00:00Z", Properties={"seen": day})

    def names(**params: Any) -> list[str]:
        return [event["Event"] for event in catalogue(**params)["Events"]]

    assert names() == names(Sort="Event") == ["a", "b", "c", "d"]
    assert names(Sort="Count") == ["b", "c", "a", "d"]
    assert names(Sort="LastSeenAt") == ["c", "b", "d", "a"]
    for sort in ("Count", "LastSeenAt"):
        paged: list[str] = []
        page: dict[str, Any] = {"HasMore": True}
        while page["HasMore"]:
            page = catalogue(Sort=sort, RecordsPerRequest=1, AfterEvent=paged[-1] if paged else "")
            paged += [event["Event"] for event in page["Events"]]
        assert paged == names(Sort=sort)
    assert names(Sort="Count", Search="SEE", RecordsPerRequest=2) == ["b", "c"]
    client.ok("event.alias", shop.key, ListID=shop.list_id, Event="d", As="a")
    assert names(Sort="Count") == ["a", "b", "c"], "three each: the counts of all spellings"
    gone = client.call(
        "website_events.catalogue", shop.key, ListID=shop.list_id, Sort="Count", AfterEvent="d"
    )
    assert gone.codes == [8]


def test_names_spelled_twice(track: Track, catalogue: Ask) -> None:
    track(Event="page_view", Properties={"productId": 1})
    track(Event="pageView", Properties={"product_id": 1, "page_view": 2})
    assert catalogue()["LookAlikes"] == [
        {"Kind": "event", "Names": ["pageView", "page_view"], "CanBeOne": True},
        {"Kind": "property", "Names": ["productId", "product_id"], "CanBeOne": True},
    ]


@pytest.fixture
def large(client: InProcess, shop: Shop) -> None:
    """A catalogue as large as the bounds allow, that an event was refused for."""
    wide = [(shop.list_id, b"wide%03d" % n, 5, 9, 500, 1) for n in range(40)]
    narrow = [(shop.list_id, b"narrow%04d" % n, 5, 9, 0, 1) for n in range(MAX_NAMES - 40)]
    columns = ("list_id", "name", "first_seen_at", "last_seen_at", "property_count", "events")
    pairs = (
        "list_id",
        "event_name",
        "property",
        "first_seen_at",
        "last_seen_at",
        "strings",
        "numbers",
        "booleans",
    )
    rest = ("nulls", "objects", "arrays")
    rows = [
        (shop.list_id, b"wide%03d" % n, b"property%03d" % item, 5, 9, 1, 0, 0, 0, 0, 0)
        for n in range(40)
        for item in range(500)
    ]

    def fill(transaction: Any) -> None:
        transaction.insert("event_names", columns, [*wide, *narrow])
        transaction.insert("event_properties", (*pairs, *rest), rows)

    client.services.storage.write(fill)
    answer = client.call("event.track", shop.key, ListID=shop.list_id, Event="one too many")
    assert answer.status == 200


@pytest.mark.usefixtures("large")
def test_a_full_catalogue_is_read_in_answers_of_bounded_size(
    client: InProcess, shop: Shop, catalogue: Ask
) -> None:
    page, found = catalogue(), {}
    while True:
        assert page["IsFull"]
        assert len(json.dumps(page)) < 1_000_000
        assert sum(len(each["Properties"]) for each in page["Events"]) <= names_module.MAX_PROPERTIES
        assert not found.keys() & shape(page).keys()
        found |= shape(page)
        if not page["HasMore"]:
            break
        page = catalogue(AfterEvent=page["Events"][-1]["Event"], RecordsPerRequest=500)
    assert list(found) == sorted(found)
    assert len(found) == MAX_NAMES
    assert sum(map(len, found.values())) == 20_000
    assert len(shape(catalogue(Search="PROPERTY499", RecordsPerRequest=500))) == 40


def test_names_are_seen_when_events_happen_and_not_when_they_arrive(
    client: InProcess, shop: Shop, track: Track
) -> None:
    before = iso_utc(time.time_ns() // 10**6)
    for timestamp in ("2026-03-01T10:00:00Z", "2026-01-01T10:00:00Z", "2026-02-01T10:00:00Z"):
        track(
            Event="ordered", Timestamp=timestamp, Properties={"old": 1} if "-01-" in timestamp else {"new": 1}
        )
        client.services.ingest.flush()
    body = client.call("website_events.catalogue", shop.key, ListID=shop.list_id).body
    [event] = body["Events"]
    new, old = event["Properties"]
    found = [(each["FirstSeenAt"][:10], each["LastSeenAt"][:10]) for each in (event, new, old)]
    assert found == [("2026-01-01", "2026-03-01"), ("2026-02-01", "2026-03-01"), ("2026-01-01", "2026-01-01")]
    assert (
        before
        <= old["LastReceivedAt"]
        <= new["LastReceivedAt"]
        == event["LastReceivedAt"]
        <= iso_utc(time.time_ns() // 10**6)
    )
    assert recount(client.services.storage, shop.list_id).differences == []


def test_a_property_is_first_seen_with_its_own_event_not_with_others_of_its_batch(
    client: InProcess, shop: Shop
) -> None:
    events = [
        {"Event": "ordered", "Timestamp": "2026-01-01T10:00:00Z"},
        {"Event": "ordered", "Timestamp": "2026-02-01T10:00:00Z", "Properties": {"late": 1}},
    ]
    client.call("event.batch", shop.key, ListID=shop.list_id, Events=events)
    client.services.ingest.flush()
    [event] = client.call("website_events.catalogue", shop.key, ListID=shop.list_id).body["Events"]
    assert event["FirstSeenAt"] == "2026-01-01T10:00:00.000Z"
    assert event["Properties"][0]["FirstSeenAt"] == "2026-02-01T10:00:00.000Z"
