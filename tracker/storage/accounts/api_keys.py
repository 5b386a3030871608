"""API keys of users: made, listed, revoked, and verified by a hash."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from peewee import fn

from tracker.formats.credentials import NewKey, digest, key_prefix, new_key, shown_prefix
from tracker.storage.accounts.audit_log import Doer, Somebody, note
from tracker.storage.accounts.users import fitting
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Row, Transaction, limit_of
from tracker.storage.schema.models import KeyRow


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key without its secret. Times are UTC milliseconds; `name` is its owner's label, if any."""

    id: int
    user_id: int
    prefix: str
    permissions: str
    created_at: int
    revoked_at: int | None
    name: str | None


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """What a key may do: its own permissions and its user's."""

    key_id: int
    user_id: int
    permissions: str
    user_permissions: str
    is_users_admin: bool


_KEY = (
    KeyRow.id, KeyRow.user_id, KeyRow.prefix, KeyRow.permissions, KeyRow.created_at, KeyRow.revoked_at, KeyRow.name,
)  # fmt: skip
#: A prepared statement, since every request with a key runs it.
_OWNER = (
    "SELECT k.secret_hash, k.id, k.user_id, k.permissions, u.permissions, u.is_admin FROM api_keys k"
    " JOIN users u ON u.id = k.user_id WHERE k.prefix = ? AND k.revoked_at IS NULL"
)


class Keys:
    """API keys. Of each only a public prefix and a hash are stored."""

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        self._database, self._now = database, now

    def add(self, user_id: int, permissions: str = "") -> str:
        """Make a key and return it, this once. Without permissions it may call what asks for none. Raises AccountError."""
        return self.add_named(user_id, permissions, None).text

    def add_named(
        self,
        user_id: int,
        permissions: str,
        name: str | None,
        by: Doer | None = None,
        deadline: float | None = None,
    ) -> NewKey:
        """Make a key with its owner's label, as `add` does, and write an audit entry for `by`."""
        key, now = new_key(), self._now()
        query = KeyRow.insert(
            user_id=user_id,
            prefix=key.prefix,
            secret_hash=digest(key.text),
            permissions=fitting(permissions),
            created_at=now,
            revoked_at=None,
            name=name,
        )

        def write(transaction: Transaction) -> None:
            transaction.run(query)
            note(transaction, by or Somebody(user_id), "apikey.create", f"key:{key.prefix}", now)

        self._database.write(write, deadline)
        return key

    def owner(self, key: str, deadline: float | None = None) -> KeyOwner | None:
        """Return whose key this is; None if it is unknown or revoked. A mistyped key costs no query."""
        prefix = key_prefix(key)
        if prefix is None:
            return None
        rows = self._database.read(
            lambda transaction: transaction.select(_OWNER, (prefix.encode(),)), deadline
        )
        if not rows or not hmac.compare_digest(rows[0][0], digest(key)):
            return None
        key_id, user_id, permissions, user_permissions, is_admin = rows[0][1:]
        return KeyOwner(key_id, user_id, permissions.decode(), user_permissions.decode(), bool(is_admin))

    def of_user(self, user_id: int) -> list[ApiKey]:
        """Return all keys of a user, revoked ones included, oldest first."""
        return self.page(user_id)[1]

    def page(
        self, user_id: int, start: int = 0, size: int | None = None, deadline: float | None = None
    ) -> tuple[int, list[ApiKey]]:
        """Return how many keys a user has, and up to `size` of them from number `start` on, oldest first."""
        is_own = KeyRow.user_id == user_id
        query = KeyRow.select(*_KEY).where(is_own).order_by(KeyRow.id).limit(limit_of(size)).offset(start)
        total = KeyRow.select(fn.COUNT(KeyRow.id)).where(is_own)
        rows, count = self._database.read(
            lambda transaction: (transaction.rows(query), transaction.row(total)), deadline
        )
        return (count[0] if count else 0), [ApiKey(*row) for row in rows]

    def revoke(
        self, shown: str, user_id: int | None = None, by: Doer | None = None, deadline: float | None = None
    ) -> bool:
        """Revoke a key for good, named by any text that shows its prefix; every process refuses it within 5 s.

        Return False if there is none, or, with `user_id`, none of this user's. The first revocation writes an audit
        entry.
        """
        prefix = shown_prefix(shown)
        if not prefix.isascii():
            return False
        now = self._now()
        return self._database.write(
            lambda transaction: _revoke(transaction, prefix, user_id, by, now), deadline
        )


def _revoke(transaction: Transaction, prefix: str, user_id: int | None, by: Doer | None, now: int) -> bool:
    row: Row | None = transaction.row(
        KeyRow.select(KeyRow.id, KeyRow.user_id, KeyRow.revoked_at).where(KeyRow.prefix == prefix)
    )
    if row is None or user_id not in (None, row[1]):
        return False
    if row[2] is None:
        transaction.run(KeyRow.update(revoked_at=now).where(KeyRow.id == row[0]))
        note(transaction, by or Somebody(row[1]), "apikey.revoke", f"key:{prefix}", now)
    return True
