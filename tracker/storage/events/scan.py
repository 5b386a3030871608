"""Full scans of a list's events, for integrity checks only, never for an answer."""

from __future__ import annotations

from tracker.domain.conversions import BUCKET_MS
from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.events.events import StoredEvent


def events_by_bucket(transaction: Transaction, list_id: int, uncounted: int) -> dict[tuple[bytes, int], int]:
    """Return {(event name, bucket): events} of the events without the flag `uncounted`."""
    sql = (
        "SELECT name, event_at - event_at % ? AS bucket, COUNT(*) FROM events"
        " WHERE list_id = ? AND flags & ? = 0 GROUP BY name, bucket"
    )
    rows = transaction.select(sql, (BUCKET_MS, list_id, uncounted))
    return {(bytes(name), int(bucket)): int(events) for name, bucket, events in rows}


def events_named(transaction: Transaction, list_id: int, name: bytes) -> list[tuple[int, bytes]]:
    """Return (flags, stored properties) of the events of one name."""
    sql = "SELECT flags, properties FROM events WHERE list_id = ? AND name = ?"
    return [(row[0], bytes(row[1])) for row in transaction.select(sql, (list_id, name))]


def page(transaction: Transaction, list_id: int, after_id: int, size: int) -> list[Row]:
    """Return rows (id, name, event_at, received_at, stored properties, flags) after an id, in the order of ids."""
    sql = (
        "SELECT id, name, event_at, received_at, properties, flags FROM events"
        " WHERE list_id = ? AND id > ? ORDER BY id LIMIT ?"
    )
    rows = transaction.select(sql, (list_id, after_id, size))
    return [(row[0], bytes(row[1]), row[2], row[3], bytes(row[4]), row[5]) for row in rows]


def stored_events(transaction: Transaction, list_id: int, after_id: int, size: int) -> list[StoredEvent]:
    """Return events after an id, in the order of ids."""
    sql = f"SELECT {', '.join(StoredEvent._fields)} FROM events WHERE list_id = ? AND id > ? ORDER BY id LIMIT ?"
    return [StoredEvent(*row) for row in transaction.select(sql, (list_id, after_id, size))]


def full_scan(transaction: Transaction, list_id: int, after_id: int, size: int) -> list[Row]:
    """Return rows (id, visitor_id, span, subscriber_id, event_at, name) after an id, in the order of ids."""
    sql = (
        "SELECT id, visitor_id, span, subscriber_id, event_at, name FROM events"
        " WHERE list_id = ? AND id > ? ORDER BY id LIMIT ?"
    )
    return [(*row[:5], bytes(row[5])) for row in transaction.select(sql, (list_id, after_id, size))]


def dated_ahead(transaction: Transaction, list_id: int, first_id: int, received_from: int) -> tuple[int, int]:
    """Return (count, largest id or 0) of events with an id from `first_id` on or received from `received_from` on."""
    sql = "SELECT COUNT(*), MAX(id) FROM events WHERE list_id = ? AND (id >= ? OR received_at >= ?)"
    [(count, last_id)] = transaction.select(sql, (list_id, first_id, received_from))
    return count, last_id or 0


def list_ids(transaction: Transaction) -> list[int]:
    """Return the ids of all lists, hidden ones included. One that is being deleted belongs to nobody, and is none any more."""
    return [row[0] for row in transaction.select("SELECT id FROM lists WHERE user_id > 0 ORDER BY id")]
