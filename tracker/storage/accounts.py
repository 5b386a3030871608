"""Who has an account, and by which keys do their programs call?"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tracker.email_address import email_key
from tracker.keys import digest, key_prefix, new_key, new_public_id
from tracker.storage.database import Database
from tracker.storage.lists import new_hidden_list
from tracker.storage.models import KeyRow, UserRow
from tracker.storage.passwords import hash_password, is_password
from tracker.storage.transaction import Row, Transaction

#: Bytes of a stored permission set.
MAX_PERMISSIONS_BYTES = 4000


class AccountError(Exception):
    """An account or key cannot be made. The text is one line that says why."""


@dataclass(frozen=True, slots=True)
class User:
    """`permissions` is a set as text: comma-separated names, or `*`."""

    id: int
    email: str
    is_admin: bool
    permissions: str
    tracker_id: str


@dataclass(frozen=True, slots=True)
class Key:
    """An API key without its secret. Times are UTC milliseconds."""

    id: int
    user_id: int
    prefix: str
    permissions: str
    created_at: int
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """What a key is good for: its own permissions and its user's."""

    key_id: int
    user_id: int
    permissions: str
    user_permissions: str


_USER = (UserRow.id, UserRow.email, UserRow.is_admin, UserRow.permissions, UserRow.tracker_id)
_KEY = (KeyRow.id, KeyRow.user_id, KeyRow.prefix, KeyRow.permissions, KeyRow.created_at, KeyRow.revoked_at)
#: A prepared statement: this one is on the way of requests.
_OWNER = (
    "SELECT k.secret_hash, k.id, k.user_id, k.permissions, u.permissions FROM api_keys k"
    " JOIN users u ON u.id = k.user_id WHERE k.prefix = ? AND k.revoked_at IS NULL"
)


class Users:
    """Accounts. The Username is an email address; two spellings of one address are one user."""

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        self._database, self._now = database, now

    def add(self, email: str, password: str, is_admin: bool = False, permissions: str = "*") -> int:
        """Make an account and its list for events without a list; gives the user's id. Raises AccountError."""
        address = email_key(email)
        if address is None:
            raise AccountError(f"'{email}' is not an email address")
        if not password:
            raise AccountError("the password is empty")
        user = {
            "email": address[1],
            "password_hash": hash_password(password),
            "is_admin": is_admin,
            "permissions": _fitting(permissions),
            "tracker_id": new_public_id(),
            "created_at": self._now(),
        }
        return self._database.write(lambda transaction: _insert_user(transaction, user))

    def find(self, email: str) -> User | None:
        """The user with this address, in any spelling of it."""
        address = email_key(email)
        return self._one(UserRow.email == address[1]) if address else None

    def get(self, user_id: int, deadline: float | None = None) -> User | None:
        return self._one(UserRow.id == user_id, deadline)

    def with_password(self, email: str, password: str, deadline: float | None = None) -> User | None:
        """The user, if the password is right; takes as long for a user there is not."""
        address = email_key(email)
        query = UserRow.select(*_USER, UserRow.password_hash).where(
            UserRow.email == (address[1] if address else "")
        )
        row = self._database.read(lambda transaction: transaction.row(query), deadline)
        is_right = is_password(password, row[-1] if row else None, deadline)
        return User(*row[:-1]) if row and is_right else None

    def has_any(self) -> bool:
        """Whether there is a user at all."""
        return (
            self._database.read(lambda transaction: transaction.row(UserRow.select(UserRow.id).limit(1)))
            is not None
        )

    def _one(self, condition: Any, deadline: float | None = None) -> User | None:
        query = UserRow.select(*_USER).where(condition)
        row = self._database.read(lambda transaction: transaction.row(query), deadline)
        return User(*row) if row else None


class Keys:
    """API keys. Of each only a public prefix and a hash are kept."""

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        self._database, self._now = database, now

    def add(self, user_id: int, permissions: str = "") -> str:
        """Make a key and give it, this once. Without permissions it may call what asks for none. Raises AccountError."""
        key = new_key()
        query = KeyRow.insert(
            user_id=user_id,
            prefix=key.prefix,
            secret_hash=digest(key.text),
            permissions=_fitting(permissions),
            created_at=self._now(),
            revoked_at=None,
        )
        self._database.write(lambda transaction: transaction.run(query))
        return key.text

    def owner(self, key: str, deadline: float | None = None) -> KeyOwner | None:
        """Whose key this is; None if it is unknown or revoked. A mistyped key costs no query."""
        prefix = key_prefix(key)
        if prefix is None:
            return None
        rows = self._database.read(
            lambda transaction: transaction.select(_OWNER, (prefix.encode(),)), deadline
        )
        if not rows or not hmac.compare_digest(rows[0][0], digest(key)):
            return None
        key_id, user_id, permissions, user_permissions = rows[0][1:]
        return KeyOwner(key_id, user_id, permissions.decode(), user_permissions.decode())

    def of_user(self, user_id: int) -> list[Key]:
        """All keys of a user, revoked ones included, oldest first."""
        query = KeyRow.select(*_KEY).where(KeyRow.user_id == user_id).order_by(KeyRow.id)
        return [Key(*row) for row in self._database.read(lambda transaction: transaction.rows(query))]

    def revoke(self, prefix: str) -> bool:
        """Revoke a key for good; False if there is none with this prefix. Every process refuses it within 5 s."""
        if not prefix.isascii():
            return False
        now = self._now()
        return self._database.write(lambda transaction: _revoke(transaction, prefix, now))


def _insert_user(transaction: Transaction, user: dict[str, Any]) -> int:
    if transaction.row(UserRow.select(UserRow.id).where(UserRow.email == user["email"])):
        raise AccountError(f"there is a user {user['email']} already")
    user_id = transaction.run(UserRow.insert(**user))
    transaction.run(new_hidden_list(user_id, user["created_at"]))
    return user_id


def _revoke(transaction: Transaction, prefix: str, now: int) -> bool:
    row: Row | None = transaction.row(
        KeyRow.select(KeyRow.id, KeyRow.revoked_at).where(KeyRow.prefix == prefix)
    )
    if row is not None and row[1] is None:
        transaction.run(KeyRow.update(revoked_at=now).where(KeyRow.id == row[0]))
    return row is not None


def _fitting(permissions: str) -> str:
    if len(permissions.encode()) > MAX_PERMISSIONS_BYTES:
        raise AccountError(f"permissions take more than {MAX_PERMISSIONS_BYTES} bytes")
    return permissions
