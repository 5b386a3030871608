"""Do administrators, and nobody else, make accounts that work and that are what was asked for?"""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.served import StartTracker, make_account
from tests.servers import NewDatabase

PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def admin(client: InProcess) -> Shop:
    return client.open_shop("admin@example.com", "Administrator", is_admin=True)


@pytest.fixture
def email() -> str:
    return f"new{next(_numbers)}@example.com"


def session_of(client: InProcess, email: str) -> str:
    reply = client.call("user.login", Username=email, Password=PASSWORD)
    assert reply.status == 200, reply.body
    return str(reply.body["SessionID"])


@pytest.mark.parametrize("names", [["Username"], ["EmailAddress"], ["Username", "EmailAddress"]])
def test_an_account_is_made_and_works(client: InProcess, admin: Shop, email: str, names: list[str]) -> None:
    spelled = dict(zip(names, (email.upper(), email), strict=False))
    reply = client.call("user.create", admin.key, **spelled, Password=PASSWORD)
    assert reply.status == 200, reply.body
    user_id = reply.body.pop("UserID")
    assert reply.body == {"Success": True, "ErrorCode": 0, "ErrorText": ""}
    login = client.call("user.login", Username=email, Password=PASSWORD).body
    assert login["UserInfo"] == {"UserID": user_id, "Username": email, "EmailAddress": email}
    assert client.call("event.track", None, SessionID=login["SessionID"], Event="seen").status == 200
    assert client.call("lists.get", None, SessionID=login["SessionID"]).body["TotalListCount"] == 0


def test_an_account_has_its_permissions_and_is_no_administrator(
    client: InProcess, admin: Shop, email: str
) -> None:
    reply = client.call("user.create", admin.key, Username=email, Password=PASSWORD, Permissions="Lists.Get")
    assert reply.status == 200
    session = session_of(client, email)
    statuses = {
        c: client.call(c, None, SessionID=session).status for c in ("lists.get", "list.get", "user.create")
    }
    assert statuses == {"lists.get": 200, "list.get": 403, "user.create": 403}


def test_everything_is_not_administration(client: InProcess, admin: Shop, email: str) -> None:
    assert client.call("user.create", admin.key, Username=email, Password=PASSWORD).status == 200
    session = session_of(client, email)
    assert client.call("apikeys.get", None, SessionID=session).status == 200
    assert client.call("user.create", None, SessionID=session).codes == [403]


@pytest.mark.parametrize(
    ("params", "status", "codes"),
    [
        ({}, 422, [1, 2]),
        ({"Username": None, "Password": "x"}, 422, [1]),
        ({"Username": "a@example.com"}, 422, [2]),
        ({"Username": "john", "Password": "x"}, 422, [3]),
        ({"Username": ["a@example.com"], "Password": "x"}, 422, [3]),
        ({"Username": "a@example.com", "Password": ""}, 422, [4]),
        ({"Username": "a@example.com", "Password": 7}, 422, [4]),
        ({"EmailAddress": "john", "Password": "x"}, 422, [5]),
        ({"Username": "a@example.com", "EmailAddress": "b@example.com", "Password": "x"}, 422, [5]),
        ({"Username": "john", "EmailAddress": "b@example.com", "Password": "x"}, 422, [3]),
        ({"Username": "a@example.com", "Password": "x", "Permissions": ""}, 422, [6]),
        ({"Username": "a@example.com", "Password": "x", "Permissions": "A B"}, 422, [6]),
        ({"Username": "a@example.com", "Password": "x", "Permissions": "*,Administrator"}, 422, [6]),
        ({"Username": " ADMIN@example.com", "Password": "x"}, 409, [7]),
    ],
)
def test_each_fault_has_its_number_and_makes_nothing(
    client: InProcess, admin: Shop, params: dict[str, Any], status: int, codes: list[int]
) -> None:
    before = client.counts(("users", "lists", "audit_log"))
    reply = client.call("user.create", admin.key, **params)
    assert (reply.status, reply.codes) == (status, codes)
    assert client.counts(("users", "lists", "audit_log")) == before


def test_of_many_at_once_on_many_workers_one_gets_the_address(
    start_tracker: StartTracker, database_kind: str, new_database: NewDatabase
) -> None:
    tracker = start_tracker(database_url=new_database(database_kind), workers=2)
    key = make_account(tracker, "boss@example.com", "Administrator", is_admin=True).key
    with ThreadPoolExecutor(6) as callers:
        wanted = {"Username": "new@example.com", "Password": "x"}
        calls = [callers.submit(tracker.call, "user.create", key, **wanted) for _ in range(6)]
        statuses = sorted(call.result().status for call in calls)
    assert statuses == [200] + [409] * 5
    assert make_account(tracker, "john@example.com")
