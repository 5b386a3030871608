"""Whom does an ID name that is the SHA-256 of an address? One person who is there, or nobody."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest

from tests.client import InProcess, Shop, Track
from tracker.domain.event import HASH_FORM, NAMED_BY_EMAIL, NAMED_BY_ID
from tracker.formats.email_hash import Form

BROWSER = "550e8400-e29b-41d4-a716-446655440000"
FLAGS = NAMED_BY_EMAIL | NAMED_BY_ID | 3 * HASH_FORM


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def subscriber_of(client: InProcess, shop: Shop, event: str) -> tuple[str | None, int]:
    """The address of the person whom the newest event of this name names, and the flags that say by what."""
    sql = (
        "SELECT s.email, e.subscriber_id, e.flags FROM events e LEFT JOIN subscribers s"
        " ON s.list_id = e.list_id AND s.id = e.subscriber_id WHERE e.list_id = ? AND e.name = ? ORDER BY e.id DESC"
    )
    email, subscriber_id, flags = client.rows(sql, shop.list_id, event.encode())[0]
    assert (email is None) == (subscriber_id is None)
    return email and bytes(email).decode(), flags & FLAGS


def subscribers(client: InProcess, shop: Shop) -> list[tuple[Any, ...]]:
    sql = "SELECT email, external_id FROM subscribers WHERE list_id = ? ORDER BY id"
    return [tuple(v and bytes(v).decode() for v in row) for row in client.rows(sql, shop.list_id)]


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Any:
    """What the log of events says."""
    return lambda: [record.getMessage() for record in caplog.records if record.name == "tracker.ingest"]


@pytest.mark.parametrize(
    ("sent", "form"),
    [
        ("J.Ane+a@Gmail.com", Form.AS_HELD),
        ("j.ane+a@gmail.com", Form.LOWER_CASE),
        ("jane@gmail.com", Form.PROVIDER),
    ],
)
def test_a_hash_names_a_subscriber_in_each_form(
    client: InProcess, shop: Shop, track: Track, sent: str, form: Form
) -> None:
    own = track(Email=" J.Ane+a@Gmail.com ").body["uuid"]
    answer = track(Event="bought", ID=hashed(sent).upper()).body
    assert answer == {
        "status": "success",
        "uuid": own,
        "external_id": hashed(sent).upper(),
        "identify_event_sent": False,
    }
    assert subscriber_of(client, shop, "bought") == ("J.Ane+a@Gmail.com", form * HASH_FORM)
    assert subscribers(client, shop) == [("J.Ane+a@Gmail.com", None)]


def test_the_first_form_that_somebody_has_decides(client: InProcess, shop: Shop, track: Track) -> None:
    for email in ("a.b@gmail.com", "AB@gmail.com", "ab+1@gmail.com"):
        track(Email=email)
    track(Event="bought", ID=hashed("ab@gmail.com"))
    assert subscriber_of(client, shop, "bought") == ("AB@gmail.com", Form.LOWER_CASE * HASH_FORM)


def test_two_people_in_a_form_are_no_match_and_the_log_says_which_form(
    client: InProcess, shop: Shop, track: Track, said: Any
) -> None:
    track(Email="a.b@gmail.com")
    track(Email="ab+1@googlemail.com")
    first, second = (track(Event="bought", ID=hashed("ab@gmail.com")).body for _ in range(2))
    assert first["uuid"] == second["uuid"]
    assert subscriber_of(client, shop, "bought") == (None, 0)
    lines = said()
    assert len(lines) == 2
    pattern = (
        rf"event \d+ of list {shop.list_id}: ID is a hash that several people have in the form provider, .*"
    )
    assert all(re.fullmatch(pattern, line) for line in lines)
    assert not any("@" in line or hashed("ab@gmail.com") in line for line in lines)


def test_an_unmatched_hash_is_one_visitor_of_nobody(client: InProcess, shop: Shop, track: Track) -> None:
    unknown = hashed("nobody@example.com")
    answers = [track(Event=name, ID=unknown).body for name in ("seen", "identify", "seen")]
    assert len({answer["uuid"] for answer in answers}) == 1
    assert {answer["external_id"] for answer in answers} == {unknown}
    assert subscribers(client, shop) == []
    assert client.rows("SELECT 1 FROM identity_links WHERE list_id = ?", shop.list_id) == []


def test_a_hash_is_of_no_subscriber_of_another_list(client: InProcess, shop: Shop, track: Track) -> None:
    other = client.services.stores.lists.add(shop.user_id, "Other")
    track(ListID=other, Email="jane@example.com")
    track(Event="bought", ID=hashed("jane@example.com"))
    assert subscriber_of(client, shop, "bought") == (None, 0)


def test_a_subscriber_who_comes_later_is_named_from_then_on(
    client: InProcess, shop: Shop, track: Track
) -> None:
    sent = hashed("jane@example.com")
    before = track(Event="before", ID=sent).body["uuid"]
    track(Email="jane@example.com")
    assert track(Event="after", ID=sent).body["uuid"] != before
    assert subscriber_of(client, shop, "before") == (None, 0)
    assert subscriber_of(client, shop, "after") == ("jane@example.com", Form.AS_HELD * HASH_FORM)


def test_a_hash_links_a_browser_as_an_id_does(client: InProcess, shop: Shop, track: Track) -> None:
    track(Email="jane@example.com")
    sent = {"UUID": BROWSER, "ID": hashed("jane@example.com")}
    linked = "SELECT COUNT(*) FROM identity_links WHERE list_id = ? AND reason = 3"
    assert track(Event="seen", **sent).body["identify_event_sent"] is False
    assert client.rows(linked, shop.list_id) == [(0,)]
    assert track(Event="identify", **sent).body["identify_event_sent"] is True
    assert client.rows(linked, shop.list_id) == [(1,)]


def test_of_email_and_hash_of_two_people_email_wins_and_it_is_logged(
    client: InProcess, shop: Shop, track: Track, said: Any
) -> None:
    track(Email="a@example.com")
    for email in ("b@example.com", "c@example.com"):
        track(Email=email)
        track(Event="bought", Email=email, ID=hashed("a@example.com"))
        assert subscriber_of(client, shop, "bought") == (email, NAMED_BY_EMAIL)
    assert len(said()) == 2
    assert [email for email, _ in subscribers(client, shop)] == [
        "a@example.com",
        "b@example.com",
        "c@example.com",
    ]


def test_the_hash_of_the_very_email_is_no_clash(
    client: InProcess, shop: Shop, track: Track, said: Any
) -> None:
    track(Email="a.b@gmail.com")  # has the hash of the next one in a later form
    track(Event="bought", Email="ab@gmail.com", ID=hashed("ab@gmail.com"))
    assert subscriber_of(client, shop, "bought") == (
        "ab@gmail.com",
        NAMED_BY_EMAIL | Form.AS_HELD * HASH_FORM,
    )
    assert said() == []


def test_an_event_says_whether_email_or_id_named_its_subscriber(
    client: InProcess, shop: Shop, track: Track
) -> None:
    who: list[tuple[dict[str, str], int]] = [
        ({"Email": "a@example.com"}, NAMED_BY_EMAIL),
        ({"Email": "a@example.com", "ID": "user-1"}, NAMED_BY_EMAIL | NAMED_BY_ID),
        ({"ID": "user-1"}, NAMED_BY_ID),
        ({"Email": "a@example.com", "ID": "user-2"}, NAMED_BY_EMAIL),
    ]
    for sent, flags in who:
        track(Event="bought", **sent)
        assert subscriber_of(client, shop, "bought") == ("a@example.com", flags)


def test_hashes_follow_the_address_however_it_is_given_changed_and_taken(
    client: InProcess, shop: Shop, track: Track
) -> None:
    def named(address: str) -> str | None:
        track(Event="asked", ID=hashed(address))
        return subscriber_of(client, shop, "asked")[0]

    def call(verb: str, **params: Any) -> Any:
        answer = client.call(f"subscriber.{verb}", shop.key, ListID=shop.list_id, **params)
        assert answer.status == 200, answer.body
        return answer.body["SubscriberID"]

    made = call("create", EmailAddress="One@example.com")
    assert named("one@example.com") == "One@example.com"
    call("update", SubscriberID=made, EmailAddress="two@example.com")
    assert (named("one@example.com"), named("two@example.com")) == (None, "two@example.com")
    call("delete", SubscriberID=made)
    assert named("two@example.com") is None
    track(ID="user-1")
    track(ID="user-1", Email="three@example.com")
    assert named("three@example.com") == "three@example.com"
    count = "SELECT COUNT(*) FROM subscriber_hashes WHERE list_id = ?"
    assert client.rows(count, shop.list_id) == [(1,)]


def test_in_one_batch_a_hash_names_whom_an_event_before_it_has_made(client: InProcess, shop: Shop) -> None:
    events: list[dict[str, str]] = [
        {"Event": "early", "ID": hashed("a.b@gmail.com")},
        {"Event": "made", "Email": "a.b@gmail.com"},
        {"Event": "late", "ID": hashed("ab@gmail.com")},
        {"Event": "made", "Email": "ab@gmail.com"},
        {"Event": "later", "ID": hashed("ab@gmail.com")},
    ]
    answer = client.call("event.batch", shop.key, ListID=shop.list_id, Events=events)
    assert answer.status == 200, answer.body
    assert subscriber_of(client, shop, "early") == (None, 0)
    assert subscriber_of(client, shop, "late") == ("a.b@gmail.com", Form.PROVIDER * HASH_FORM)
    assert subscriber_of(client, shop, "later") == ("ab@gmail.com", Form.AS_HELD * HASH_FORM)
