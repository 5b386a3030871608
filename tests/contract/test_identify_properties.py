"""What do identify events write onto their person, and what do they leave alone?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.client import HIGH_LIMITS, InProcess, Shop, Track
from tests.processes import until
from tests.served import StartTracker, make_account
from tracker.domain.event import Event

BROWSER = "550e8400-e29b-41d4-a716-446655440000"
EMAIL = "a@example.com"
IGNORED = "ignored_identify_properties"
FIELDS: dict[str, dict[str, Any]] = {
    "First-Name": {}, "Age": {"DataType": "number"}, "Customer": {"UniqueIdentifier": True},
}  # fmt: skip
Known = Callable[..., dict[str, Any]]


@pytest.fixture
def fields(client: InProcess, shop: Shop) -> dict[str, int]:
    """The numbers of FIELDS, made for the test's list."""
    made = {}
    for alias, params in FIELDS.items():
        sent = {"SubscriberListID": shop.list_id, "FieldName": alias, "MergeTagAlias": alias, **params}
        made[alias] = client.call("customfield.create", shop.key, **sent).body["CustomFieldID"]
    return made


@pytest.fixture
def identify(track: Track, fields: dict[str, int]) -> Callable[..., dict[str, Any]]:
    """`identify({field: value}, …)`: an identify event of the test's person, and its answer."""

    def call(properties: Any, **params: Any) -> dict[str, Any]:
        sent = {"Event": "identify", "Email": EMAIL, "IdentifyProperties": properties, **params}
        answer = track(**sent)
        assert answer.status == 200, answer.body
        body: dict[str, Any] = answer.body
        return body

    return call


@pytest.fixture
def known(client: InProcess, shop: Shop) -> Known:
    """`known()`: what is known of the test's person, but for numbers and times."""

    def call(**who: str) -> dict[str, Any]:
        sent = who or {"EmailAddress": EMAIL}
        answer = client.call("subscriber.get", shop.key, ListID=shop.list_id, **sent)
        assert answer.status == 200, answer.body
        found = answer.body["SubscriberInformation"]
        return {**found["CustomFields"], "ID": found["ExternalID"]}

    return call


Identify = Callable[..., dict[str, Any]]
NOTHING = {"First-Name": None, "Age": None, "Customer": None, "ID": None}


def test_they_are_written_and_the_last_one_wins(identify: Identify, known: Known) -> None:
    first = identify({"First-Name": "Jane", "Age": "42"})
    assert IGNORED not in first
    assert known() == {**NOTHING, "First-Name": "Jane", "Age": 42}
    assert IGNORED not in identify({"first-name": "Joan"})
    assert known() == {**NOTHING, "First-Name": "Joan", "Age": 42}
    identify({"First-Name": "", "Age": None})
    assert known() == NOTHING


def test_properties_never_are(identify: Identify, known: Known, track: Track) -> None:
    identify({}, Properties={"First-Name": "Jane", "Age": 42})
    track(Event="seen", Email=EMAIL, Properties={"First-Name": "Jane"})
    assert known() == NOTHING


@pytest.mark.parametrize("name", ["seen", "Identify", "conversion"])
def test_other_events_write_nothing(identify: Identify, known: Known, track: Track, name: str) -> None:
    """Not even one that brings an identify event with it."""
    properties = {"conversion-id": 1, "conversion-name": "x", "conversion-value": 1}
    answer = track(
        Event=name, Email=EMAIL, Properties=properties, IdentifyProperties={"First-Name": "Jane", "x": 1}
    )
    assert answer.body["identify_event_sent"] is True
    assert IGNORED not in answer.body
    assert known() == NOTHING


@pytest.mark.parametrize("name", ["identify", "seen"])
@pytest.mark.parametrize(
    "value",
    [5, "x", [1], True, "[1]", '{"a": 1', {"\0": 1}, {"é" * 128: 1}, {"a": "x" * 32_769}, {str(n): 1 for n in range(256)}],
)  # fmt: skip
def test_what_is_no_object_within_the_limits_is_21(
    client: InProcess, shop: Shop, track: Track, name: str, value: Any
) -> None:
    answer = track(Event=name, Email=EMAIL, IdentifyProperties=value)
    assert (answer.status, answer.codes) == (422, [21])
    assert client.rows("SELECT * FROM events WHERE list_id = ?", shop.list_id) == []


@pytest.mark.parametrize("value", [{}, [], "{}", None, '{"First-Name": null}'])
def test_nothing_to_write_is_nothing_to_report(identify: Identify, known: Known, value: Any) -> None:
    assert IGNORED not in identify(value)
    assert known() == NOTHING


def test_they_come_in_forms_and_as_text_that_holds_an_object(
    client: InProcess, shop: Shop, identify: Identify, known: Known
) -> None:
    form = {
        "event": "identify", "email": EMAIL, "listid": shop.list_id, "IdentifyProperties[First-Name]": "Jane",
        "IdentifyProperties[Age]": "42",
    }  # fmt: skip
    assert client.request("POST", "/api/v1/event", shop.key, data=form).status == 200
    assert known() == {**NOTHING, "First-Name": "Jane", "Age": 42}
    identify('{"First-Name": "Joan"}')
    assert known()["First-Name"] == "Joan"


def test_what_no_field_takes_is_dropped_and_named(
    identify: Identify, known: Known, fields: dict[str, int]
) -> None:
    sent = {
        "nick": "J", "First-Name": "Jane", "Age": "old", "EmailAddress": "b@example.com", "ExternalID": "x",
        f"CustomField{fields['Age']}": 1, "CustomField0": 1, "Email": "b@example.com",
    }  # fmt: skip
    answer = identify(sent)
    assert answer[IGNORED] == ["nick", "Age", "EmailAddress", "ExternalID", "CustomField0", "Email"]
    assert known() == {**NOTHING, "First-Name": "Jane"}
    assert IGNORED not in identify({f"CustomField{fields['Age']}": 7})
    assert known()["Age"] == 7


def test_a_field_made_a_moment_ago_is_known(
    client: InProcess, shop: Shop, identify: Identify, known: Known
) -> None:
    """Whatever this process remembers."""
    assert identify({"First-Name": "Jane", "new": "x"})[IGNORED] == ["new"]
    sql = "INSERT INTO custom_fields (list_id, name, alias, alias_key, data_type, is_unique, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
    row = (shop.list_id, b"x", b"new", b"new", b"text", 0, 0)
    client.services.storage.write(lambda transaction: transaction.execute(sql, row))
    assert IGNORED not in identify({"First-Name": "Jane", "new": "x"})
    assert known()["new"] == "x"


def test_a_field_that_was_deleted_is_unknown(
    client: InProcess, shop: Shop, identify: Identify, fields: dict[str, int]
) -> None:
    identify({"Age": 1})
    client.call("customfield.delete", shop.key, SubscriberListID=shop.list_id, CustomFieldID=fields["Age"])
    assert identify({"Age": 2})[IGNORED] == ["Age"]


# Whom they are written to


def test_the_subscriber_is_named_by_id_or_by_the_visitor(identify: Identify, known: Known) -> None:
    identify({"First-Name": "By ID"}, Email=..., ID="user-1")
    assert known(ExternalID="user-1")["First-Name"] == "By ID"
    identify({"First-Name": "Jane"}, UUID=BROWSER)
    assert IGNORED not in identify({"Age": 5}, UUID=BROWSER, Email=...)
    assert known() == {**NOTHING, "First-Name": "Jane", "Age": 5}


@pytest.mark.parametrize("who", [{}, {"UUID": BROWSER}, {"ID": "f" * 64}])
def test_where_nobody_is_identified_all_are_dropped_and_named(
    client: InProcess, shop: Shop, identify: Identify, who: dict[str, str]
) -> None:
    sent = {"First-Name": "Jane", "x": 1, "Customer": "c-1"}
    assert identify(sent, Email=..., **who)[IGNORED] == list(sent)
    assert client.rows("SELECT * FROM subscriber_fields WHERE list_id = ?", shop.list_id) == []


def test_without_a_list_all_are_dropped_and_named(identify: Identify) -> None:
    assert identify({"First-Name": "Jane"}, ListID=...)[IGNORED] == ["First-Name"]


def test_a_visitor_that_changes_hands_within_a_batch_writes_to_each_in_turn(
    client: InProcess, shop: Shop, known: Known, fields: dict[str, int]
) -> None:
    def event(name: str | None, first_name: str) -> dict[str, Any]:
        who = {"Email": name} if name else {}
        return {"Event": "identify", "UUID": BROWSER, "IdentifyProperties": {"First-Name": first_name}, **who}

    events = [
        event("a@example.com", "A"), event(None, "still A"), event("b@example.com", "B"), event(None, "still B"),
    ]  # fmt: skip
    client.call("event.batch", shop.key, ListID=shop.list_id, Events=events)
    assert known()["First-Name"] == "still A"
    assert known(EmailAddress="b@example.com")["First-Name"] == "still B"


# The unique identifier


def test_it_fills_an_empty_id(identify: Identify, known: Known, track: Track) -> None:
    assert IGNORED not in identify({"Customer": "c-1"})
    assert known() == {**NOTHING, "Customer": "c-1", "ID": "c-1"}
    track(Event="seen", ID="c-1", Email=..., Properties={})
    assert IGNORED not in identify({"Customer": "c-1"}, Email=..., ID="c-1"), "it is the same one"


def test_it_fills_that_of_a_subscriber_who_is_known_by_their_visitor(
    identify: Identify, known: Known
) -> None:
    identify({}, UUID=BROWSER)
    assert IGNORED not in identify({"Customer": "c-1"}, UUID=BROWSER, Email=...)
    assert known()["ID"] == "c-1"
    assert identify({"Customer": "c-2"}, UUID=BROWSER, Email=...)[IGNORED] == ["Customer"]


def test_it_changes_and_empties_none(identify: Identify, known: Known) -> None:
    identify({}, ID="user-1")
    for value in ("c-1", "", None):
        answer = identify({"Customer": value, "First-Name": "Jane"})
        assert answer[IGNORED] == ["Customer"]
    assert known() == {**NOTHING, "First-Name": "Jane", "Customer": "user-1", "ID": "user-1"}


def test_it_is_never_taken_from_another_subscriber(identify: Identify, known: Known) -> None:
    identify({}, Email="b@example.com", ID="c-1")
    identify({}, Email=..., ID="c-2")
    for owned in ("c-1", "c-2"):
        assert identify({"Customer": owned, "Age": 1})[IGNORED] == ["Customer"]
    assert known() == {**NOTHING, "Age": 1}
    assert known(EmailAddress="b@example.com")["ID"] == "c-1"


@pytest.mark.parametrize("value", ["undefined", "f" * 64, 5.5, True, "{{id}}", " ", "é" * 128, "a\nb"])
def test_what_can_be_no_id_is_dropped(identify: Identify, known: Known, value: Any) -> None:
    assert identify({"Customer": value})[IGNORED] == ["Customer"]
    assert known() == NOTHING


def test_in_a_batch_as_one_by_one(
    client: InProcess, shop: Shop, known: Known, fields: dict[str, int]
) -> None:
    """An identifier given by one event finds the person in the next ones."""
    events: list[dict[str, Any]] = [
        {"Event": "identify", "Email": EMAIL, "IdentifyProperties": {"Customer": "c-1", "First-Name": "Jane", "x": 1}},
        {"Event": "seen", "ID": "c-1"},
        {"Event": "identify", "Email": "b@example.com", "IdentifyProperties": {"Customer": "c-1"}},
        {"Event": "identify", "Email": EMAIL, "IdentifyProperties": {"First-Name": "Joan"}},
        {"Event": "identify", "Email": EMAIL, "IdentifyProperties": 5},
        {"Event": "seen", "IdentifyProperties": {"x": 1}},
    ]  # fmt: skip
    results = client.call("event.batch", shop.key, ListID=shop.list_id, Events=events).body["results"]
    assert [result.get(IGNORED) for result in results] == [["x"], None, ["Customer"], None, None, None]
    assert results[4]["Errors"][0]["Code"] == 21
    assert known() == {**NOTHING, "First-Name": "Joan", "Customer": "c-1", "ID": "c-1"}
    assert client.rows("SELECT COUNT(*) FROM subscribers WHERE list_id = ?", shop.list_id) == [(2,)]


# Deduplicator and tests


def test_a_repeat_writes_nothing(identify: Identify, known: Known) -> None:
    sent = {"First-Name": "Jane", "x": 1}
    first = identify(sent, EventID="e-1")
    identify({"First-Name": "Joan"})
    again = identify(sent, EventID="e-1")
    assert again == {**first, "duplicate": True, "identify_event_sent": True}
    assert first[IGNORED] == ["x"]
    assert known()["First-Name"] == "Joan"


def test_another_value_is_another_event(identify: Identify, known: Known, track: Track) -> None:
    identify({"First-Name": "Jane"}, EventID="e-1")
    for other in ({"First-Name": "Joan"}, {}):
        answer = track(Event="identify", Email=EMAIL, EventID="e-1", IdentifyProperties=other)
        assert (answer.status, answer.codes) == (409, [17])
    assert known()["First-Name"] == "Jane"


def test_without_them_an_event_has_the_digest_it_always_had() -> None:
    plain = Event(5, "seen", 1)
    full = Event(
        5, "identify", 1, 3, properties={"a": 1, "b": [None, True]}, email=("A@b.co", "a@b.co"), external_id="x",
        uuid=(7).to_bytes(16, "big"),
    )  # fmt: skip
    assert plain.digest().hex() == "36a5f79de0df47a27d200b063b636eeec66f67b6e52b8f37451c4954306d5b1f"
    assert full.digest().hex() == "ff494b69f2140ebbe7de5bb76518fa0e5fe29f5b707c2730627ab415240ba263"
    full.identify_properties = {}
    assert full.digest().hex() == "ff494b69f2140ebbe7de5bb76518fa0e5fe29f5b707c2730627ab415240ba263"
    full.identify_properties = {"a": 1}
    assert full.digest().hex() != "ff494b69f2140ebbe7de5bb76518fa0e5fe29f5b707c2730627ab415240ba263"


def test_a_test_event_is_told_and_writes_nothing(
    client: InProcess, shop: Shop, identify: Identify, known: Known
) -> None:
    identify({})
    answer = identify({"First-Name": "Jane", "Age": "old", "x": 1}, Properties={"isTest": True})
    assert answer[IGNORED] == ["Age", "x"]
    assert known() == NOTHING
    event = {
        "Event": "identify", "Email": EMAIL, "IdentifyProperties": {"x": 1}, "Properties": {"isTest": True},
    }  # fmt: skip
    batch = client.call("event.batch", shop.key, ListID=shop.list_id, Events=[event])
    assert batch.body["results"][0][IGNORED] == ["x"]


# Several processes


def test_another_process_knows_within_five_seconds(start_tracker: StartTracker) -> None:
    """What is remembered is that a field is there: a new one is known at once, a deleted one at most 5 s longer.

    Each process remembers it for itself, whatever the database.
    """
    tracker = start_tracker(workers=3, settings={"TRACKER_LIMITS": HIGH_LIMITS})
    account = make_account(tracker, "fields@example.com", "*")

    def identify() -> Any:
        answer = tracker.call(
            "event.track", account.key, ListID=account.list_id, Event="identify", Email=EMAIL,
            IdentifyProperties={"x": "1"},
        )  # fmt: skip
        return answer.body.get(IGNORED)

    sent = {"SubscriberListID": account.list_id, "FieldName": "x", "MergeTagAlias": "x"}
    number = tracker.call("customfield.create", account.key, **sent).body["CustomFieldID"]
    assert [identify() for _ in range(12)] == [None] * 12
    tracker.ok("customfield.delete", account.key, SubscriberListID=account.list_id, CustomFieldID=number)
    until(lambda: [identify() for _ in range(12)] == [["x"]] * 12, 2 * 5, "all processes dropping the value")
    subscriber = tracker.call("subscriber.get", account.key, ListID=account.list_id, EmailAddress=EMAIL).body
    assert subscriber["SubscriberInformation"]["CustomFields"] == {}
