"""Copied events: the rows that a derived copy of a list reads, in pages by id, so that no reading transaction is long."""

from __future__ import annotations

from collections.abc import Iterable

from tracker.storage.engine.transaction import Row, Transaction

#: Columns of an event that a copy is made of.
COPIED = ("id", "visitor_id", "span", "subscriber_id", "name", "event_at", "flags", "properties")
_SELECT = f"SELECT {', '.join(COPIED)} FROM events"
_AFTER = f"{_SELECT} WHERE list_id = ? AND id > ? ORDER BY id LIMIT ?"
_IDS = "SELECT id FROM events WHERE list_id = ? AND id >= ? ORDER BY id LIMIT ?"
_COUNT = "SELECT COUNT(*) FROM events WHERE list_id = ? AND id >= ?"
_PLACES = "SELECT id, name, event_at, flags FROM events WHERE list_id = ? AND id > ? ORDER BY id LIMIT ?"


def copied_after(transaction: Transaction, list_id: int, after_id: int, most: int) -> list[Row]:
    """Return rows in the order of COPIED after an id, in the order of ids (a keyset page)."""
    return transaction.select(_AFTER, (list_id, after_id, most))


def copied_of(transaction: Transaction, list_id: int, event_ids: Iterable[int]) -> list[Row]:
    """Return rows in the order of COPIED of those of the events that are stored."""
    wanted = [(list_id, event_id) for event_id in sorted(event_ids)]
    return transaction.lookup(_SELECT, ("list_id", "id"), wanted)


def gone_of(transaction: Transaction, list_id: int, event_ids: Iterable[int]) -> set[int]:
    """Return those of the events that are not stored."""
    wanted = set(event_ids)
    rows = transaction.lookup(
        "SELECT id FROM events", ("list_id", "id"), [(list_id, each) for each in sorted(wanted)]
    )
    return wanted - {row[0] for row in rows}


def new_ids(transaction: Transaction, list_id: int, first_id: int, most: int) -> list[int]:
    """Return the first ids from an id on, oldest first. Reads the key alone."""
    return [row[0] for row in transaction.select(_IDS, (list_id, first_id, most))]


def count_from(transaction: Transaction, list_id: int, first_id: int) -> int:
    """Return how many events a list has from an id on. Reads the key alone."""
    return int(transaction.select(_COUNT, (list_id, first_id))[0][0])


def places_after(transaction: Transaction, list_id: int, after_id: int, most: int) -> list[Row]:
    """Return (id, name, event time, flags) after an id, in the order of ids (a keyset page)."""
    return transaction.select(_PLACES, (list_id, after_id, most))
