"""Is a link between a visitor and a person explained, and can it be taken back with all that came by it?"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import gevent
import pytest

from tests.client import InProcess, Reply, Shop, Track
from tracker.jobs.runner import CALL_STEP_ROWS
from tracker.storage import job_queue
from tracker.storage.events.reassign import UNMERGE, SpanLink, links_of, reassign_step, unlink
from tracker.storage.job_queue import Job
from tracker.storage.timeline import timeline_rows

BROWSER, PHONE = "550e8400-e29b-41d4-a716-446655440000", "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
JANE, JOE = {"EmailAddress": "jane@example.com"}, {"EmailAddress": "joe@example.com"}
ORDER = {"conversion-id": "o-1", "conversion-name": "Order", "conversion-value": 9.5}

Call = Callable[..., Any]


@pytest.fixture
def call(client: InProcess, shop: Shop) -> Call:
    """`call("unmerge", …)`: the answer of the command `subscriber.unmerge` about the test's list."""

    def about_the_list(verb: str, **params: Any) -> Any:
        answer = ask(client, shop, verb, **params)
        assert answer.status == 200, answer.body
        return answer.body

    return about_the_list


def ask(client: InProcess, shop: Shop, verb: str, **params: Any) -> Reply:
    return client.call(f"subscriber.{verb}", shop.key, **{"ListID": shop.list_id, **params})


def names(call: Call, **who: str) -> list[str]:
    """What somebody has done, oldest first; without the identify events that other events brought."""
    page = call("events", RecordsPerRequest=100, **who)
    events = page["Events"]
    while page["Cursor"] is not None:
        page = call("events", RecordsPerRequest=100, Cursor=page["Cursor"], **who)
        events += page["Events"]
    return [event["Event"] for event in reversed(events) if not event["IsAddedByTracker"]]


def rows_of(client: InProcess, shop: Shop, owner_id: int, name: str | None = None) -> int:
    """How many rows of the timeline an owner has."""
    where = "list_id = ? AND owner_id = ?"
    rows = client.services.storage.read(lambda t: timeline_rows.read(t, where, (shop.list_id, owner_id)))
    return sum(name is None or row.name_key == timeline_rows.name_key(name.encode()) for row in rows)


def settled(client: InProcess) -> None:
    """As if what is done late had been done: pasts are copied."""
    client.services.ingest.flush()


def test_events_that_came_by_a_link_leave_and_those_that_named_the_subscriber_stay(
    call: Call, track: Track
) -> None:
    track(Event="before", UUID=BROWSER)
    track(Event="named", UUID=BROWSER, Email="jane@example.com")
    track(Event="after", UUID=BROWSER)
    track(Event="elsewhere", UUID=PHONE, Email="jane@example.com")
    assert names(call, **JANE) == ["before", "named", "after", "elsewhere"]
    answer = call("unmerge", **JANE, UUID=BROWSER)
    assert answer.pop("SubscriberID") == call("get", **JANE)["SubscriberInformation"]["SubscriberID"]
    assert (answer["UUID"], answer["Span"], answer["Status"]) == (BROWSER, 0, "done")
    assert names(call, **JANE) == ["named", "elsewhere"]
    assert names(call, UUID=BROWSER) == ["before", "after"]


def test_the_next_link_takes_the_open_span_with_its_whole_past(call: Call, track: Track) -> None:
    track(Event="before", UUID=BROWSER)
    track(Event="hers", UUID=BROWSER, Email="jane@example.com")
    track(Event="between", UUID=BROWSER)
    call("unmerge", **JANE, UUID=BROWSER)
    track(Event="nobodys", UUID=BROWSER)
    assert track(Event="his", UUID=BROWSER, Email="joe@example.com").body["identify_event_sent"] is True
    assert names(call, **JOE) == ["before", "between", "nobodys", "his"]
    assert names(call, **JANE) == ["hers"]


@pytest.mark.parametrize("is_settled", [False, True])
def test_conversions_leave_with_their_money(
    client: InProcess, call: Call, track: Track, is_settled: bool
) -> None:
    track(Event="conversion", UUID=BROWSER, Properties=ORDER)
    track(Event="seen", UUID=BROWSER, Email="jane@example.com")
    track(Event="conversion", UUID=BROWSER, Properties={**ORDER, "conversion-id": "o-2"})
    if is_settled:
        settled(client)
    assert call("get", **JANE)["TotalRevenue"] == 19
    call("unmerge", **JANE, UUID=BROWSER)
    assert call("get", **JANE)["TotalRevenue"] == 0
    track(UUID=BROWSER, Email="joe@example.com")
    if is_settled:
        settled(client)
    assert call("get", **JOE)["TotalRevenue"] == 19


def test_no_row_is_left_with_the_subscriber(client: InProcess, shop: Shop, call: Call, track: Track) -> None:
    track(Event="conversion", UUID=BROWSER, Properties=ORDER)
    track(UUID=BROWSER, Email="jane@example.com")
    track(Event="conversion", UUID=BROWSER, Properties={**ORDER, "conversion-id": "o-2"})
    settled(client)
    subscriber = int(call("unmerge", **JANE, UUID=BROWSER)["SubscriberID"])
    [(visitor,)] = client.rows("SELECT id FROM visitors WHERE list_id = ?", shop.list_id)
    rows = {
        owner_id: rows_of(client, shop, owner_id, "conversion")
        for owner_id in (visitor, -visitor, subscriber, -subscriber)
    }
    assert rows == {visitor: 2, -visitor: 2, subscriber: 0, -subscriber: 0}


def test_an_older_link_is_taken_back_and_the_visitor_stays_whose_it_is(call: Call, track: Track) -> None:
    track(Event="early", UUID=BROWSER)
    track(Event="hers", UUID=BROWSER, Email="jane@example.com")
    track(Event="more", UUID=BROWSER)
    track(Event="his", UUID=BROWSER, Email="joe@example.com")
    call("unmerge", **JANE, UUID=BROWSER)
    track(Event="late", UUID=BROWSER)
    assert names(call, **JANE) == ["hers"]
    assert names(call, **JOE) == ["his", "late"]
    assert names(call, UUID=BROWSER) == ["early", "more"]


def test_of_several_links_the_span_says_which(
    client: InProcess, shop: Shop, call: Call, track: Track
) -> None:
    for name, email in (("a", "jane"), ("b", "joe"), ("c", "jane")):
        track(Event=name, UUID=BROWSER, Email=f"{email}@example.com")
        track(Event=f"{name}+", UUID=BROWSER)
    assert ask(client, shop, "unmerge", **JANE, UUID=BROWSER).codes == [12]
    assert call("unmerge", **JANE, UUID=BROWSER, Span=2)["Span"] == 2
    assert names(call, **JANE) == ["a", "a+", "c"]
    assert ask(client, shop, "unmerge", **JANE, UUID=BROWSER, Span=1).codes == [11]
    call("unmerge", **JANE, UUID=BROWSER, Span=0)
    assert names(call, **JANE) == ["a", "c"]
    assert names(call, **JOE) == ["b", "b+"]


def test_taking_back_what_is_taken_back_changes_nothing(
    client: InProcess, shop: Shop, call: Call, track: Track
) -> None:
    track(Event="before", UUID=BROWSER)
    track(Event="hers", UUID=BROWSER, Email="jane@example.com")
    first = call("unmerge", **JANE, UUID=BROWSER)
    kept = client.rows("SELECT * FROM identity_links WHERE list_id = ?", shop.list_id)
    assert call("unmerge", **JANE, UUID=BROWSER) == first
    assert client.rows("SELECT * FROM identity_links WHERE list_id = ?", shop.list_id) == kept


def test_who_comes_back_has_it_all_again(call: Call, track: Track) -> None:
    track(Event="before", UUID=BROWSER)
    for _ in range(2):
        track(Event="hers", UUID=BROWSER, Email="jane@example.com")
        assert names(call, **JANE)[0] == "before"
        assert call("unmerge", **JANE, UUID=BROWSER)["Status"] == "done"
        assert names(call, **JANE)[0] == "hers"
    assert names(call, UUID=BROWSER) == ["before"]


def test_another_list_and_no_list_and_another_visitor_and_none_are_answered_alike(
    client: InProcess, shop: Shop, track: Track
) -> None:
    other = client.open_shop(f"other{shop.list_id}@example.com")
    track(UUID=BROWSER, Email="jane@example.com")
    track(UUID=PHONE, Email="joe@example.com")
    for verb in ("unmerge", "explain"):
        mine = {**JANE, "UUID": BROWSER}
        theirs = client.call(f"subscriber.{verb}", other.key, ListID=shop.list_id, **mine)
        missing = client.call(f"subscriber.{verb}", other.key, ListID=10**9, **mine)
        assert (theirs.status, theirs.codes, theirs.raw) == (422, [4], missing.raw)
    foreign = ask(client, shop, "unmerge", **JANE, UUID=PHONE)
    unknown = ask(client, shop, "unmerge", **JANE, UUID="00000000-0000-4000-8000-000000000001")
    assert (foreign.codes, foreign.raw) == ([11], unknown.raw)


# Explain


def test_every_link_tells_when_by_which_event_and_why(
    client: InProcess, shop: Shop, call: Call, track: Track
) -> None:
    track(Event="first", ID="user-1")
    track(Event="second", UUID=BROWSER, Email="jane@example.com", ID="user-1")
    sent = hashlib.sha256(b"jane@example.com").hexdigest()
    track(Event="identify", UUID=PHONE, ID=sent)
    call("unmerge", **JANE, UUID=BROWSER)
    answer = call("explain", **JANE)
    told = [
        (link["Reason"], link["Event"], link["NamedBy"], link["IsCurrent"], link["UnlinkedAt"] is None)
        for link in answer["Links"]
    ]
    assert told == [
        ("own", "first", ["id"], True, True),
        ("email", "second", ["email", "id"], False, False),
        ("identify", "identify", ["hash_as_held"], True, True),
    ]
    assert answer["Cursor"] is None
    events = {event["EventID"]: event for event in call("events", **JANE)["Events"]}
    for link in answer["Links"]:
        event = events[link["EventID"]]
        assert (link["Event"], link["UUID"], link["LinkedAt"]) == (
            event["Event"],
            event["UUID"],
            event["ReceivedAt"],
        )


def test_one_event_tells_why_it_is_theirs(client: InProcess, shop: Shop, call: Call, track: Track) -> None:
    track(Event="before", UUID=BROWSER)
    track(Event="named", UUID=BROWSER, Email="jane@example.com")
    ids = {event["Event"]: event["EventID"] for event in call("events", **JANE)["Events"]}
    before = call("explain", **JANE, EventID=ids["before"])["Event"]
    assert (before["EventID"], before["Reason"], before["NamedBy"]) == (ids["before"], "linked", [])
    assert before["Link"] == call("explain", **JANE)["Links"][0]
    named = call("explain", **JANE, EventID=int(ids["named"]))["Event"]
    assert (named["Reason"], named["NamedBy"], named["Link"]) == ("named", ["email"], None)
    call("unmerge", **JANE, UUID=BROWSER)
    gone = ask(client, shop, "explain", **JANE, EventID=ids["before"])
    unknown = ask(client, shop, "explain", **JANE, EventID=1)
    assert (gone.codes, gone.raw) == ([11], unknown.raw)


def test_events_from_before_it_was_kept_are_named_by_email_or_id(
    client: InProcess, shop: Shop, call: Call, track: Track
) -> None:
    track(Event="named", Email="jane@example.com")
    client.services.storage.write(
        lambda t: t.execute("UPDATE events SET flags = 0 WHERE list_id = ?", (shop.list_id,))
    )
    assert call("explain", **JANE)["Links"][0]["NamedBy"] == ["email_or_id"]


def test_pages_of_links_give_each_once(client: InProcess, shop: Shop, call: Call, track: Track) -> None:
    for number in range(1, 8):
        uuid = f"00000000-0000-4000-8000-{number:012}"
        track(UUID=uuid, Email="jane@example.com")
        if number % 3 == 0:  # taken back, and linked anew
            call("unmerge", **JANE, UUID=uuid)
            track(UUID=uuid, Email="jane@example.com")
    whole = call("explain", **JANE)["Links"]
    assert len(whole) == 9
    for size in (1, 2, 4):
        got: list[Any] = []
        page = call("explain", **JANE, RecordsPerRequest=size)
        while page["Cursor"] is not None:
            assert len(page["Links"]) == size
            got += page["Links"]
            page = call("explain", **JANE, RecordsPerRequest=size, Cursor=page["Cursor"])
        assert got + page["Links"] == whole
    other = track(Email="joe@example.com")
    assert other.status == 200
    cursor = call("explain", **JANE, RecordsPerRequest=1)["Cursor"]
    assert ask(client, shop, "explain", **JOE, Cursor=cursor).codes == [9]


# Many events


def many(client: InProcess, shop: Shop, count: int) -> None:
    for start in range(0, count, 1000):
        events = [
            {"Event": f"e{number}", "UUID": BROWSER} for number in range(start, min(count, start + 1000))
        ]
        answer = client.call("event.batch", shop.key, ListID=shop.list_id, Events=events)
        assert answer.status == 200


def test_a_step_that_was_the_last_of_a_killed_process_is_gone_on_from(
    client: InProcess, shop: Shop, call: Call, track: Track
) -> None:
    """The link is cleared, one step is done, and whoever did it is gone."""
    track(Event="hers", UUID=BROWSER, Email="jane@example.com")
    many(client, shop, 1200)
    storage, list_id = client.services.storage, shop.list_id
    subscriber = int(call("explain", **JANE)["SubscriberID"])
    uuid = bytes.fromhex(BROWSER.replace("-", ""))
    links = storage.read(partial(links_of, list_id=list_id, subscriber_id=subscriber, uuid=uuid))
    number, now = client.services.ingest.new_id(), time.time_ns() // 10**6
    link = SpanLink(list_id, subscriber, links.visitor_id, 0)

    def killed_after_a_step(transaction: Any) -> int:
        state = unlink(transaction, link, number, now)
        assert state is not None
        job = Job(list_id, number, UNMERGE, number, state, 0, now, now)
        step = reassign_step(transaction, job, now, CALL_STEP_ROWS)
        left = Job(list_id, number, UNMERGE, number, step.state, step.rows, now, now)
        job_queue.add(transaction, left, None, now)
        return step.rows

    assert storage.write(killed_after_a_step) == CALL_STEP_ROWS
    assert names(call, **JANE) == ["hers"]
    began = time.monotonic()
    while (answer := call("unmerge", **JANE, UUID=BROWSER))["Status"] == "running":
        assert time.monotonic() < began + 30
        gevent.sleep(0.5)
    assert answer["MovedEvents"] == 1200
    assert rows_of(client, shop, links.visitor_id) == 1200


@pytest.mark.parametrize("is_copied", [False, True])
def test_all_events_that_left_are_told_wherever_their_rows_stood(
    client: InProcess, call: Call, track: Track, is_copied: bool
) -> None:
    """A past that was not copied to the person leaves with the link alone; a conversion has two rows, and is one event."""
    for _ in range(3):
        track(Event="before", UUID=BROWSER)
    track(Event="conversion", UUID=BROWSER, Properties=ORDER)
    track(Event="identify", UUID=BROWSER, Email="jane@example.com")
    track(Event="after", UUID=BROWSER)
    if is_copied:
        settled(client)
    answer = call("unmerge", **JANE, UUID=BROWSER)
    assert (answer["Status"], answer["MovedEvents"]) == ("done", 5)
    track(Event="later", UUID=BROWSER)
    assert call("unmerge", **JANE, UUID=BROWSER)["MovedEvents"] == 5
    assert names(call, **JANE) == ["identify"]
    assert names(call, UUID=BROWSER) == ["before"] * 3 + ["conversion", "after", "later"]


@pytest.mark.parametrize("step_at", ["before", "after"])
def test_who_is_linked_while_rows_are_moved_gets_them_all(
    client: InProcess, shop: Shop, call: Call, track: Track, step_at: str
) -> None:
    """A new link may be settled, that is its past copied, before or after rows come home."""
    track(Event="before", UUID=BROWSER)
    track(Event="hers", UUID=BROWSER, Email="jane@example.com")
    track(Event="after", UUID=BROWSER)
    storage, list_id = client.services.storage, shop.list_id
    subscriber = int(call("explain", **JANE)["SubscriberID"])
    uuid = bytes.fromhex(BROWSER.replace("-", ""))
    links = storage.read(partial(links_of, list_id=list_id, subscriber_id=subscriber, uuid=uuid))
    number, now = client.services.ingest.new_id(), time.time_ns() // 10**6
    link = SpanLink(list_id, subscriber, links.visitor_id, 0)
    state = storage.write(lambda t: unlink(t, link, number, now))
    step = lambda: storage.write(  # noqa: E731
        lambda t: reassign_step(
            t, Job(list_id, number, UNMERGE, number, state, 0, now, now), now, CALL_STEP_ROWS
        )
    )
    if step_at == "before":
        step()
    track(Event="his", UUID=BROWSER, Email="joe@example.com")
    settled(client)
    step()
    assert names(call, **JOE) == ["before", "after", "his"]
    assert names(call, **JANE) == ["hers"]
    assert call("explain", **JOE)["Links"][0]["Event"] == "his"
