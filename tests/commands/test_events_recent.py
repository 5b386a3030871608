"""Does `events.recent` give what a list has received, the last one first, and whose it is now?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop
from tracker.reports import recent_events

Track = Callable[..., Reply]
Recent = Callable[..., dict[str, Any]]
JANE, JOHN = "jane@example.com", "john@example.com"
BROWSER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


@pytest.fixture
def recent(client: InProcess, shop: Shop) -> Recent:
    """`recent(Event=…, …)`: one answer about the test's list, unless it says otherwise."""

    def call(**params: Any) -> dict[str, Any]:
        named = {} if "WithoutList" in params else {"ListID": shop.list_id}
        answer = client.call("events.recent", shop.key, **named, **params)
        assert answer.status == 200, answer.body
        body: dict[str, Any] = answer.body
        return body

    return call


def names(answer: dict[str, Any]) -> list[str]:
    return [each["Event"] for each in answer["Events"]]


def subscriber(client: InProcess, shop: Shop, email: str) -> str:
    found = client.call("subscriber.get", shop.key, ListID=shop.list_id, EmailAddress=email)
    number: str = found.body["SubscriberInformation"]["SubscriberID"]
    return number


def test_the_last_one_received_comes_first_whenever_it_happened(track: Track, recent: Recent) -> None:
    for day, name in enumerate(("third", "first", "second")):
        assert track(Event=name, Timestamp=f"2026-01-0{3 - day}T00:00:00Z").status == 200
    answer = recent()
    assert names(answer) == ["second", "first", "third"]
    assert answer["Cursor"] is None


def test_pages_are_not_moved_by_what_comes(track: Track, recent: Recent) -> None:
    for number in range(7):
        track(Event=f"e{number}")
    page = recent(RecordsPerRequest=3)
    assert names(page) == ["e6", "e5", "e4"]
    track(Event="new")
    seen = names(page)
    while page["Cursor"] is not None:
        page = recent(RecordsPerRequest=3, Cursor=page["Cursor"])
        seen += names(page)
    assert seen == [f"e{number}" for number in range(6, -1, -1)]


def test_a_full_last_page_is_the_end(track: Track, recent: Recent) -> None:
    for number in range(3):
        track(Event=f"e{number}")
    assert recent(RecordsPerRequest=3)["Cursor"] is None


def test_one_name_is_looked_for_in_pages_of_bounded_work(
    track: Track, recent: Recent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent_events, "MAX_EXAMINED", 20)
    monkeypatch.setattr(recent_events, "AT_ONCE", 10)
    for name in ("rare", *["often"] * 24, "rare"):
        track(Event=name)
    page = recent(Event="rare")
    assert names(page) == ["rare"]
    assert page["Cursor"] is not None, "what is further back is on the next page"
    page = recent(Event="rare", Cursor=page["Cursor"])
    assert (names(page), page["Cursor"]) == (["rare"], None)
    page = recent(Event="often", RecordsPerRequest=5)
    assert (len(page["Events"]), page["Cursor"] is None) == (5, False)
    assert names(recent(Event="never")) == []


def test_an_event_is_whose_its_visitor_became(
    client: InProcess, shop: Shop, track: Track, recent: Recent
) -> None:
    track(Event="before", UUID=BROWSER)
    assert recent()["Events"][0]["SubscriberID"] is None
    track(Event="during", UUID=BROWSER, Email=JANE)
    track(Event="after", UUID=BROWSER)
    track(Event="another's", UUID=BROWSER, Email=JOHN)
    jane, john = subscriber(client, shop, JANE), subscriber(client, shop, JOHN)
    whose = {
        each["Event"]: each["SubscriberID"] for each in recent()["Events"] if not each["IsAddedByTracker"]
    }
    assert whose == {"before": jane, "during": jane, "after": jane, "another's": john}
    answer = client.call(
        "subscriber.unmerge", shop.key, ListID=shop.list_id, EmailAddress=JANE, UUID=BROWSER, Span=0
    )
    assert answer.status == 200, answer.body
    whose = {
        each["Event"]: each["SubscriberID"] for each in recent()["Events"] if not each["IsAddedByTracker"]
    }
    assert whose == {"before": None, "during": jane, "after": None, "another's": john}


@pytest.mark.parametrize("verb", ["delete", "forget"])
def test_a_subscriber_who_is_gone_is_nobody(
    client: InProcess, shop: Shop, track: Track, recent: Recent, verb: str
) -> None:
    track(Event="linked", UUID=BROWSER)
    track(Event="named", UUID=BROWSER, Email=JANE)
    assert None not in [each["SubscriberID"] for each in recent()["Events"]]
    answer = client.call(f"subscriber.{verb}", shop.key, ListID=shop.list_id, EmailAddress=JANE)
    assert answer.status == 200, answer.body
    assert {each["SubscriberID"] for each in recent()["Events"]} <= {None}
    if verb == "delete":
        assert set(names(recent())) == {"linked", "named", "identify"}


def test_events_without_a_list_have_one_of_their_own(
    client: InProcess, shop: Shop, track: Track, recent: Recent
) -> None:
    track(Event="listed")
    track(Event="listless", ListID=...)
    found = recent(WithoutList=True, RecordsPerRequest=1)
    assert names(found) == ["listless"]
    assert names(recent()) == ["listed"]
    refused = client.call("events.recent", shop.key, ListID=shop.list_id, Cursor=found["Cursor"] or "x")
    assert refused.codes == [8], "a cursor is one of its list"


def test_nobody_sees_what_another_user_sent_without_a_list(client: InProcess, track: Track) -> None:
    track(Event="listless", ListID=...)
    other = client.open_shop("watcher@example.com")
    answer = client.call("events.recent", other.key, WithoutList=True)
    assert (answer.status, answer.body) == (200, {"Events": [], "Cursor": None})
