"""Does `lists.get` page through, sort and search the caller's lists, and count their subscribers?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop

NAMES = ("beta", "Alpha", "ÖKO Shop", "100%", "alpha")


@pytest.fixture
def numbers(client: InProcess, jane: Shop) -> list[int]:
    return [client.ok("list.create", jane.key, SubscriberListName=name)["ListID"] for name in NAMES]


def _names(client: InProcess, user: Shop, **params: Any) -> list[str]:
    return [row["Name"] for row in client.ok("lists.get", user.key, **params)["Lists"]]


def test_without_parameters_it_gives_all_lists_of_the_caller(
    client: InProcess, jane: Shop, numbers: list[int]
) -> None:
    john = client.open_shop(f"john-{jane.email}", list_name=None)
    answer = client.ok("lists.get", jane.key)
    assert (answer["Success"], answer["ErrorCode"], answer["ErrorText"]) == (True, 0, "")
    assert [(row["ListID"], row["Name"]) for row in answer["Lists"]] == list(zip(numbers, NAMES, strict=True))
    assert answer["TotalListCount"] == len(NAMES)
    created = client.ok("list.get", jane.key, ListID=numbers[0])["List"]["CreatedOn"]
    first = {
        "ListID": numbers[0],
        "Name": "beta",
        "CreatedOn": created,
        "SubscriberCount": 0,
        "LastEventTrackedAt": None,
    }
    assert answer["Lists"][0] == first
    assert client.ok("lists.get", john.key)["Lists"] == []


def test_each_lists_subscribers_are_counted(client: InProcess, jane: Shop, numbers: list[int]) -> None:
    for list_id, email in ((numbers[0], "a@b.co"), (numbers[0], "c@b.co"), (numbers[1], "a@b.co")):
        client.ok("event.track", jane.key, ListID=list_id, Event="page_view", Email=email)
    counts = {row["ListID"]: row["SubscriberCount"] for row in client.ok("lists.get", jane.key)["Lists"]}
    assert [counts[number] for number in numbers] == [2, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({"RecordsPerRequest": 2}, NAMES[:2]),
        ({"RecordsPerRequest": "2", "RecordsFrom": "4"}, NAMES[4:]),
        ({"RecordsFrom": 3}, NAMES[3:]),
        ({"RecordsPerRequest": 0, "RecordsFrom": 99}, ()),
        ({"RecordsPerRequest": 2**63 - 1, "RecordsFrom": 2**63 - 1}, ()),
    ],
)
def test_pages(
    client: InProcess, jane: Shop, numbers: list[int], params: Any, wanted: tuple[str, ...]
) -> None:
    answer = client.ok("lists.get", jane.key, **params)
    assert tuple(row["Name"] for row in answer["Lists"]) == wanted
    assert answer["TotalListCount"] == len(NAMES)


def test_orders(client: InProcess, jane: Shop, numbers: list[int]) -> None:
    by_name = ["100%", "Alpha", "alpha", "beta", "ÖKO Shop"]
    assert _names(client, jane, OrderField="Name") == by_name
    assert _names(client, jane, OrderField="name", OrderType="desc") == by_name[::-1]
    assert _names(client, jane, OrderType="DESC") == list(NAMES[::-1])
    assert _names(client, jane, OrderField="CreatedOn") == list(NAMES)


@pytest.mark.parametrize(
    ("search", "wanted"),
    [
        ("ALPHA", ["Alpha", "alpha"]),
        ("öko", ["ÖKO Shop"]),
        ("o\u0308ko", ["ÖKO Shop"]),
        ("%", ["100%"]),
        ("_", []),
        ("", list(NAMES)),
    ],
)
def test_search(client: InProcess, jane: Shop, numbers: list[int], search: str, wanted: list[str]) -> None:
    answer = client.ok("lists.get", jane.key, Search=search, RecordsPerRequest=1)
    assert answer["TotalListCount"] == len(wanted)
    assert _names(client, jane, Search=search) == wanted


@pytest.mark.parametrize(
    ("param", "code", "values"),
    [
        ("RecordsPerRequest", 1, [-1, "x", 1.5, True, str(2**63), []]),
        ("RecordsFrom", 2, [-1, "x", 1.5, True, str(2**63), []]),
        ("OrderField", 3, ["", "Nonsense", "folded_name", 1, []]),
        ("OrderType", 4, ["", "up", 1, []]),
        ("Search", 5, ["\0", "x" * 251, 1, []]),
    ],
)
def test_a_value_that_cannot_be_used_has_its_number(
    client: InProcess, jane: Shop, param: str, code: int, values: list[object]
) -> None:
    for value in values:
        assert client.call("lists.get", jane.key, **{param: value}).refusal == (422, [code])


def test_all_faults_are_told_at_once(client: InProcess, jane: Shop) -> None:
    faults = {"RecordsPerRequest": -1, "RecordsFrom": -1, "OrderField": "x", "OrderType": "x", "Search": 1}
    assert client.call("lists.get", jane.key, **faults).refusal == (422, [1, 2, 3, 4, 5])


def test_it_takes_the_permission_and_can_be_had_with_get(client: InProcess, jane: Shop) -> None:
    assert client.call("lists.get", client.weak_key(jane)).refusal == (403, [403])
    answer = client.get("/api/v1/lists.get?OrderType=desc", jane.key)
    assert answer.status == 200


def test_each_list_says_when_its_last_event_came(client: InProcess, shop: Shop) -> None:
    made = [client.call("list.create", shop.key, SubscriberListName="x").body["ListID"] for _ in range(3)]
    for number, event in ((made[0], "first"), (made[1], "only"), (made[0], "last")):
        assert client.call("event.track", shop.key, ListID=number, Event=event).status == 200
    assert client.call("event.track", shop.key, Event="without a list").status == 200
    told = {
        row["ListID"]: row["LastEventTrackedAt"] for row in client.call("lists.get", shop.key).body["Lists"]
    }
    for number in made:
        described = client.call("list.get", shop.key, ListID=number).body["List"]
        assert told[number] == described["LastEventTrackedAt"]
    assert [told[number] is None for number in made] == [False, False, True]
    assert told[made[0]] >= told[made[1]]
