"""Does `user.login` open sessions, for those who may, without telling the others anything?"""

from __future__ import annotations

import time

import pytest

from tests.commands.api import PASSWORD, Api, User
from tracker.storage.accounts.sessions import Sessions


def test_a_password_opens_a_session_that_stands_for_a_key(api: Api, jane: User) -> None:
    answer = api.ok("user.login", Username="jane@example.com", Password=PASSWORD)
    session_id = answer.pop("SessionID")
    info = {"UserID": jane.id, "Username": "jane@example.com", "EmailAddress": "jane@example.com"}
    assert answer == {"Success": True, "ErrorCode": 0, "ErrorText": "", "UserInfo": info}
    assert api.ok("list.create", SessionID=session_id, SubscriberListName="Shop")["ListID"]


@pytest.mark.parametrize("username", ["JANE@EXAMPLE.com", "  jane@example.com "])
def test_every_spelling_of_the_address_is_the_same_user(api: Api, jane: User, username: str) -> None:
    assert api.ok("user.login", Username=username, Password=PASSWORD)["UserInfo"]["UserID"] == jane.id


def test_a_form_works_as_well(api: Api, jane: User) -> None:
    form = {"Username": jane.email, "Password": PASSWORD}
    assert api.send("POST", "/api/v1/user.login", data=form).status_code == 200


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
def test_each_fault_has_its_number(api: Api, jane: User, params: dict[str, object], codes: list[int]) -> None:
    assert api.codes("user.login", **params) == (422, codes)


def test_an_unknown_user_and_a_wrong_password_cannot_be_told_apart(api: Api, jane: User) -> None:
    wrong = {"Username": jane.email, "Password": "wrong"}
    unknown = {"Username": "john@example.com", "Password": "wrong"}
    assert api.call("user.login", **wrong).data == api.call("user.login", **unknown).data
    seconds = {name: _best_of_five(api, params) for name, params in (("wrong", wrong), ("unknown", unknown))}
    assert 0.5 < seconds["wrong"] / seconds["unknown"] < 2


def _best_of_five(api: Api, params: dict[str, str]) -> float:
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        api.call("user.login", **params)
        taken.append(time.perf_counter() - started)
    return min(taken)


def test_a_session_opened_with_a_key_can_do_no_more_than_the_key(api: Api, jane: User) -> None:
    weak = api.ok("user.login", APIKey=jane.weak_key)["SessionID"]
    assert api.codes("lists.get", SessionID=weak) == (403, [403])
    assert api.ok("event.track", SessionID=weak, Event="page_view")
    strong = api.ok("user.login", APIKey=jane.key)["SessionID"]
    assert api.ok("lists.get", SessionID=strong)


def test_a_session_opened_with_a_key_ends_when_the_key_is_revoked(api: Api, jane: User) -> None:
    session_id = api.ok("user.login", APIKey=jane.key)["SessionID"]
    keys = api.services.stores.keys
    keys.revoke(keys.of_user(jane.id)[0].prefix)
    assert api.codes("lists.get", SessionID=session_id) == (401, [99998])
    assert api.codes("user.login", APIKey=jane.key) == (422, [3])


def test_an_expired_session_is_told_from_an_unknown_one(api: Api, jane: User) -> None:
    hour_ago = Sessions(api.services.storage, seconds=60, now=lambda: time.time_ns() // 10**6 - 3_600_000)
    expired = hour_ago.open(jane.id)
    assert api.codes("lists.get", SessionID=expired) == (401, [99999])
    assert api.codes("lists.get", SessionID=expired[:-1] + "!") == (401, [99998])


def test_sessions_last_as_long_as_the_setting_says(sqlite_url: str) -> None:
    api = Api(sqlite_url, TRACKER_SESSION_SECONDS="3600")
    jane, before = api.add_user(), time.time_ns() // 10**6
    session = api.services.stores.sessions.find(
        api.ok("user.login", Username=jane.email, Password=PASSWORD)["SessionID"]
    )
    after = time.time_ns() // 10**6
    assert session is not None
    assert before + 3_600_000 <= session.expires_at <= after + 3_600_000
    api.close()


def test_calls_are_limited_per_address(api: Api, jane: User) -> None:
    """How failed logins are counted beside that is the contract suite's."""

    def status(address: str, number: int) -> int:
        guess = {"Command": "user.login", "Username": f"user{number}@example.com", "Password": "x"}
        base = {"REMOTE_ADDR": address}
        return api.send("POST", "/api.php", json=guess, environ_base=base).status_code

    assert [status("203.0.113.1", number) for number in range(31)] == [422] * 30 + [429]
    assert status("203.0.113.2", 31) == 422
