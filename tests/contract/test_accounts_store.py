"""Do the stores of accounts, keys, sessions and lists keep their promises on every database?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest

from tests.servers import NewDatabase
from tracker.formats.credentials import SECRET_SIZE, checksum, digest, key_prefix
from tracker.storage.accounts.api_keys import Keys
from tracker.storage.accounts.lists import List, Lists
from tracker.storage.accounts.passwords import is_password
from tracker.storage.accounts.sessions import KEPT_AFTER_EXPIRY_MS, Sessions
from tracker.storage.accounts.users import AccountError, User, Users
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction
from tracker.storage.engine.trusted_time import trust
from tracker.storage.schema.own_database import own_database


class Stores:
    """All four stores on one database, with a clock that stands still until told otherwise."""

    def __init__(self, database: Database) -> None:
        self.database, self.now_ms, self.seconds = database, 1_800_000_000_000, 0.0
        self.users, self.keys = Users(database, self.now), Keys(database, self.now)
        self.sessions = Sessions(database, 60, self.now)
        self.lists = Lists(database, self.now, lambda: self.seconds)

    def now(self) -> int:
        return self.now_ms


@pytest.fixture(scope="module")
def database(database_kind: str, new_database: NewDatabase) -> Iterator[Database]:
    opened = own_database(new_database(database_kind))
    opened.upgrade()
    yield opened
    opened.close()


@pytest.fixture
def stores(database: Database) -> Stores:
    """Empty stores; making the tables anew for each test would take a server a second."""
    database.write(_empty)
    return Stores(database)


def _empty(transaction: Transaction) -> None:
    for table in ("users", "api_keys", "sessions", "lists", "subscribers"):
        transaction.execute(f"DELETE FROM {table}")


@pytest.fixture
def user_id(stores: Stores) -> int:
    return stores.users.add("jane@example.com", "secret")


# Users


def whose(stores: Stores, email: str, password: str) -> User | None:
    """The user with this address, if the password is right."""
    user, stored = stores.users.with_hash(email)
    return user if is_password(password, stored) else None


def test_a_user_is_found_by_any_spelling_of_the_address(stores: Stores) -> None:
    user_id = stores.users.add(" Jane@Bücher.example ", "secret", is_admin=True, permissions="A.B")
    found = stores.users.find("JANE@xn--bcher-kva.example")
    assert found is not None
    assert found == stores.users.get(user_id)
    assert (found.email, found.is_admin, found.permissions) == ("jane@xn--bcher-kva.example", True, "A.B")
    assert stores.users.find("jane@bucher.example") is None
    assert stores.users.find("jane") is None
    assert stores.users.get(user_id + 1) is None


def test_a_new_password_holds_and_ends_the_sessions_of_the_old_one(stores: Stores, user_id: int) -> None:
    john = stores.users.add("john@example.com", "secret")
    owner = stores.keys.owner(stores.keys.add(user_id, "*"))
    assert owner is not None
    by_password, of_john = stores.sessions.open(user_id), stores.sessions.open(john)
    by_key = stores.sessions.open(user_id, owner.key_id)
    stores.users.change_password(user_id, "new")
    assert whose(stores, "jane@example.com", "new")
    assert not whose(stores, "jane@example.com", "secret")
    assert whose(stores, "john@example.com", "secret")
    sessions = [stores.sessions.find(each) is not None for each in (by_password, by_key, of_john)]
    assert sessions == [False, True, True]
    with pytest.raises(AccountError, match="empty"):
        stores.users.change_password(user_id, "")


def test_an_address_is_taken_once(stores: Stores, user_id: int) -> None:
    with pytest.raises(AccountError, match=r"jane@example\.com already"):
        stores.users.add("JANE@EXAMPLE.COM", "other")
    assert whose(stores, "jane@example.com", "other") is None
    assert stores.users.add("jane@example.co", "secret") != user_id


@pytest.mark.parametrize(("email", "password"), [("jane", "x"), ("", "x"), ("jane@example.com", "")])
def test_an_account_needs_an_address_and_a_password(stores: Stores, email: str, password: str) -> None:
    with pytest.raises(AccountError):
        stores.users.add(email, password)
    assert not stores.users.has_any()


def test_only_the_right_password_of_the_right_user(stores: Stores, user_id: int) -> None:
    stores.users.add("john@example.com", "other")
    assert whose(stores, "Jane@example.com", "secret") == stores.users.get(user_id)
    for email, password in (("jane@example.com", "other"), ("jane", "secret"), ("ann@example.com", "secret")):
        assert whose(stores, email, password) is None


def test_the_longest_permissions_are_kept_and_longer_ones_refused(stores: Stores) -> None:
    longest = "x" * 4000
    user_id = stores.users.add("jane@example.com", "secret", permissions=longest)
    key = stores.keys.add(user_id, longest)
    owner = stores.keys.owner(key)
    assert owner is not None
    assert owner.permissions == owner.user_permissions == longest
    with pytest.raises(AccountError):
        stores.keys.add(user_id, longest + "x")


# Keys


def test_a_key_is_good_until_it_is_revoked(stores: Stores, user_id: int) -> None:
    key, other = stores.keys.add(user_id, "A.B,C.D"), stores.keys.add(user_id)
    listed = stores.keys.of_user(user_id)
    assert [(each.user_id, each.permissions, each.created_at, each.revoked_at) for each in listed] == [
        (user_id, "A.B,C.D", stores.now_ms, None),
        (user_id, "", stores.now_ms, None),
    ]
    owner = stores.keys.owner(key)
    assert owner is not None
    assert (owner.key_id, owner.user_id, owner.permissions) == (listed[0].id, user_id, "A.B,C.D")
    stores.now_ms += 1
    assert stores.keys.revoke(listed[0].prefix)
    assert stores.keys.owner(key) is None
    assert stores.keys.owner(other) is not None
    assert stores.keys.of_user(user_id)[0] == replace(listed[0], revoked_at=stores.now_ms)


def test_a_second_revocation_changes_nothing_and_an_unknown_prefix_is_told(
    stores: Stores, user_id: int
) -> None:
    stores.keys.add(user_id)
    prefix = stores.keys.of_user(user_id)[0].prefix
    assert stores.keys.revoke(prefix)
    stores.now_ms += 1
    assert stores.keys.revoke(prefix)
    assert stores.keys.of_user(user_id)[0].revoked_at == stores.now_ms - 1
    for unknown in ("", prefix.swapcase(), prefix + " ", "é"):
        assert not stores.keys.revoke(unknown)


def test_the_prefix_of_a_key_opens_nothing_without_its_secret(stores: Stores, user_id: int) -> None:
    stores.keys.add(user_id)
    prefix = stores.keys.of_user(user_id)[0].prefix
    forged = f"trk_{prefix}_{'0' * SECRET_SIZE}"
    assert stores.keys.owner(prefix) is None
    assert key_prefix(forged + checksum(forged)) == prefix
    assert stores.keys.owner(forged + checksum(forged)) is None


# Sessions


def test_a_session_is_found_until_it_is_closed(stores: Stores, user_id: int) -> None:
    token, other = stores.sessions.open(user_id), stores.sessions.open(user_id)
    found = stores.sessions.find(token)
    assert found is not None
    assert (found.user_id, found.expires_at) == (user_id, stores.now_ms + 60_000)
    assert (found.user_permissions, found.key_id, found.key_permissions) == ("*", None, None)
    stores.sessions.close(found.token_hash)
    stores.sessions.close(found.token_hash)
    assert stores.sessions.find(token) is None
    assert stores.sessions.find(other) is not None


def test_a_keys_session_has_the_keys_permissions_and_its_end(stores: Stores, user_id: int) -> None:
    stores.keys.add(user_id, "A.B")
    key = stores.keys.of_user(user_id)[0]
    token = stores.sessions.open(user_id, key.id)
    found = stores.sessions.find(token)
    assert found is not None
    assert (found.key_id, found.key_permissions) == (key.id, "A.B")
    stores.keys.revoke(key.prefix)
    assert stores.sessions.find(token) is None


def test_a_session_of_a_key_that_is_gone_is_none(stores: Stores, user_id: int) -> None:
    assert stores.sessions.find(stores.sessions.open(user_id, key_id=10**9)) is None


def test_long_expired_sessions_go_at_a_login(stores: Stores, user_id: int) -> None:
    first = stores.sessions.open(user_id)
    stores.now_ms += 1
    second = stores.sessions.open(user_id)
    stores.now_ms += 60_000 + KEPT_AFTER_EXPIRY_MS
    stores.database.write(partial(trust, now=stores.now_ms))
    stores.sessions.open(user_id)
    kept = stores.database.read(lambda transaction: transaction.select("SELECT token_hash FROM sessions"))
    assert digest(first) not in {bytes(row[0]) for row in kept}
    assert digest(second) in {bytes(row[0]) for row in kept}


# Lists


def _names(stores: Stores, user_id: int, **options: object) -> list[str]:
    return [found.name for found, _ in stores.lists.page(user_id, **options).lists]  # type: ignore[arg-type]


def test_a_list_is_its_users_alone(stores: Stores, user_id: int) -> None:
    other_id = stores.users.add("john@example.com", "secret")
    list_id = stores.lists.add(user_id, "Shop")
    found = stores.lists.owned(user_id, list_id)
    assert isinstance(found, List)
    assert (found.id, found.user_id, found.name, found.created_at) == (
        list_id,
        user_id,
        "Shop",
        stores.now_ms,
    )
    assert stores.lists.owned(other_id, list_id) is None
    assert stores.lists.owned(user_id, list_id + 1) is None
    assert _names(stores, user_id) == ["Shop"]
    assert _names(stores, other_id) == []


def test_each_user_has_one_hidden_list_that_is_neither_listed_nor_addressed(
    stores: Stores, user_id: int
) -> None:
    other_id = stores.users.add("john@example.com", "secret")
    hidden = stores.lists.hidden_id(user_id)
    assert hidden == stores.lists.hidden_id(user_id) != stores.lists.hidden_id(other_id)
    assert stores.lists.owned(user_id, hidden) is None
    assert stores.lists.page(user_id).total == 0
    with pytest.raises(LookupError):
        stores.lists.hidden_id(10**9)


def test_a_list_is_looked_up_once_in_five_seconds(stores: Stores, user_id: int) -> None:
    list_id = stores.lists.add(user_id, "Shop")
    first = stores.lists.owned(user_id, list_id)
    stores.seconds = 4.9
    assert stores.lists.owned(user_id, list_id) is first
    stores.seconds = 5.0
    assert stores.lists.owned(user_id, list_id) is not first


def test_that_a_list_is_missing_is_not_remembered(stores: Stores, user_id: int) -> None:
    next_id = stores.lists.add(user_id, "Shop") + 1
    assert stores.lists.owned(user_id, next_id) is None
    assert stores.lists.add(user_id, "Other") == next_id
    assert stores.lists.owned(user_id, next_id) is not None


#: 250 characters that are longest when folded, and 250 that are longest as they are.
LONGEST = ("\U0001d1c0" * 250, "𝒳" * 250)


def test_names_come_back_byte_by_byte(stores: Stores, user_id: int) -> None:
    names = [*LONGEST, "trailing ", "Price", "price", "prìce", "🛒", "e\u0301", "é", "\x7f\n"]
    for name in names:
        stores.lists.add(user_id, name)
    assert _names(stores, user_id) == names


def test_search_and_order_are_the_same_everywhere(stores: Stores, user_id: int) -> None:
    for name in (
        "Zebra",
        "apfel",
        "ÜBER uns",
        "Straße",
        "STRASSE",
        "100 %",
        "a_b",
        "🛒 shop",
        "Cafe\u0301",
        "日本",
    ):
        stores.lists.add(user_id, name)
    assert _names(stores, user_id, search="über") == ["ÜBER uns"]
    assert _names(stores, user_id, search="strasse") == ["Straße", "STRASSE"]
    assert _names(stores, user_id, search="É") == ["Cafe\u0301"]
    assert _names(stores, user_id, search="🛒") == ["🛒 shop"]
    assert _names(stores, user_id, search="%") == ["100 %"]
    assert _names(stores, user_id, search="_") == ["a_b"]
    assert _names(stores, user_id, search="🏠") == []
    by_name = [
        "100 %",
        "a_b",
        "apfel",
        "Cafe\u0301",
        "Straße",
        "STRASSE",
        "Zebra",
        "ÜBER uns",
        "日本",
        "🛒 shop",
    ]
    assert _names(stores, user_id, order="name") == by_name
    assert _names(stores, user_id, order="name", is_descending=True) == by_name[::-1]


def test_pages_cover_all_lists_once(stores: Stores, user_id: int) -> None:
    numbers = []
    for number in range(7):
        stores.now_ms -= number % 3
        numbers.append(stores.lists.add(user_id, f"List {number % 2}"))
    for order in ("id", "name", "created_at"):
        pages = [stores.lists.page(user_id, order=order, start=start, size=3) for start in (0, 3, 6, 9)]
        assert [page.total for page in pages] == [7] * 4
        assert [len(page.lists) for page in pages] == [3, 3, 1, 0]
        assert sorted(found.id for page in pages for found, _ in page.lists) == numbers


def test_subscribers_are_counted_by_list(stores: Stores, user_id: int) -> None:
    first, second, third = (stores.lists.add(user_id, name) for name in "abc")
    columns = ("list_id", "id", "own_uuid", "created_at")
    rows = [
        (list_id, number, b"u" * 16, 0)
        for list_id, count in ((first, 2), (third, 1))
        for number in range(count)
    ]
    stores.database.write(lambda transaction: transaction.insert("subscribers", columns, rows))
    counts = {found.id: count for found, count in stores.lists.page(user_id).lists}
    assert counts == {first: 2, second: 0, third: 1}
