"""Catalogue eviction: rarely seen names of public events make room when a list's bounds are reached.

Anybody can send to the collect endpoint. Names that were sent with a key are never evicted; of the others those go
first that were seen once, the oldest first, then those that were not seen for a day.
"""

from __future__ import annotations

from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.tables import TYPES
from tracker.storage.shards import lock_list

#: Milliseconds since it last came after which a name seen several times may be evicted.
KEPT_MS = 24 * 3_600_000
#: Names and properties evicted at once, so that a flood does not search all of them for each of its names.
NAMES_AT_ONCE, PROPERTIES_AT_ONCE = 20, 100
_SEEN = f"({' + '.join(TYPES)})"
_ORDER = "ORDER BY CASE WHEN {seen} <= 1 THEN 0 ELSE 1 END, last_received_at LIMIT ?"
_NAMES = (
    "SELECT name FROM event_names WHERE list_id = ? AND is_public = 1 AND name <> ? AND (events <= 1 OR last_received_at < ?) "
    + _ORDER.format(seen="events")
)
_PROPERTIES = (
    "SELECT event_name, property FROM event_properties WHERE list_id = ? AND is_public = 1"
    f" AND ({_SEEN} <= 1 OR last_received_at < ?){{of_event}} {_ORDER.format(seen=_SEEN)}"
)


def evict_names(transaction: Transaction, list_id: int, coming: bytes, now: int) -> list[bytes]:
    """Evict some event names for the new name `coming`; return them. The caller has locked the list's catalogue."""
    rows = transaction.select(_NAMES, (list_id, coming, now - KEPT_MS, NAMES_AT_ONCE))
    gone = sorted(bytes(row[0]) for row in rows)
    for name in gone:
        remove(transaction, list_id, name, None)
    return gone


def evict_properties(
    transaction: Transaction, list_id: int, event: bytes | None, now: int, needed: int
) -> list[tuple[bytes, bytes]]:
    """Evict `needed` properties or a few more, of one event or of all; return (event, property)."""
    of_event = "" if event is None else " AND event_name = ?"
    values = (list_id, now - KEPT_MS, *(() if event is None else (event,)), max(needed, PROPERTIES_AT_ONCE))
    rows = transaction.select(_PROPERTIES.format(of_event=of_event), values)
    gone = sorted((bytes(row[0]), bytes(row[1])) for row in rows)
    for name, item in gone:
        remove(transaction, list_id, name, item)
    return gone


def remove(transaction: Transaction, list_id: int, name: bytes, item: bytes | None) -> int:
    """Remove an event name with its properties, or one property of it; return how many rows were deleted."""
    if item is None:
        sql = "DELETE FROM event_properties WHERE list_id = ? AND event_name = ?"
        properties = transaction.change(sql, (list_id, name))
        return properties + transaction.change(
            "DELETE FROM event_names WHERE list_id = ? AND name = ?", (list_id, name)
        )
    sql = "DELETE FROM event_properties WHERE list_id = ? AND event_name = ? AND property = ?"
    gone = transaction.change(sql, (list_id, name, item))
    if gone:
        sql = "UPDATE event_names SET property_count = property_count - 1 WHERE list_id = ? AND name = ?"
        transaction.execute(sql, (list_id, name))
    return gone


def remove_from_browsers(transaction: Transaction, list_id: int, seen_at_most: int) -> tuple[int, int]:
    """Remove names that were seen in public events alone, at most so often; return (event names, properties)."""
    sql = "SELECT name FROM event_names WHERE list_id = ? AND is_public = 1 AND events <= ? ORDER BY name"
    names = [bytes(row[0]) for row in transaction.select(sql, (list_id, seen_at_most))]
    properties = sum(remove(transaction, list_id, name, None) - 1 for name in names)
    sql = f"SELECT event_name, property FROM event_properties WHERE list_id = ? AND is_public = 1 AND {_SEEN} <= ?"
    for name, item in sorted(transaction.select(sql, (list_id, seen_at_most))):
        properties += remove(transaction, list_id, bytes(name), bytes(item))
    return len(names), properties


def note_pruned(transaction: Transaction, list_id: int) -> None:
    """Record that names of stored events may be missing because an operator removed them."""
    lock_list(transaction, list_id)  # so that there is a row
    transaction.execute("UPDATE list_settings SET is_catalogue_pruned = 1 WHERE list_id = ?", (list_id,))
