"""Does `user.login` open sessions, for those who may, without telling the others anything?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.client import InProcess, Shop
from tracker.storage.accounts.sessions import Sessions

PASSWORD = "password of jane@example.com"


@pytest.fixture
def client(database_url: str, tmp_path: Path) -> Iterator[InProcess]:
    """Tracker for this test alone, as logins are limited; the test runs once for each kind of database."""
    with closing(InProcess(database_url, tmp_path)) as client:
        yield client


@pytest.fixture
def jane(client: InProcess) -> Shop:
    return client.open_shop("jane@example.com", list_name=None)


def test_a_password_opens_a_session_that_stands_for_a_key(client: InProcess, jane: Shop) -> None:
    answer = client.ok("user.login", Username="jane@example.com", Password=PASSWORD)
    session_id = answer.pop("SessionID")
    info = {"UserID": jane.user_id, "Username": "jane@example.com", "EmailAddress": "jane@example.com"}
    assert answer == {"Success": True, "ErrorCode": 0, "ErrorText": "", "UserInfo": info}
    assert client.ok("list.create", SessionID=session_id, SubscriberListName="Shop")["ListID"]


@pytest.mark.parametrize("username", ["JANE@EXAMPLE.com", "  jane@example.com "])
def test_every_spelling_of_the_address_is_the_same_user(client: InProcess, jane: Shop, username: str) -> None:
    assert client.ok("user.login", Username=username, Password=PASSWORD)["UserInfo"]["UserID"] == jane.user_id


def test_a_form_works_as_well(client: InProcess, jane: Shop) -> None:
    form = {"Username": jane.email, "Password": PASSWORD}
    assert client.request("POST", "/api/v1/user.login", data=form).status == 200


@pytest.mark.parametrize(
    ("params", "codes"),
    [
        ({}, [1, 2]),
        ({"Username": ""}, [1, 2]),
        ({"Username": None, "Password": "x"}, [1]),
        ({"Password": "x"}, [1]),
        ({"Username": "jane@example.com"}, [2]),
        ({"Username": "jane@example.com", "Password": ""}, [2]),
        ({"Username": 7, "Password": ["x"]}, [1, 2]),
        ({"Username": "jane@example.com", "Password": "x"}, [3]),
        ({"Username": "jane@example.com", "Password": PASSWORD + " "}, [3]),
        ({"Username": "nobody@example.com", "Password": PASSWORD}, [3]),
        ({"Username": "no address", "Password": PASSWORD}, [3]),
        ({"APIKey": "trk_unknown"}, [3]),
        ({"APIKey": ["trk"]}, [3]),
    ],
)
def test_each_fault_has_its_number(
    client: InProcess, jane: Shop, params: dict[str, object], codes: list[int]
) -> None:
    assert client.call("user.login", **params).refusal == (422, codes)


def test_an_unknown_user_and_a_wrong_password_cannot_be_told_apart(client: InProcess, jane: Shop) -> None:
    """That they take as long is with the tests of passwords."""
    wrong = {"Username": jane.email, "Password": "wrong"}
    unknown = {"Username": "john@example.com", "Password": "wrong"}
    assert client.call("user.login", **wrong).raw == client.call("user.login", **unknown).raw


def test_a_session_opened_with_a_key_can_do_no_more_than_the_key(client: InProcess, jane: Shop) -> None:
    weak = client.ok("user.login", APIKey=client.weak_key(jane))["SessionID"]
    assert client.call("lists.get", SessionID=weak).refusal == (403, [403])
    assert client.ok("event.track", SessionID=weak, Event="page_view")
    strong = client.ok("user.login", APIKey=jane.key)["SessionID"]
    assert client.ok("lists.get", SessionID=strong)


def test_a_session_opened_with_a_key_ends_when_the_key_is_revoked(client: InProcess, jane: Shop) -> None:
    session_id = client.ok("user.login", APIKey=jane.key)["SessionID"]
    keys = client.services.stores.keys
    keys.revoke(keys.of_user(jane.user_id)[0].prefix)
    assert client.call("lists.get", SessionID=session_id).refusal == (401, [99998])
    assert client.call("user.login", APIKey=jane.key).refusal == (422, [3])


def test_an_expired_session_is_told_from_an_unknown_one(client: InProcess, jane: Shop) -> None:
    hour_ago = Sessions(client.services.storage, seconds=60, now=lambda: time.time_ns() // 10**6 - 3_600_000)
    expired = hour_ago.open(jane.user_id)
    assert client.call("lists.get", SessionID=expired).refusal == (401, [99999])
    assert client.call("lists.get", SessionID=expired[:-1] + "!").refusal == (401, [99998])


def test_sessions_last_as_long_as_the_setting_says(sqlite_url: str, tmp_path: Path) -> None:
    client = InProcess(sqlite_url, tmp_path, {"TRACKER_SESSION_SECONDS": "3600"})
    jane, before = client.open_shop("jane@example.com"), time.time_ns() // 10**6
    session = client.services.stores.sessions.find(
        client.ok("user.login", Username=jane.email, Password=jane.password)["SessionID"]
    )
    after = time.time_ns() // 10**6
    assert session is not None
    assert before + 3_600_000 <= session.expires_at <= after + 3_600_000
    client.close()


def test_calls_are_limited_per_address(client: InProcess, jane: Shop) -> None:
    """How failed logins are counted beside that is the contract suite's."""

    def status(address: str, number: int) -> int:
        guess = {"Command": "user.login", "Username": f"user{number}@example.com", "Password": "x"}
        return client.request("POST", "/api.php", json=guess, address=address).status

    assert [status("203.0.113.1", number) for number in range(31)] == [422] * 30 + [429]
    assert status("203.0.113.2", 31) == 422
