"""Is the caller of a request the owner of its first credential, and only while that is good?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tracker.auth.authenticator import Authenticator
from tracker.caller import Caller
from tracker.errors import CommandError
from tracker.formats.credentials import digest
from tracker.storage.accounts.api_keys import Keys
from tracker.storage.accounts.lists import Lists
from tracker.storage.accounts.sessions import Sessions
from tracker.storage.accounts.users import Users
from tracker.storage.engine.database import Database
from tracker.storage.engine.trusted_time import trust
from tracker.storage.schema.own_database import own_database

PASSWORD = "correct horse battery staple"
NEVER_ISSUED = "trs_kS0vYbq3Zt8Jm1Lx5Nc7Wd2Rf4Hg6Pa91NNnUG"


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds

    def milliseconds(self) -> int:
        return int(self.seconds * 1000)


class Door:
    """An Authenticator with its stores and its clock."""

    def __init__(self, database: Database) -> None:
        self.clock, self.database = Clock(), database
        now = self.clock.milliseconds
        self.users, self.keys = Users(database, now), Keys(database, now)
        self.lists = Lists(database, now, self.clock)
        self.sessions = Sessions(database, seconds=60, now=now)
        self.auth = Authenticator(self.keys, self.sessions, self.lists, now, self.clock)

    def caller(self, bearer: Any = None, api_key: Any = None, session_id: Any = None) -> Caller:
        return self.auth.caller(bearer, api_key, session_id)

    def code(self, *credentials: Any) -> int:
        with pytest.raises(CommandError) as raised:
            self.caller(*credentials)
        assert raised.value.status == 401
        return raised.value.errors[0].code


@pytest.fixture
def door(sqlite_url: str) -> Iterator[Door]:
    database = own_database(sqlite_url)
    database.upgrade()
    yield Door(database)
    database.close()


@pytest.fixture
def user_id(door: Door) -> int:
    return door.users.add("jane@example.com", PASSWORD)


def test_a_key_names_its_user_and_itself(door: Door, user_id: int) -> None:
    key = door.keys.add(user_id, "List.Get")
    key_id = door.keys.of_user(user_id)[0].id
    expected = Caller(user_id, frozenset({"List.Get"}), key_id=key_id)
    assert door.caller(key) == door.caller(None, key) == expected


def test_a_session_names_its_user_and_itself(door: Door, user_id: int) -> None:
    session_id = door.sessions.open(user_id)
    expected = Caller(user_id, frozenset({"*"}), session_hash=digest(session_id))
    assert door.caller(None, None, session_id) == expected


def test_the_first_credential_that_is_there_decides(door: Door, user_id: int) -> None:
    other_id = door.users.add("john@example.com", "secret")
    key, other_key, session_id = door.keys.add(user_id), door.keys.add(other_id), door.sessions.open(other_id)
    assert door.caller(key, other_key, session_id).user_id == user_id
    assert door.caller(None, key, session_id).user_id == user_id
    for wrong in ("", "wrong", key[:-1]):
        assert door.code(wrong, key, session_id) == 99998
        assert door.code(None, wrong, session_id) == 99998


@pytest.mark.parametrize("wrong", ["", "x", "é", "\ud800", 0, 1, True, 1.5, [], {}, ["trk"], NEVER_ISSUED])
def test_what_is_no_credential_is_refused(door: Door, user_id: int, wrong: Any) -> None:
    assert door.code(wrong) == door.code(None, wrong) == door.code(None, None, wrong) == 99998


def test_nothing_is_no_credential(door: Door) -> None:
    assert door.code() == 99998


def test_a_session_is_no_key_and_a_key_no_session(door: Door, user_id: int) -> None:
    assert door.code(door.sessions.open(user_id)) == 99998
    assert door.code(None, None, door.keys.add(user_id)) == 99998


@pytest.mark.parametrize(
    ("users", "keys", "both"),
    [
        ("*", "", set()),
        ("*", "A.B", {"A.B"}),
        ("*", "*", {"*"}),
        ("A.B,C.D", "*", {"A.B", "C.D"}),
        ("A.B, C.D", "C.D,E.F", {"C.D"}),
        ("", "*", set()),
        ("", "A.B", set()),
    ],
)
def test_a_key_may_what_both_it_and_its_user_may(door: Door, users: str, keys: str, both: set[str]) -> None:
    user_id = door.users.add("ann@example.com", "secret", permissions=users)
    key = door.keys.add(user_id, keys)
    assert door.caller(key).permissions == both
    key_id = door.keys.of_user(user_id)[0].id
    assert door.caller(None, None, door.sessions.open(user_id, key_id)).permissions == both


@pytest.mark.parametrize(
    ("is_admin", "keys", "is_allowed"),
    [
        (True, "Administrator", True),
        (True, "*,Administrator", True),
        (True, "*", False),
        (True, "", False),
        (True, "administrator", False),
        (False, "*,Administrator", False),
    ],
)
def test_a_key_for_administrators_commands_says_so_and_is_an_administrators(
    door: Door, is_admin: bool, keys: str, is_allowed: bool
) -> None:
    user_id = door.users.add("ann@example.com", "secret", is_admin=is_admin, permissions="A.B")
    caller = door.caller(door.keys.add(user_id, keys))
    assert caller.is_admin == is_allowed
    assert caller.calling_from("192.0.2.1", "id").is_admin == is_allowed
    session_id = door.sessions.open(user_id, door.keys.of_user(user_id)[0].id)
    assert door.caller(None, None, session_id).is_admin == is_allowed
    assert door.caller(None, None, door.sessions.open(user_id)).is_admin == is_admin


def test_a_mistyped_credential_is_refused_without_a_database(tmp_path: Any) -> None:
    door = Door(own_database(f"sqlite:///{tmp_path}/no/such/file"))
    assert door.code("trk_K7gQ2mXw_kS0vYbq3Zt8Jm1Lx5Nc7Wd2Rf4Hg6Pa91NNnUH") == 99998
    assert door.code(None, None, NEVER_ISSUED[:-1] + "H") == 99998
    assert not (tmp_path / "no").exists()


def test_a_revoked_key_is_refused_elsewhere_within_five_seconds(door: Door, user_id: int) -> None:
    key = door.keys.add(user_id)
    assert door.caller(key)
    assert Keys(door.database, door.clock.milliseconds).revoke(door.keys.of_user(user_id)[0].prefix)
    door.clock.seconds += 5
    assert door.code(key) == 99998


def test_a_key_is_looked_up_once_in_five_seconds(door: Door, user_id: int) -> None:
    key = door.keys.add(user_id)
    first = door.caller(key)
    door.clock.seconds += 4.9
    assert door.caller(key) is first
    door.clock.seconds += 0.1
    assert door.caller(key) is not first


def test_a_new_key_is_good_at_once_though_it_was_refused_before(door: Door, user_id: int) -> None:
    mistyped = door.keys.add(user_id)[:-1] + "!"
    assert door.code(mistyped) == 99998
    assert door.caller(door.keys.add(user_id)).user_id == user_id


def test_a_session_ends_to_the_millisecond(door: Door, user_id: int) -> None:
    session_id = door.sessions.open(user_id)
    door.clock.seconds += 59.999
    assert door.caller(None, None, session_id)
    door.clock.seconds += 0.001
    assert door.code(None, None, session_id) == 99999


def test_an_expired_session_is_known_for_thirty_days(door: Door, user_id: int) -> None:
    session_id = door.sessions.open(user_id)
    door.clock.seconds += 60 + 30 * 24 * 3600
    door.sessions.open(user_id)
    assert door.code(None, None, session_id) == 99999
    door.clock.seconds += 1
    door.database.write(partial(trust, now=door.clock.milliseconds()))
    door.sessions.open(user_id)
    assert door.code(None, None, session_id) == 99998


def test_a_logout_holds_at_once(door: Door, user_id: int) -> None:
    session_id = door.sessions.open(user_id)
    caller = door.caller(None, None, session_id)
    assert caller.session_hash
    Sessions(door.database, 60, door.clock.milliseconds).close(caller.session_hash)
    assert door.code(None, None, session_id) == 99998


def test_nothing_of_a_credential_is_stored(door: Door, user_id: int, sqlite_url: str) -> None:
    key, session_id = door.keys.add(user_id), door.sessions.open(user_id)
    door.database.close()
    stored = b"".join(path.read_bytes() for path in door.database.engine.path.parent.iterdir())  # type: ignore[union-attr]
    secrets = (key, key.split("_")[2], session_id, session_id.split("_")[1], PASSWORD)
    assert not [secret for secret in secrets if secret.encode() in stored]


def test_a_known_key_costs_next_to_nothing(door: Door, user_id: int) -> None:
    """It runs on every request. Ten times the processor time that it takes here, so that only a query would fail it."""
    key = door.keys.add(user_id)
    door.caller(key)
    started = time.process_time()
    for _ in range(1000):
        door.caller(key)
    assert time.process_time() - started < 0.015
