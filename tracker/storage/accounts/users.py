"""User accounts: added, found by email address, and given passwords."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tracker.formats.credentials import new_public_id
from tracker.formats.email_address import email_key
from tracker.storage.accounts.audit_log import Doer, Somebody, note
from tracker.storage.accounts.lists import new_hidden_list
from tracker.storage.accounts.passwords import hash_password
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.models import SessionRow, UserRow

#: Bytes of a stored permission set.
MAX_PERMISSIONS_BYTES = 4000
_NO_PASSWORD = "the password is empty"  # noqa: S105 - it says that there is none


class AccountError(Exception):
    """An account or key cannot be made. The text is one line with the reason."""


@dataclass(frozen=True, slots=True)
class User:
    """A user. `permissions` is a set as text: comma-separated names, or `*`."""

    id: int
    email: str
    is_admin: bool
    permissions: str
    tracker_id: str


_USER = (UserRow.id, UserRow.email, UserRow.is_admin, UserRow.permissions, UserRow.tracker_id)


class Users:
    """Accounts. The Username is an email address; two spellings of one address are one user."""

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        self._database, self._now = database, now

    def add(self, email: str, password: str, is_admin: bool = False, permissions: str = "*") -> int:
        """Add an account and its list for events without a list; return the user's id. Raises AccountError."""
        address = email_key(email)
        if address is None:
            raise AccountError(f"'{email}' is not an email address")
        if not password:
            raise AccountError(_NO_PASSWORD)
        user_id = self.add_new(address[1], password, is_admin, permissions)
        if user_id is None:
            raise AccountError(f"there is a user {address[1]} already")
        return user_id

    def add_new(
        self,
        key: str,
        password: str,
        is_admin: bool = False,
        permissions: str = "*",
        by: Doer | None = None,
        deadline: float | None = None,
    ) -> int | None:
        """Add an account for the key of an address, as `add` does; return None if another user has it.

        Writes an audit entry.
        """
        user = {
            "email": key,
            "password_hash": hash_password(password, deadline),
            "is_admin": is_admin,
            "permissions": fitting(permissions),
            "tracker_id": new_public_id(),
            "created_at": self._now(),
        }
        return self._database.write(lambda transaction: _insert_user(transaction, user, by), deadline)

    def change_password(self, user_id: int, password: str) -> None:
        """Change a user's password and end the sessions opened with the old one. Raises AccountError."""
        if not password:
            raise AccountError(_NO_PASSWORD)
        password_hash, now = hash_password(password), self._now()

        def change(transaction: Transaction) -> None:
            transaction.run(UserRow.update(password_hash=password_hash).where(UserRow.id == user_id))
            is_users = (SessionRow.user_id == user_id) & SessionRow.key_id.is_null()
            transaction.run(SessionRow.delete().where(is_users))
            note(transaction, Somebody(user_id), "user.password", f"user:{user_id}", now)

        self._database.write(change)

    def find(self, email: str) -> User | None:
        """Return the user with this address, in any spelling of it, or None."""
        address = email_key(email)
        return self._one(UserRow.email == address[1]) if address else None

    def get(self, user_id: int, deadline: float | None = None) -> User | None:
        return self._one(UserRow.id == user_id, deadline)

    def with_hash(self, email: str, deadline: float | None = None) -> tuple[User | None, str | None]:
        """Return the user with this address and the stored hash of the password; None and None if there is none."""
        address = email_key(email)
        query = UserRow.select(*_USER, UserRow.password_hash).where(
            UserRow.email == (address[1] if address else "")
        )
        row = self._database.read(lambda transaction: transaction.row(query), deadline)
        return (User(*row[:-1]), row[-1]) if row else (None, None)

    def has_any(self) -> bool:
        """Return whether there is a user at all."""
        return (
            self._database.read(lambda transaction: transaction.row(UserRow.select(UserRow.id).limit(1)))
            is not None
        )

    def _one(self, condition: Any, deadline: float | None = None) -> User | None:
        query = UserRow.select(*_USER).where(condition)
        row = self._database.read(lambda transaction: transaction.row(query), deadline)
        return User(*row) if row else None


def _insert_user(transaction: Transaction, user: dict[str, Any], by: Doer | None) -> int | None:
    if transaction.row(UserRow.select(UserRow.id).where(UserRow.email == user["email"])):
        return None
    user_id = transaction.run(UserRow.insert(**user))
    transaction.run(new_hidden_list(user_id, user["created_at"]))
    note(transaction, by or Somebody(user_id), "user.create", f"user:{user_id}", user["created_at"])
    return user_id


def fitting(permissions: str) -> str:
    """Return a set of permissions that can be stored; raises AccountError if it is too long."""
    if len(permissions.encode()) > MAX_PERMISSIONS_BYTES:
        raise AccountError(f"permissions take more than {MAX_PERMISSIONS_BYTES} bytes")
    return permissions
