"""Sessions: opened by a login, found by the hash of their id, and ended by a logout or with time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tracker.formats.credentials import digest, is_session_id, new_session_id
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction
from tracker.storage.engine.trusted_time import trusted
from tracker.storage.schema.models import SessionRow

#: Milliseconds after its expiry for which a session is stored: its owner learns that it expired, not that it is
#: unknown.
KEPT_AFTER_EXPIRY_MS = 30 * 24 * 3600 * 1000
#: Long-expired sessions that one login deletes: no login takes long for the sake of old sessions.
MAX_PURGED = 100
#: A prepared statement, since every request with a session runs it.
_FIND = (
    "SELECT s.user_id, s.expires_at, u.permissions, s.key_id, k.permissions, u.is_admin FROM sessions s"
    " JOIN users u ON u.id = s.user_id LEFT JOIN api_keys k ON k.id = s.key_id AND k.revoked_at IS NULL"
    " WHERE s.token_hash = ? AND (s.key_id IS NULL OR k.id IS NOT NULL)"
)


@dataclass(frozen=True, slots=True)
class Session:
    """A session that was not ended by a logout. `key_permissions` is None unless it was opened with a key."""

    token_hash: bytes
    user_id: int
    expires_at: int
    user_permissions: str
    key_id: int | None
    key_permissions: str | None
    is_users_admin: bool


class Sessions:
    """Sessions of a fixed length in seconds. Never cached: a logout holds for all processes at once."""

    def __init__(self, database: Database, seconds: int, now: Callable[[], int]) -> None:
        self._database, self._length_ms, self._now = database, seconds * 1000, now

    def open(self, user_id: int, key_id: int | None = None, deadline: float | None = None) -> str:
        """Begin a session and return its id. One opened with a key may do no more than the key, and ends with it."""
        token, begin = self.new(user_id, key_id)
        self._database.write(begin, deadline)
        return token

    def new(self, user_id: int, key_id: int | None = None) -> tuple[str, Callable[[Transaction], None]]:
        """Return the id of a new session, and the function that begins it in a transaction."""
        token, now = new_session_id(), self._now()
        query = SessionRow.insert(
            token_hash=digest(token),
            user_id=user_id,
            key_id=key_id,
            created_at=now,
            expires_at=now + self._length_ms,
        )

        def begin(transaction: Transaction) -> None:
            transaction.run(query)
            _purge(transaction, trusted(transaction, now) - KEPT_AFTER_EXPIRY_MS)

        return token, begin

    def find(self, token: str, deadline: float | None = None) -> Session | None:
        """Return the session with this id, expired or not; None if it is unknown, logged out, or its key was revoked."""
        if not is_session_id(token):
            return None
        token_hash = digest(token)
        rows = self._database.read(lambda transaction: transaction.select(_FIND, (token_hash,)), deadline)
        if not rows:
            return None
        user_id, expires_at, user_permissions, key_id, key_permissions, is_admin = rows[0]
        own = key_permissions.decode() if key_permissions is not None else None
        return Session(
            token_hash, user_id, expires_at, user_permissions.decode(), key_id, own, bool(is_admin)
        )

    def close(self, token_hash: bytes, deadline: float | None = None) -> None:
        """End a session; ending it again changes nothing."""
        query = SessionRow.delete().where(SessionRow.token_hash == token_hash)
        self._database.write(lambda transaction: transaction.run(query), deadline)


def _purge(transaction: Transaction, expired_before: int) -> None:
    """Delete long-expired sessions by key, a few at a time: a range delete would lock what other logins write on a server."""
    old = (
        SessionRow.select(SessionRow.token_hash)
        .where(SessionRow.expires_at < expired_before)
        .limit(MAX_PURGED)
    )
    hashes = [row[0] for row in transaction.rows(old)]
    if hashes:
        transaction.run(SessionRow.delete().where(SessionRow.token_hash.in_(hashes)))
