"""Whose is an event? Visitors, persons and identify events, as the answers and the rows tell."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any
from uuid import UUID

import pytest

from tests.client import InProcess, Shop, Track
from tests.served import StartTracker, make_account
from tests.servers import NewDatabase

BROWSER, PHONE = "550e8400-e29b-41d4-a716-446655440000", "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
#: Calls at once, and worker processes that take them.
CALLS, WORKERS = 24, 3


def visitors_of(client: InProcess, shop: Shop) -> dict[str, tuple[int, int | None]]:
    """uuid -> (span, subscriber) of every visitor of the list."""
    sql = "SELECT uuid, span, subscriber_id FROM visitors WHERE list_id = ?"
    return {str(UUID(bytes=bytes(row[0]))): (row[1], row[2]) for row in client.rows(sql, shop.list_id)}


def subscribers_of(client: InProcess, shop: Shop) -> list[tuple[str | None, str | None]]:
    """(address as first given, external id) of every person of the list, oldest first."""
    sql = "SELECT email, external_id FROM subscribers WHERE list_id = ? ORDER BY id"
    return [
        tuple(None if v is None else bytes(v).decode() for v in row) for row in client.rows(sql, shop.list_id)
    ]  # type: ignore[misc]


def events_of(client: InProcess, shop: Shop) -> list[tuple[Any, ...]]:
    """(name, span, whether the event itself names a person) of every event of the list, oldest first."""
    sql = "SELECT name, span, subscriber_id FROM events WHERE list_id = ? ORDER BY id"
    return [(bytes(row[0]).decode(), row[1], row[2] is not None) for row in client.rows(sql, shop.list_id)]


# identify_event_sent


def test_an_email_is_new_to_a_visitor_once(client: InProcess, shop: Shop, track: Track) -> None:
    sent = [track(UUID=BROWSER, Email="a@example.com").body["identify_event_sent"] for _ in range(3)]
    assert sent == [True, False, False]
    assert [name for name, *_ in events_of(client, shop)].count("identify") == 1


def test_the_extra_identify_event_has_an_id_of_its_own_and_no_properties(
    client: InProcess, shop: Shop, track: Track
) -> None:
    track(Event="bought", UUID=BROWSER, Email="a@example.com", Properties={"a": 1})
    rows = client.rows(
        "SELECT id, name, properties, visitor_id FROM events WHERE list_id = ? ORDER BY id", shop.list_id
    )
    assert len({row[0] for row in rows}) == len(rows) == 2
    assert len({row[3] for row in rows}) == 1
    assert {bytes(row[1]): bytes(row[2]) for row in rows} == {
        b"bought": b'\x01{"a":1}',
        b"identify": b"\x01{}",
    }


def test_an_email_is_new_to_each_visitor(track: Track) -> None:
    first, second = track(UUID=BROWSER, Email="a@example.com"), track(UUID=PHONE, Email="a@example.com")
    assert (first.body["identify_event_sent"], second.body["identify_event_sent"]) == (True, True)
    assert (first.body["uuid"], second.body["uuid"]) == (BROWSER, PHONE)


def test_another_email_is_new_and_so_is_the_first_one_after_it(
    client: InProcess, shop: Shop, track: Track
) -> None:
    emails = ["a@example.com", "b@example.com", "a@example.com", "a@example.com"]
    assert [track(UUID=BROWSER, Email=each).body["identify_event_sent"] for each in emails] == [
        True,
        True,
        True,
        False,
    ]
    assert visitors_of(client, shop)[BROWSER][0] == 2


@pytest.mark.parametrize(
    "spelling", ["A@Example.COM", " a@example.com ", "a@example.com\n", "a@EXAMPLE.com\u00a0"]
)
def test_spellings_of_one_address_are_one_subscriber(
    client: InProcess, shop: Shop, track: Track, spelling: str
) -> None:
    track(UUID=BROWSER, Email="a@example.com")
    assert track(UUID=BROWSER, Email=spelling).body["identify_event_sent"] is False
    assert subscribers_of(client, shop) == [("a@example.com", None)]


def test_an_address_is_shown_as_first_given_and_its_domain_compared_as_a_label(
    client: InProcess, shop: Shop, track: Track
) -> None:
    track(UUID=BROWSER, Email=" Jane@Bücher.Example")
    assert track(UUID=BROWSER, Email="jane@xn--bcher-kva.example").body["identify_event_sent"] is False
    assert subscribers_of(client, shop) == [("Jane@Bücher.Example", None)]


@pytest.mark.parametrize(
    "who", [{"UUID": BROWSER}, {"UUID": BROWSER, "Email": "a@example.com"}, {"ID": "user-1"}, {}]
)
def test_an_event_named_identify_is_the_identify_event(
    client: InProcess, shop: Shop, track: Track, who: Any
) -> None:
    for _ in range(2):
        assert track(Event="identify", **who).body["identify_event_sent"] is True
    assert [name for name, *_ in events_of(client, shop)] == ["identify", "identify"]


@pytest.mark.parametrize("name", ["Identify", "IDENTIFY", "identify ", "identìfy"])
def test_only_the_exact_name_is_an_identify_event(track: Track, name: str) -> None:
    assert track(Event=name, UUID=BROWSER).body["identify_event_sent"] is False


def test_an_id_alone_sends_no_identify_event(track: Track) -> None:
    assert track(ID="user-1").body["identify_event_sent"] is False
    assert track(ID="user-1", UUID=BROWSER).body["identify_event_sent"] is False


def test_without_a_list_nothing_is_identified(track: Track) -> None:
    assert track(ListID=..., UUID=BROWSER, Email="a@example.com").body["identify_event_sent"] is False
    assert track(ListID=..., Event="identify", Email="a@example.com").body["identify_event_sent"] is False


# Visitors of persons who are named without a UUID


@pytest.mark.parametrize(
    "who", [{"Email": "a@example.com"}, {"ID": "user-1"}, {"Email": "a@example.com", "ID": "user-1"}]
)
def test_a_subscriber_named_without_a_uuid_has_one_visitor_from_call_to_call(
    track: Track, who: dict[str, str]
) -> None:
    uuids = {track(**who).body["uuid"] for _ in range(3)}
    assert len(uuids) == 1


def test_it_is_never_a_browsers(track: Track) -> None:
    track(UUID=BROWSER, Email="a@example.com")
    own = track(Email="a@example.com").body["uuid"]
    assert own != BROWSER
    track(UUID=PHONE, Email="a@example.com", ID="user-1")
    assert track(Email="a@example.com").body["uuid"] == track(ID="user-1").body["uuid"] == own


def test_subscribers_have_visitors_of_their_own(track: Track) -> None:
    answers = [
        track(**who).body["uuid"]
        for who in ({"Email": "a@example.com"}, {"Email": "b@example.com"}, {"ID": "x"})
    ]
    assert len(set(answers)) == 3


def test_an_id_that_learns_its_email_keeps_its_visitor(client: InProcess, shop: Shop, track: Track) -> None:
    first = track(ID="user-1").body
    both = track(ID="user-1", Email="a@example.com").body
    later = track(Email="a@example.com").body
    assert first["uuid"] == both["uuid"] == later["uuid"]
    assert [each["identify_event_sent"] for each in (first, both, later)] == [False, True, False]
    assert subscribers_of(client, shop) == [("a@example.com", "user-1")]


# Persons


def test_an_unknown_id_makes_a_subscriber_without_email(client: InProcess, shop: Shop, track: Track) -> None:
    track(ID="user-1")
    assert subscribers_of(client, shop) == [(None, "user-1")]


def test_an_email_learns_its_id_once(client: InProcess, shop: Shop, track: Track) -> None:
    track(Email="a@example.com")
    track(Email="a@example.com", ID="user-1")
    track(Email="a@example.com", ID="user-2")
    assert subscribers_of(client, shop) == [("a@example.com", "user-1")]


def test_of_email_and_id_that_name_two_people_email_wins_and_the_id_stays_on_the_event(
    client: InProcess, shop: Shop, track: Track, caplog: pytest.LogCaptureFixture
) -> None:
    track(Email="a@example.com", ID="user-a")
    track(Email="b@example.com", ID="user-b")
    answer = track(Event="bought", UUID=BROWSER, Email="a@example.com", ID="user-b").body
    assert (answer["external_id"], answer["identify_event_sent"]) == ("user-b", True)
    sql = (
        "SELECT s.email, e.external_id, e.flags FROM events e"
        " JOIN subscribers s ON s.list_id = e.list_id AND s.id = e.subscriber_id WHERE e.list_id = ? AND e.name = ?"
    )
    [(email, external_id, flags)] = client.rows(sql, shop.list_id, b"bought")
    [line] = [record.getMessage() for record in caplog.records if record.name == "tracker.ingest"]
    assert re.fullmatch(rf"event \d+ of list {shop.list_id}: Email and ID name two people, Email wins", line)
    assert (bytes(email), bytes(external_id)) == (b"a@example.com", b"user-b")
    assert flags & 4, "the clash is on record"
    assert subscribers_of(client, shop) == [("a@example.com", "user-a"), ("b@example.com", "user-b")]


def test_ids_are_compared_byte_by_byte(client: InProcess, shop: Shop, track: Track) -> None:
    ids = ["user", "User", "us er", "üser", "u\u0308ser", "usér", "😀", "😃"]
    assert [track(ID=each).body["external_id"] for each in ids] == ids
    assert [external_id for _, external_id in subscribers_of(client, shop)] == ids


def test_a_hash_of_an_address_never_makes_a_subscriber(client: InProcess, shop: Shop, track: Track) -> None:
    unknown = hashlib.sha256(b"nobody@example.com").hexdigest()
    first, second = track(ID=unknown).body, track(ID=unknown).body
    assert first["uuid"] == second["uuid"]
    assert first["external_id"] == unknown
    assert track(ID=unknown, Email="a@example.com").status == 200
    assert subscribers_of(client, shop) == [("a@example.com", None)]


def test_many_visitors_of_one_subscriber_are_one_subscriber(
    client: InProcess, shop: Shop, track: Track
) -> None:
    """Some clients send a fresh UUID with every event."""
    for number in range(20):
        track(UUID=str(UUID(int=number + 1)), Email="a@example.com")
    assert len(subscribers_of(client, shop)) == 1
    assert len(visitors_of(client, shop)) == 20


# Spans and links


def test_the_first_link_takes_the_past_and_touches_no_event(
    client: InProcess, shop: Shop, track: Track
) -> None:
    for name in ("page_view", "add_to_cart"):
        track(Event=name, UUID=BROWSER)
    before = client.rows("SELECT * FROM events WHERE list_id = ? ORDER BY id", shop.list_id)
    track(Event="bought", UUID=BROWSER, Email="a@example.com")
    track(Event="later", UUID=BROWSER)
    after = client.rows("SELECT * FROM events WHERE list_id = ? ORDER BY id", shop.list_id)
    assert after[: len(before)] == before
    expected = [
        ("page_view", 0, False),
        ("add_to_cart", 0, False),
        ("bought", 0, True),
        ("identify", 0, True),
        ("later", 0, False),
    ]
    assert events_of(client, shop) == expected
    linked = client.rows("SELECT span, subscriber_id FROM identity_links WHERE list_id = ?", shop.list_id)
    assert linked == [visitors_of(client, shop)[BROWSER]]


def test_another_subscriber_opens_a_new_span(client: InProcess, shop: Shop, track: Track) -> None:
    track(Event="first", UUID=BROWSER, Email="a@example.com")
    track(Event="second", UUID=BROWSER, Email="b@example.com")
    track(Event="third", UUID=BROWSER)
    spans = {name: span for name, span, _ in events_of(client, shop)}
    assert (spans["first"], spans["second"], spans["third"]) == (0, 1, 1)
    assert len(client.rows("SELECT span FROM identity_links WHERE list_id = ?", shop.list_id)) == 2


def test_an_event_names_a_subscriber_only_if_it_carries_one(
    client: InProcess, shop: Shop, track: Track
) -> None:
    track(Event="with", UUID=BROWSER, Email="a@example.com")
    track(Event="without", UUID=BROWSER)
    track(Event="by id", UUID=BROWSER, ID="user-1")
    named = {name: is_named for name, _, is_named in events_of(client, shop)}
    assert named == {"with": True, "identify": True, "without": False, "by id": True}


def test_an_id_links_a_browser_only_when_it_identifies(client: InProcess, shop: Shop, track: Track) -> None:
    track(UUID=BROWSER, ID="user-1")
    assert visitors_of(client, shop)[BROWSER] == (0, None)
    track(Event="identify", UUID=BROWSER, ID="user-1")
    assert visitors_of(client, shop)[BROWSER][1] is not None


# At once


@pytest.fixture(scope="module")
def workers(start_tracker: StartTracker, database_kind: str, new_database: NewDatabase) -> Any:
    """Tracker with several worker processes, and an account on it."""
    tracker = start_tracker(database_url=new_database(database_kind), workers=WORKERS)
    return tracker, make_account(tracker, f"owner-{database_kind}@example.com", "*")


@pytest.mark.parametrize(
    "who",
    [
        {"Email": "alone@example.com"},
        {"Email": "browser@example.com", "UUID": BROWSER},
        {"Email": "both@example.com", "ID": "user-1"},
        {"Email": "all@example.com", "ID": "user-2", "UUID": PHONE},
    ],
)
def test_of_identical_first_calls_at_once_exactly_one_answers_true(workers: Any, who: dict[str, str]) -> None:
    tracker, account = workers

    def call(_: int) -> dict[str, Any]:
        answer = tracker.call("event.track", account.key, Event="seen", ListID=account.list_id, **who)
        assert answer.status == 200, answer.text
        body: dict[str, Any] = answer.body
        return body

    with ThreadPoolExecutor(CALLS) as pool:
        answers = list(pool.map(call, range(CALLS)))
    assert Counter(each["identify_event_sent"] for each in answers) == {True: 1, False: CALLS - 1}
    assert len({each["uuid"] for each in answers}) == 1
    assert call(0)["identify_event_sent"] is False


def test_of_identical_event_ids_at_once_one_is_stored(workers: Any) -> None:
    tracker, account = workers
    sent = {"Event": "bought", "ListID": account.list_id, "EventID": "order-1", "Properties": {"once": 1}}

    def call(_: int) -> dict[str, Any]:
        body: dict[str, Any] = tracker.call("event.track", account.key, **sent).body
        return body

    with ThreadPoolExecutor(CALLS) as pool:
        answers = list(pool.map(call, range(CALLS)))
    assert Counter(each.get("duplicate", False) for each in answers) == {False: 1, True: CALLS - 1}
    assert len({each["uuid"] for each in answers}) == 1


def test_calls_that_get_in_each_others_way_are_all_answered_and_stored_once(workers: Any) -> None:
    """Few persons, browsers, conversions and names for many calls: their transactions meet all the time."""
    tracker, account = workers
    made = tracker.call("list.create", account.key, SubscriberListName="Crowd").body["ListID"]
    random = Random(1)  # the same calls in every run

    def params(number: int) -> dict[str, Any]:
        who = {
            "Email": random.choice([None, f"u{random.randrange(4)}@example.com"]),
            "ID": random.choice([None, f"id-{random.randrange(4)}"]),
            "UUID": random.choice([None, str(UUID(int=random.randrange(1, 5)))]),
        }
        properties = {"conversion-id": random.randrange(5), "conversion-name": "Sale", "conversion-value": 1}
        return {"Event": "conversion", "ListID": made, "Properties": {**properties, f"n{number}": 1}, **who}

    def call(sent: dict[str, Any]) -> int:
        status: int = tracker.call("event.track", account.key, **sent).status
        return status

    with ThreadPoolExecutor(CALLS) as pool:
        statuses = list(pool.map(call, [params(number) for number in range(300)]))
    assert Counter(statuses) == {200: 300}
    listed = tracker.call("website_events.properties", account.key, ListID=made).body["Properties"]
    assert len(listed["conversion"]) == 303
    assert set(listed) == {"conversion", "identify"}
