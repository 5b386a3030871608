"""Secrets of a database: random bytes that all its processes share and that no answer contains."""

from __future__ import annotations

import os

from tracker.storage.engine.transaction import Transaction

#: Name of the secret that signs the EventIDs that Tracker makes.
EVENT_IDS = "event_ids"
SECRET_BYTES = 32


def secret_of(transaction: Transaction, name: str) -> bytes:
    """Return the secret of this name, made when there is none. Concurrent callers get the same one."""
    found = _read(transaction, name)
    if found is None:
        row = (name.encode(), os.urandom(SECRET_BYTES))
        transaction.insert_missing("secrets", ("name", "value"), [row])
        found = _read(transaction, name)
    return found or b""


def make_secrets(transaction: Transaction) -> None:
    """Make the secrets: a step of a migration, which may be run again."""
    secret_of(transaction, EVENT_IDS)


def _read(transaction: Transaction, name: str) -> bytes | None:
    rows = transaction.select("SELECT value FROM secrets WHERE name = ?", (name.encode(),))
    return bytes(rows[0][0]) if rows else None
