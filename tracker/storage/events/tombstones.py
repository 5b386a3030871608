"""Tombstones: hashes of deleted events' EventIDs, stored for 30 days so that a repeated request is not stored again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from tracker.storage.engine.transaction import Row, Transaction

#: Milliseconds for which the tombstone of a deleted event is stored, and for which an EventID made by Tracker can be
#: repeated.
KEPT_MS = 30 * 24 * 3_600_000
_COLUMNS = ("list_id", "key_hash", "event_hash", "deleted_at")


def key_hash(event_key: bytes) -> bytes:
    """Return the hash under which an EventID is found."""
    return hashlib.sha256(event_key).digest()


def event_hash(event_key: bytes, digest: bytes) -> bytes:
    """Return a hash that confirms, to a caller that has both parts, that an event is the deleted one; it reveals neither."""
    return hashlib.sha256(b"%s\0%s" % (event_key, digest)).digest()


def add_tombstones(
    transaction: Transaction, list_id: int, keys: Iterable[tuple[bytes, bytes]], now: int
) -> None:
    """Store tombstones of deleted events (event_key, digest)."""
    rows = [(list_id, key_hash(key), event_hash(key, digest), now) for key, digest in keys]
    transaction.insert_missing("deleted_event_ids", _COLUMNS, rows)


def find_tombstones(
    transaction: Transaction, keys: Iterable[tuple[int, bytes]]
) -> dict[tuple[int, bytes], bytes]:
    """Return {(list_id, event_key): event_hash} of those EventIDs that have a tombstone."""
    hashes = {(list_id, key_hash(key)): (list_id, key) for list_id, key in keys}
    sql = "SELECT list_id, key_hash, event_hash FROM deleted_event_ids"
    rows = transaction.lookup(sql, _COLUMNS[:2], sorted(hashes))
    return {hashes[row[0], bytes(row[1])]: bytes(row[2]) for row in rows}


def expired(transaction: Transaction, list_id: int, now: int, most: int) -> list[Row]:
    """Return (list_id, key_hash) of at most `most` tombstones older than KEPT_MS."""
    sql = "SELECT list_id, key_hash FROM deleted_event_ids WHERE list_id = ? AND deleted_at < ? ORDER BY deleted_at LIMIT ?"
    rows = transaction.select(sql, (list_id, now - KEPT_MS, most))
    return [(row[0], bytes(row[1])) for row in rows]


def purge(transaction: Transaction, rows: list[Row]) -> int:
    """Delete these tombstones; return how many there were."""
    return transaction.remove("deleted_event_ids", _COLUMNS[:2], rows)


def list_has_any(transaction: Transaction, list_id: int) -> bool:
    """Return whether the list has a tombstone."""
    sql = "SELECT 1 FROM deleted_event_ids WHERE list_id = ? LIMIT 1"
    return bool(transaction.select(sql, (list_id,)))
