"""Which EventIDs belonged to events that have been deleted? Kept as hashes for a while, so that a repeat is not stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from tracker.storage.engine.transaction import Row, Transaction

#: Milliseconds for which an EventID is kept after its event was deleted, and for which one of ours can be repeated.
KEPT_MS = 30 * 24 * 3_600_000
_COLUMNS = ("list_id", "key_hash", "event_hash", "deleted_at")


def key_hash(event_key: bytes) -> bytes:
    return hashlib.sha256(event_key).digest()


def event_hash(event_key: bytes, digest: bytes) -> bytes:
    """Tells whether an event is the one that was deleted, to who has both; of no use to anybody else."""
    return hashlib.sha256(b"%s\0%s" % (event_key, digest)).digest()


def add_tombstones(
    transaction: Transaction, list_id: int, keys: Iterable[tuple[bytes, bytes]], now: int
) -> None:
    """Keep (event_key, digest) of deleted events."""
    rows = [(list_id, key_hash(key), event_hash(key, digest), now) for key, digest in keys]
    transaction.insert_missing("deleted_event_ids", _COLUMNS, rows)


def find_spent(transaction: Transaction, keys: Iterable[tuple[int, bytes]]) -> dict[tuple[int, bytes], bytes]:
    """{(list_id, event_key): event_hash} of those that are spent."""
    hashes = {(list_id, key_hash(key)): (list_id, key) for list_id, key in keys}
    sql = "SELECT list_id, key_hash, event_hash FROM deleted_event_ids"
    rows = transaction.lookup(sql, _COLUMNS[:2], sorted(hashes))
    return {hashes[row[0], bytes(row[1])]: bytes(row[2]) for row in rows}


def expired(transaction: Transaction, list_id: int, now: int, most: int) -> list[Row]:
    """(list_id, key_hash) of those that need not be kept any more."""
    sql = "SELECT list_id, key_hash FROM deleted_event_ids WHERE list_id = ? AND deleted_at < ? ORDER BY deleted_at LIMIT ?"
    rows = transaction.select(sql, (list_id, now - KEPT_MS, most))
    return [(row[0], bytes(row[1])) for row in rows]


def purge(transaction: Transaction, rows: list[Row]) -> int:
    return transaction.remove("deleted_event_ids", _COLUMNS[:2], rows)


def has_any(transaction: Transaction) -> bool:
    """Whether any list has one. Most databases have none."""
    return bool(transaction.select("SELECT 1 FROM deleted_event_ids LIMIT 1"))


def list_has_any(transaction: Transaction, list_id: int) -> bool:
    """Whether the list has one."""
    sql = "SELECT 1 FROM deleted_event_ids WHERE list_id = ? LIMIT 1"
    return bool(transaction.select(sql, (list_id,)))
