"""Are subscribers made, described, changed and deleted by name, and by their list's owner alone?"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.client import Client, Reply, Shop, Track
from tests.served import StartTracker, make_account
from tests.servers import NewDatabase

Call = Callable[..., Reply]
#: Calls at once, and worker processes that take them.
CALLS, WORKERS = 24, 3
ONE = ("subscriber.get", "subscriber.update", "subscriber.delete")
ALL = ("subscriber.create", *ONE)


@pytest.fixture
def call(client: Client, shop: Shop) -> Call:
    """`call("create", …)`: the command `subscriber.create` about the test's list."""

    def about_the_list(verb: str, **params: Any) -> Reply:
        return client.call(f"subscriber.{verb}", shop.key, **{"ListID": shop.list_id, **params})

    return about_the_list


def made(call: Call, **params: Any) -> str:
    answer = call("create", **params)
    assert answer.status == 200, answer.body
    subscriber_id: str = answer.body["SubscriberID"]
    return subscriber_id


def described(call: Call, **params: Any) -> dict[str, Any]:
    answer = call("get", **params)
    assert answer.status == 200, answer.body
    information: dict[str, Any] = answer.body["SubscriberInformation"]
    return information


def test_a_subscriber_is_described_whoever_made_them(call: Call, track: Track) -> None:
    number = made(call, EmailAddress=" Jane@Example.COM ", ExternalID="user-1")
    track(Email="joe@example.com", ID="user-2")
    jane, joe = described(call, EmailAddress="jane@example.com"), described(call, ExternalID="user-2")
    assert jane.pop("CreatedOn") <= joe.pop("CreatedOn")
    told = [each.pop(name) for each in (jane, joe) for name in ("EmailAddressBy", "ExternalIDBy")]
    assert told == ["credential"] * 4
    assert jane == {
        "SubscriberID": number, "EmailAddress": "Jane@Example.COM", "ExternalID": "user-1", "CustomFields": {},
    }  # fmt: skip
    assert int(joe.pop("SubscriberID")) > int(number)
    assert joe == {"EmailAddress": "joe@example.com", "ExternalID": "user-2", "CustomFields": {}}


def test_a_number_is_digits_and_taken_as_digits_or_integer(call: Call) -> None:
    number = made(call, EmailAddress="a@example.com")
    assert int(number) > 2**53, "a double would round it"
    for sent in (number, int(number)):
        assert described(call, SubscriberID=sent)["EmailAddress"] == "a@example.com"


def test_the_first_of_number_address_and_external_id_says_who(call: Call) -> None:
    a = made(call, EmailAddress="a@example.com", ExternalID="a")
    b = made(call, EmailAddress="b@example.com", ExternalID="b")
    assert described(call, SubscriberID=a, EmailAddress="b@example.com")["SubscriberID"] == a
    assert described(call, EmailAddress="B@example.com", ExternalID="a")["SubscriberID"] == b
    assert described(call, ExternalID="b")["SubscriberID"] == b


def test_events_find_the_subscriber_that_was_made(
    client: Client, shop: Shop, call: Call, track: Track
) -> None:
    number = made(call, EmailAddress="a@example.com", ExternalID="user-1")
    uuids = {track(Email="A@example.com").body["uuid"], track(ID="user-1").body["uuid"]}
    assert len(uuids) == 1, "calls without UUID use the visitor of that person"
    assert client.rows("SELECT id FROM subscribers WHERE list_id = ?", shop.list_id) == [(int(number),)]


@pytest.mark.parametrize(
    ("params", "codes"),
    [
        ({}, [1]),
        ({"CustomFields": {}}, [1]),
        ({"CustomFields": {"x": "1"}}, [1]),
        ({"ListID": None}, [1, 2]),
        ({"ListID": "x", "EmailAddress": "x", "ExternalID": "", "CustomFields": 5}, [4, 5, 7, 10]),
        ({"EmailAddress": ""}, [5]),
        ({"EmailAddress": "a@b"}, [5]),
        ({"EmailAddress": 5}, [5]),
        ({"EmailAddress": "a@example.com", "ExternalID": " "}, [7]),
        ({"EmailAddress": "a@example.com", "ExternalID": "x" * 256}, [7]),
        ({"EmailAddress": "a@example.com", "ExternalID": "a\nb"}, [7]),
        ({"EmailAddress": "a@example.com", "ExternalID": "[object Object]"}, [7]),
        ({"EmailAddress": "a@example.com", "ExternalID": hashlib.sha256(b"x").hexdigest()}, [7]),
        ({"EmailAddress": "a@example.com", "ExternalID": 5.5}, [7]),
        ({"EmailAddress": "a@example.com", "ExternalID": "*|UNIQID|*"}, [7]),
    ],
)
def test_who_cannot_be_made_has_their_numbers(
    client: Client, shop: Shop, call: Call, params: dict[str, Any], codes: list[int]
) -> None:
    answer = call("create", **params)
    assert (answer.status, answer.codes) == (422, codes)
    assert client.rows("SELECT id FROM subscribers WHERE list_id = ?", shop.list_id) == []


def test_what_another_has_is_refused_and_nothing_changes(client: Client, shop: Shop, call: Call) -> None:
    a = made(call, EmailAddress="a@example.com", ExternalID="a")
    made(call, EmailAddress="b@example.com")
    before = client.rows("SELECT * FROM subscribers WHERE list_id = ? ORDER BY id", shop.list_id)
    refused = [
        call("create", EmailAddress="A@Example.com"),
        call("create", EmailAddress="c@example.com", ExternalID="a"),
        call("update", SubscriberID=a, EmailAddress="B@example.com", ExternalID="new"),
        call("update", EmailAddress="b@example.com", ExternalID="a"),
    ]
    assert [answer.codes for answer in refused] == [[8], [9], [8], [9]]
    assert client.rows("SELECT * FROM subscribers WHERE list_id = ? ORDER BY id", shop.list_id) == before


def test_lists_share_no_subscribers(client: Client, shop: Shop, call: Call) -> None:
    number = made(call, EmailAddress="a@example.com", ExternalID="a")
    other = client.services.stores.lists.add(shop.user_id, "Another")
    for command in ONE:
        for who in ({"EmailAddress": "a@example.com"}, {"ExternalID": "a"}, {"SubscriberID": number}):
            missing = client.call(command, shop.key, ListID=other, SubscriberID=1)
            assert client.call(command, shop.key, ListID=other, **who).raw == missing.raw
            assert missing.codes == [3]
    assert call("create", ListID=other, EmailAddress="a@example.com", ExternalID="a").status == 200
    assert described(call, SubscriberID=number)["ExternalID"] == "a"


@pytest.mark.parametrize("command", [*ALL, "subscribers.get"])
def test_anothers_list_a_missing_one_and_the_hidden_one_give_the_same_bytes(
    client: Client, shop: Shop, command: str
) -> None:
    stranger = client.open_shop(f"stranger.{command}@example.com")
    track = {"Event": "seen", "Email": "a@example.com"}
    client.call("event.track", stranger.key, ListID=stranger.list_id, **track)
    client.call("event.track", shop.key, **track)
    numbers = [stranger.list_id, 2**63 - 1, client.services.stores.lists.hidden_id(shop.user_id)]
    who = {} if command == "subscribers.get" else {"EmailAddress": "a@example.com"}
    answers = {client.call(command, shop.key, ListID=number, **who).raw for number in numbers}
    assert answers == {b'{"Errors":[{"Code":4,"Message":"Invalid ListID parameter"}]}'}
    for number in (0, -1, "x", 1.5, True, [], str(2**63)):
        assert client.call(command, shop.key, ListID=number, **who).raw in answers


@pytest.mark.parametrize("command", ONE)
@pytest.mark.parametrize(
    ("params", "codes"),
    [
        ({}, [1]),
        ({"ListID": None}, [1, 2]),
        ({"ListID": None, "EmailAddress": "x"}, [2, 5]),
        ({"EmailAddress": "nobody@example.com"}, [3]),
        ({"SubscriberID": 2**63 - 1}, [3]),
        ({"SubscriberID": 0}, [3]),
        ({"ExternalID": "nobody"}, [3]),
        ({"SubscriberID": -1, "EmailAddress": [], "ExternalID": {}}, [5, 6, 7]),
        ({"SubscriberID": str(2**63)}, [6]),
        ({"SubscriberID": 1.0}, [6]),
        ({"SubscriberID": "１"}, [6]),
        ({"SubscriberID": True}, [6]),
    ],
)
def test_who_is_not_there_has_their_numbers(
    call: Call, command: str, params: dict[str, Any], codes: list[int]
) -> None:
    answer = call(command.removeprefix("subscriber."), **params)
    assert (answer.status, answer.codes) == (422, codes)


@pytest.mark.parametrize(
    ("command", "permission"),
    [
        ("subscriber.create", "Subscribers.Import"),
        ("subscriber.get", "Subscribers.Get"),
        ("subscriber.update", "Subscriber.Update"),
        ("subscriber.delete", "Subscribers.Delete"),
        ("subscribers.get", "Subscribers.Get"),
    ],
)
def test_permissions(client: Client, shop: Shop, command: str, permission: str) -> None:
    keys = client.services.stores.keys
    every = {"Subscribers.Import", "Subscribers.Get", "Subscriber.Update", "Subscribers.Delete", "List.Get"}
    assert client.call(command, keys.add(shop.user_id, ",".join(every - {permission}))).codes == [403]
    assert client.call(command, keys.add(shop.user_id, permission)).status == 422


def test_what_changes_nothing_can_be_had_with_get(client: Client, shop: Shop, call: Call) -> None:
    made(call, EmailAddress="a@example.com")
    for command, who in (("subscriber.get", "&EmailAddress=a@example.com"), ("subscribers.get", "")):
        answer = client.request("GET", f"/api/v1/{command}?ListID={shop.list_id}{who}", shop.key)
        assert answer.status == 200
    answer = client.request("GET", f"/api/v1/subscriber.delete?ListID={shop.list_id}", shop.key)
    assert answer.status == 405


# Changing


def test_what_is_not_sent_stays(call: Call) -> None:
    number = made(call, EmailAddress="a@example.com", ExternalID="a")
    before = described(call, SubscriberID=number)
    assert call("update", SubscriberID=number).body == {
        "Success": True, "ErrorCode": 0, "ErrorText": "", "SubscriberID": number,
    }  # fmt: skip
    assert described(call, SubscriberID=number) == before


def test_what_does_not_say_who_is_changed(call: Call) -> None:
    number = made(call, EmailAddress="a@example.com")
    call("update", SubscriberID=number, EmailAddress="New@example.com", ExternalID="new")
    assert described(call, SubscriberID=number)["EmailAddress"] == "New@example.com"
    assert call("get", EmailAddress="a@example.com").codes == [3]
    call("update", EmailAddress="new@example.com", ExternalID="newer")
    assert described(call, ExternalID="newer")["SubscriberID"] == number
    call("update", EmailAddress="new@example.com", ExternalID="newer")
    call("update", SubscriberID=number, EmailAddress="NEW@example.com")
    assert described(call, ExternalID="newer")["EmailAddress"] == "NEW@example.com"


def test_an_external_id_can_be_taken_away_while_an_address_is_left(call: Call) -> None:
    made(call, EmailAddress="a@example.com", ExternalID="a")
    call("update", EmailAddress="a@example.com", ExternalID="")
    assert described(call, EmailAddress="a@example.com")["ExternalID"] is None
    number = made(call, ExternalID="b")
    assert call("update", SubscriberID=number, ExternalID="").codes == [11]
    assert described(call, SubscriberID=number)["ExternalID"] == "b"
    assert call("update", SubscriberID=number, ExternalID="", EmailAddress="b@example.com").status == 200
    assert described(call, SubscriberID=number)["ExternalID"] is None


# The unique identifier


@pytest.fixture
def unique(client: Client, shop: Shop) -> int:
    """A list's unique identifier `Customer`, made when somebody has an external id already."""
    client.call(
        "subscriber.create", shop.key, ListID=shop.list_id, EmailAddress="old@example.com", ExternalID="old"
    )
    sent = {"FieldName": "x", "MergeTagAlias": "Customer", "UniqueIdentifier": True}
    answer = client.call("customfield.create", shop.key, SubscriberListID=shop.list_id, **sent)
    number: int = answer.body["CustomFieldID"]
    return number


def test_the_unique_identifier_is_the_external_id(
    client: Client, shop: Shop, call: Call, track: Track, unique: int
) -> None:
    old = described(call, EmailAddress="old@example.com")
    assert (old["ExternalID"], old["CustomFields"]) == ("old", {"Customer": "old"})
    number = made(call, CustomFields={"Customer": "c-1"})
    found = described(call, ExternalID="c-1")
    assert (found["SubscriberID"], found["CustomFields"]) == (number, {"Customer": "c-1"})
    track(ID="c-1", Email="c@example.com")
    assert described(call, EmailAddress="c@example.com")["SubscriberID"] == number
    call("update", ExternalID="c-1", CustomFields={"Customer": "c-2"})
    assert described(call, SubscriberID=number)["ExternalID"] == "c-2"
    call("update", SubscriberID=number, ExternalID="c-3")
    assert described(call, SubscriberID=number)["CustomFields"] == {"Customer": "c-3"}
    assert client.rows("SELECT * FROM subscriber_fields WHERE list_id = ?", shop.list_id) == []


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"CustomFields": {"Customer": "old"}}, 9),
        ({"CustomFields": {"Customer": 5.5}}, 10),
        ({"CustomFields": {"Customer": "undefined"}}, 10),
        ({"CustomFields": {"Customer": "f" * 64}}, 10),
        ({"CustomFields": {"Customer": "é" * 128}}, 10),
        ({"ExternalID": "one", "CustomFields": {"Customer": "another"}}, 7),
        ({"EmailAddress": ..., "CustomFields": {"Customer": ""}}, 1),
    ],
)
def test_a_unique_identifier_that_cannot_be_one_has_its_number(
    client: Client, shop: Shop, call: Call, unique: int, params: dict[str, Any], code: int
) -> None:
    sent = {k: v for k, v in {"EmailAddress": "new@example.com", **params}.items() if v is not ...}
    assert call("create", **sent).codes == [code]
    assert client.rows("SELECT COUNT(*) FROM subscribers WHERE list_id = ?", shop.list_id) == [(1,)]


def test_deleting_it_leaves_the_external_ids(client: Client, shop: Shop, call: Call, unique: int) -> None:
    client.call("customfield.delete", shop.key, SubscriberListID=shop.list_id, CustomFieldID=unique)
    found = described(call, ExternalID="old")
    assert (found["EmailAddress"], found["CustomFields"]) == ("old@example.com", {})


# At once


@pytest.fixture(scope="module")
def workers(start_tracker: StartTracker, database_kind: str, new_database: NewDatabase) -> Any:
    """Tracker with several worker processes, and an account on it."""
    tracker = start_tracker(database_url=new_database(database_kind), workers=WORKERS)
    return tracker, make_account(tracker, f"owner-{database_kind}@example.com", "*")


@pytest.mark.parametrize(
    ("params", "code"),
    [({"EmailAddress": "race@example.com"}, 8), ({"ExternalID": "race"}, 9)],
)
def test_of_equal_ones_made_at_once_one_wins_and_the_others_get_the_number(
    workers: Any, params: dict[str, str], code: int
) -> None:
    tracker, account = workers

    def create(_: int) -> Any:
        answer = tracker.call("subscriber.create", account.key, ListID=account.list_id, **params)
        return answer.json().get("Errors", [{"Code": answer.status_code}])[0]["Code"]

    with ThreadPoolExecutor(CALLS) as pool:
        assert Counter(pool.map(create, range(CALLS))) == {200: 1, code: CALLS - 1}


def test_of_changes_to_the_same_address_at_once_one_wins(workers: Any) -> None:
    tracker, account = workers
    numbers = [
        tracker.call("subscriber.create", account.key, ListID=account.list_id, ExternalID=f"c-{n}").json()[
            "SubscriberID"
        ]
        for n in range(CALLS)
    ]

    def update(number: str) -> Any:
        sent = {"ListID": account.list_id, "SubscriberID": number, "EmailAddress": "same@example.com"}
        answer = tracker.call("subscriber.update", account.key, **sent)
        return answer.json().get("Errors", [{"Code": answer.status_code}])[0]["Code"]

    with ThreadPoolExecutor(CALLS) as pool:
        assert Counter(pool.map(update, numbers)) == {200: 1, 8: CALLS - 1}


def test_of_unique_identifiers_and_aliases_made_at_once_one_is_made(workers: Any) -> None:
    tracker, account = workers

    def create(number: int) -> Any:
        sent = {"MergeTagAlias": "same"} if number % 2 else {"UniqueIdentifier": True}
        answer = tracker.call(
            "customfield.create", account.key, SubscriberListID=account.list_id, FieldName="x", **sent
        )
        return answer.json().get("Errors", [{"Code": answer.status_code}])[0]["Code"]

    with ThreadPoolExecutor(CALLS) as pool:
        assert Counter(pool.map(create, range(CALLS))) == {200: 2, 8: CALLS // 2 - 1, 9: CALLS // 2 - 1}
