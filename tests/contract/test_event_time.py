"""Whose is an event that arrives late, or before what tells whose it is? Whose the browser was when it happened."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import gevent
import pytest

from tests.client import InProcess, Shop, Track
from tests.commands.test_event_batch import statuses
from tracker.ingest import late_links, stored_links
from tracker.integrity.counter_check import recount
from tracker.integrity.timeline_check import timeline_differences
from tracker.reports.ownership import SubscriberTimeline
from tracker.reports.timeline_pages import Wanted, read_page
from tracker.storage.engine.transaction import Transaction
from tracker.storage.subscribers import identity_rows
from tracker.times import iso_utc

MINUTE = 60_000
ORDER = {"conversion-id": "o-1", "conversion-name": "Order", "conversion-value": 9.5}

#: Of one browser, and when it happened: minutes ago.
HISTORY = (("identify", "a", 40), ("a reads", None, 30), ("identify", "b", 20), ("b reads", None, 10))
_numbers = itertools.count(1)

Way = Callable[[InProcess, Shop, Sequence[dict[str, Any]]], None]


def one_by_one(client: InProcess, shop: Shop, events: Sequence[dict[str, Any]]) -> None:
    for event in events:
        assert client.call("event.track", shop.key, ListID=shop.list_id, **event).status == 200


def at_once(client: InProcess, shop: Shop, events: Sequence[dict[str, Any]]) -> None:
    """They are stored in one group, or in a few."""
    tracking = [gevent.spawn(one_by_one, client, shop, [event]) for event in events]
    gevent.joinall(tracking, raise_error=True)


def in_batches(client: InProcess, shop: Shop, events: Sequence[dict[str, Any]]) -> None:
    for some in (events[:2], events[2:]):
        batch(client, shop, some)


def batch(client: InProcess, shop: Shop, events: Sequence[dict[str, Any]]) -> None:
    answer = client.call("event.batch", shop.key, ListID=shop.list_id, Events=list(events))
    assert statuses(answer) == ["ok"] * len(events)


def history(number: int, now: int) -> list[dict[str, Any]]:
    """The events of a browser and two persons that nobody else has."""
    uuid = str(UUID(int=number + (1 << 120)))
    return [
        {"Event": name, "UUID": uuid, "Timestamp": iso_utc(now - ago * MINUTE)}
        | ({} if who is None else {"Email": f"{who}{number}@example.com"})
        for name, who, ago in HISTORY
    ]


def about(client: InProcess, shop: Shop, verb: str, who: str) -> Any:
    return client.call(f"subscriber.{verb}", shop.key, ListID=shop.list_id, EmailAddress=who).body


def done(client: InProcess, shop: Shop, who: str) -> list[str]:
    """What a person has done, oldest first."""
    events = about(client, shop, "events", f"{who}@example.com")["Events"]
    return [event["Event"] for event in reversed(events) if not event["IsAddedByTracker"]]


def links(client: InProcess, shop: Shop, who: str) -> list[tuple[str, bool]]:
    """(since when, whether it is current) of a person's links; all by identify events."""
    told = about(client, shop, "explain", f"{who}@example.com")["Links"]
    assert {link["Reason"] for link in told} == {"identify"}
    return [(link["LinkedAt"], link["IsCurrent"]) for link in told]


@pytest.mark.parametrize(("way", "every"), [(one_by_one, 1), (batch, 1), (at_once, 5), (in_batches, 5)])
def test_every_order_of_arrival_ends_in_the_same_state(
    client: InProcess, shop: Shop, way: Way, every: int
) -> None:
    now = time.time_ns() // 10**6
    for order in itertools.islice(itertools.permutations(range(4)), 0, None, every):
        number = next(_numbers)
        events = history(number, now)
        way(client, shop, [events[index] for index in order])
        one_by_one(client, shop, [{"Event": "next", "UUID": events[0]["UUID"]}])
        assert done(client, shop, f"a{number}") == ["identify", "a reads"], order
        assert done(client, shop, f"b{number}") == ["identify", "b reads", "next"], order
        assert links(client, shop, f"a{number}") == [(events[0]["Timestamp"], False)], order
        assert links(client, shop, f"b{number}") == [(events[2]["Timestamp"], True)], order
    client.services.ingest.flush()
    assert timeline_differences(client.services.storage, shop.list_id) == []
    assert recount(client.services.storage, shop.list_id).differences == []


def ago(minutes: float) -> int:
    return time.time_ns() // 10**6 - int(minutes * MINUTE)


def test_what_arrives_hours_late_is_whose_the_browser_was(
    client: InProcess, shop: Shop, track: Track
) -> None:
    uuid = str(UUID(int=1 << 121))
    track(Event="hers", UUID=uuid, Email="jane@example.com", Timestamp=ago(300))
    track(Event="his", UUID=uuid, Email="joe@example.com", Timestamp=ago(60))
    track(Event="conversion", UUID=uuid, Timestamp=ago(180), Properties=ORDER)
    track(Event="long before", UUID=uuid, Timestamp=ago(600))
    track(Event="just now", UUID=uuid)
    assert done(client, shop, "jane") == ["long before", "hers", "conversion"]
    assert done(client, shop, "joe") == ["his", "just now"]
    assert about(client, shop, "get", "jane@example.com")["TotalRevenue"] == 9.5


def test_who_comes_back_is_found_when_somebody_came_between(
    client: InProcess, shop: Shop, track: Track
) -> None:
    """Nothing was written when she was named again: it was hers already."""
    uuid = str(UUID(int=2 << 121))
    for minutes in (50, 30):
        track(Event="hers", UUID=uuid, Email="jane@example.com", Timestamp=ago(minutes))
    for minutes in (45, 35, 25):
        track(Event=f"{minutes} ago", UUID=uuid, Timestamp=ago(minutes))
    assert done(client, shop, "jane") == ["hers", "45 ago", "35 ago", "hers", "25 ago"]
    track(Event="his", UUID=uuid, Email="joe@example.com", Timestamp=ago(40))
    track(Event="next", UUID=uuid)
    assert done(client, shop, "jane") == ["hers", "45 ago", "hers", "25 ago", "next"]
    assert done(client, shop, "joe") == ["his", "35 ago"]
    told = about(client, shop, "explain", "jane@example.com")["Links"]
    assert sorted((link["Span"] == 0, link["IsCurrent"]) for link in told) == [(False, True), (True, False)]


def test_what_was_taken_back_stays_open_for_what_arrives_late(
    client: InProcess, shop: Shop, track: Track
) -> None:
    uuid = str(UUID(int=3 << 121))
    for who, minutes in (("jane", 50), ("joe", 30)):
        track(Event=f"{who}s", UUID=uuid, Email=f"{who}@example.com", Timestamp=ago(minutes))
    taken = {"EmailAddress": "jane@example.com", "UUID": uuid}
    assert client.call("subscriber.unmerge", shop.key, ListID=shop.list_id, **taken).status == 200
    track(Event="nobodys", UUID=uuid, Timestamp=ago(40))
    assert done(client, shop, "jane") == ["janes"]
    assert done(client, shop, "joe") == ["joes"]
    track(Event="bobs", UUID=uuid, Email="bob@example.com", Timestamp=ago(35))
    assert done(client, shop, "bob") == ["nobodys", "bobs"]
    assert done(client, shop, "joe") == ["joes"]


def test_what_happened_in_the_time_of_a_forgotten_subscriber_is_nobodys(
    client: InProcess, shop: Shop, track: Track
) -> None:
    uuid = str(UUID(int=4 << 121))
    for who, minutes in (("jane", 50), ("joe", 40), ("bob", 30)):
        track(Event=f"{who}s", UUID=uuid, Email=f"{who}@example.com", Timestamp=ago(minutes))
    joe = {"EmailAddress": "joe@example.com"}
    assert client.call("subscriber.forget", shop.key, ListID=shop.list_id, **joe).body["Status"] == "finished"
    track(Event="late", UUID=uuid, Timestamp=ago(35))
    assert done(client, shop, "jane") == ["janes"]
    assert done(client, shop, "bob") == ["bobs"]
    nobodys = client.call("subscriber.events", shop.key, ListID=shop.list_id, UUID=uuid).body["Events"]
    assert [event["Event"] for event in nobodys] == ["late"]


# Many


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is more than two rows is left to a job."""
    for module in (late_links, stored_links):
        monkeypatch.setattr(module, "MAX_AT_ONCE", 2)


def many(client: InProcess, shop: Shop, uuid: str) -> None:
    batch(client, shop, [{"Event": "more", "UUID": uuid, "Timestamp": ago(20)} for _ in range(250)])


def more(client: InProcess, shop: Shop, who: str) -> int:
    """How many of many are theirs."""
    subscriber = int(
        about(client, shop, "get", f"{who}@example.com")["SubscriberInformation"]["SubscriberID"]
    )
    whose, wanted = SubscriberTimeline(shop.list_id, subscriber), Wanted(1_000, frozenset({b"more"}))
    return len(read_page(client.services.storage, whose, wanted).events)


def late_job(client: InProcess, shop: Shop) -> Any:
    [(job_id,)] = client.rows("SELECT id FROM jobs WHERE list_id = ? AND kind = ?", shop.list_id, b"late")
    return job_id


@pytest.mark.usefixtures("few_at_once")
def test_many_events_are_with_one_of_both_until_a_job_has_moved_them(
    client: InProcess, shop: Shop, track: Track
) -> None:
    """It is killed after each of its steps: what a step has moved stays moved, and the next goes on."""
    uuid, storage, list_id = str(UUID(int=5 << 121)), client.services.storage, shop.list_id
    track(Event="hers", UUID=uuid, Email="jane@example.com", Timestamp=ago(50))
    many(client, shop, uuid)
    track(Event="hers", UUID=uuid, Email="jane@example.com", Timestamp=ago(10))
    track(Event="his", UUID=uuid, Email="joe@example.com", Timestamp=ago(30))
    job_id, steps = late_job(client, shop), list[tuple[int, int]]()
    while jobs := client.services.jobs.find(list_id, late_links.LATE, job_id):
        claimed = client.services.jobs.claim(jobs)
        assert claimed is not None
        claimed.step()
        claimed.release()
        steps.append((more(client, shop, "jane"), more(client, shop, "joe")))
        assert timeline_differences(storage, list_id) == []
    assert {sum(each) for each in steps} == {250}
    assert (100, 150) in [each[::-1] for each in steps]
    assert steps[-1] == (0, 250)
    assert done(client, shop, "jane") == ["hers", "hers"]
    track(Event="next", UUID=uuid)
    assert done(client, shop, "jane") == ["hers", "hers", "next"]


@pytest.mark.usefixtures("few_at_once")
@pytest.mark.parametrize("who", ["jane", "joe"])
def test_who_is_forgotten_while_events_are_on_their_way_takes_their_own_along(
    client: InProcess, shop: Shop, track: Track, who: str
) -> None:
    uuid = str(UUID(int=6 << 121))
    track(Event="hers", UUID=uuid, Email="jane@example.com", Timestamp=ago(50))
    many(client, shop, uuid)
    track(Event="his", UUID=uuid, Email="joe@example.com", Timestamp=ago(30))
    late_job(client, shop)
    sent = {"EmailAddress": f"{who}@example.com"}
    answer = client.call("subscriber.forget", shop.key, ListID=shop.list_id, **sent)
    assert answer.body["Status"] == "finished"
    assert all(check["Found"] == 0 for check in answer.body["Checks"])
    assert more(client, shop, "joe") == 250 if who == "jane" else done(client, shop, "jane") == ["hers"]
    [(left,)] = client.rows(
        "SELECT COUNT(*) FROM events WHERE list_id = ? AND name = ?", shop.list_id, b"more"
    )
    assert left == (250 if who == "jane" else 0)


def test_a_plan_is_made_again_when_another_process_has_changed_whose_a_visitor_was(
    client: InProcess, shop: Shop, track: Track
) -> None:
    """Also when what it was last is the same as before."""
    uuid = UUID(int=7 << 121)
    for who, minutes in (("jane", 90), ("joe", 30)):
        track(Event=who, UUID=str(uuid), Email=f"{who}@example.com", Timestamp=ago(minutes))
    keys, storage = [(shop.list_id, uuid.bytes)], client.services.storage
    [planned] = storage.read(lambda t: identity_rows.find_visitors(t, keys))
    track(Event="eve", UUID=str(uuid), Email="eve@example.com", Timestamp=ago(60))
    [now] = storage.read(lambda t: identity_rows.find_visitors(t, keys))
    assert now[3:5] == planned[3:5]
    tried: list[int] = []

    def plan(transaction: Transaction) -> None:
        tried.append(now[6] if tried else planned[6])
        changed = (*now[3:6], now[6] + 1, *now[7:])
        identity_rows.change_visitor(transaction, shop.list_id, now[1], changed, tried[-1])

    storage.write(plan)
    assert tried == [planned[6], now[6]]
