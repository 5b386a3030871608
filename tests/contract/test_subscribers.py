"""Are subscribers made, described, changed and deleted by name, and by their list's owner alone?"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.client import InProcess, Shop, Track
from tests.served import StartTracker, make_account
from tests.servers import NewDatabase
from tests.subscriber_calls import Call, described, made

#: Calls at once, and worker processes that take them.
CALLS, WORKERS = 24, 3

ONE = ("subscriber.get", "subscriber.update", "subscriber.delete")

ALL = ("subscriber.create", *ONE)


def test_lists_share_no_subscribers(client: InProcess, shop: Shop, call: Call) -> None:
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
    client: InProcess, shop: Shop, command: str
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
def test_permissions(client: InProcess, shop: Shop, command: str, permission: str) -> None:
    keys = client.services.stores.keys
    every = {"Subscribers.Import", "Subscribers.Get", "Subscriber.Update", "Subscribers.Delete", "List.Get"}
    assert client.call(command, keys.add(shop.user_id, ",".join(every - {permission}))).codes == [403]
    assert client.call(command, keys.add(shop.user_id, permission)).status == 422


def test_what_changes_nothing_can_be_had_with_get(client: InProcess, shop: Shop, call: Call) -> None:
    made(call, EmailAddress="a@example.com")
    for command, who in (("subscriber.get", "&EmailAddress=a@example.com"), ("subscribers.get", "")):
        answer = client.request("GET", f"/api/v1/{command}?ListID={shop.list_id}{who}", shop.key)
        assert answer.status == 200
    answer = client.request("GET", f"/api/v1/subscriber.delete?ListID={shop.list_id}", shop.key)
    assert answer.status == 405


@pytest.fixture
def unique(client: InProcess, shop: Shop) -> int:
    """A list's unique identifier `Customer`, made when somebody has an external id already."""
    client.call(
        "subscriber.create", shop.key, ListID=shop.list_id, EmailAddress="old@example.com", ExternalID="old"
    )
    sent = {"FieldName": "x", "MergeTagAlias": "Customer", "UniqueIdentifier": True}
    answer = client.call("customfield.create", shop.key, SubscriberListID=shop.list_id, **sent)
    number: int = answer.body["CustomFieldID"]
    return number


def test_the_unique_identifier_is_the_external_id(
    client: InProcess, shop: Shop, call: Call, track: Track, unique: int
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
    client: InProcess, shop: Shop, call: Call, unique: int, params: dict[str, Any], code: int
) -> None:
    sent = {k: v for k, v in {"EmailAddress": "new@example.com", **params}.items() if v is not ...}
    assert call("create", **sent).codes == [code]
    assert client.rows("SELECT COUNT(*) FROM subscribers WHERE list_id = ?", shop.list_id) == [(1,)]


def test_deleting_it_leaves_the_external_ids(client: InProcess, shop: Shop, call: Call, unique: int) -> None:
    client.call("customfield.delete", shop.key, SubscriberListID=shop.list_id, CustomFieldID=unique)
    found = described(call, ExternalID="old")
    assert (found["EmailAddress"], found["CustomFields"]) == ("old@example.com", {})


@pytest.fixture(scope="module")
def workers(start_tracker: StartTracker, database_kind: str, new_database: NewDatabase) -> Any:
    """Tracker with several worker processes, and an account on it."""
    tracker = start_tracker(database_url=new_database(database_kind), workers=WORKERS)
    return tracker, make_account(tracker, f"owner-{database_kind}@example.com", "*")


def test_of_unique_identifiers_and_aliases_made_at_once_one_is_made(workers: Any) -> None:
    tracker, account = workers

    def create(number: int) -> Any:
        sent = {"MergeTagAlias": "same"} if number % 2 else {"UniqueIdentifier": True}
        answer = tracker.call(
            "customfield.create", account.key, SubscriberListID=account.list_id, FieldName="x", **sent
        )
        return answer.body.get("Errors", [{"Code": answer.status}])[0]["Code"]

    with ThreadPoolExecutor(CALLS) as pool:
        assert Counter(pool.map(create, range(CALLS))) == {200: 2, 8: CALLS // 2 - 1, 9: CALLS // 2 - 1}
