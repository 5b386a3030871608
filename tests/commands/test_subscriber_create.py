"""`subscriber.create`: names that can be made, once each."""

from __future__ import annotations

import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.client import InProcess, Shop, Track
from tests.served import StartTracker, make_account
from tests.servers import NewDatabase
from tests.subscriber_calls import Call, made

#: Calls at once, and worker processes that take them.
CALLS, WORKERS = 24, 3


def test_events_find_the_subscriber_that_was_made(
    client: InProcess, shop: Shop, call: Call, track: Track
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
    client: InProcess, shop: Shop, call: Call, params: dict[str, Any], codes: list[int]
) -> None:
    answer = call("create", **params)
    assert (answer.status, answer.codes) == (422, codes)
    assert client.rows("SELECT id FROM subscribers WHERE list_id = ?", shop.list_id) == []


def test_what_another_has_is_refused_and_nothing_changes(client: InProcess, shop: Shop, call: Call) -> None:
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
        return answer.body.get("Errors", [{"Code": answer.status}])[0]["Code"]

    with ThreadPoolExecutor(CALLS) as pool:
        assert Counter(pool.map(create, range(CALLS))) == {200: 1, code: CALLS - 1}
