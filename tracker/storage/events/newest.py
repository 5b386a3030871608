"""Which events came last? In the order they were received, which is that of their ids."""

from __future__ import annotations

from tracker.domain.row_ids import next_id_after
from tracker.storage.engine.transaction import Transaction

_BEFORE = "SELECT id, name FROM events WHERE list_id = ? AND id < ? ORDER BY id DESC LIMIT ?"
_FROM = "SELECT id, name FROM events WHERE list_id = ? AND id >= ? ORDER BY id LIMIT ?"
_IDS = "SELECT id FROM events WHERE list_id = ? AND id >= ? AND id < ? ORDER BY id DESC LIMIT ?"

#: An event's id and its name.
Named = tuple[int, bytes]


def ids_from(transaction: Transaction, list_id: int, first_id: int, now: int, most: int) -> list[int]:
    """The largest ids, at most `most`, of those from `first_id` on; the largest first. Reads nothing but the key.

    Those of the future are no news, and would be in the way of what is.
    """
    return [row[0] for row in transaction.select(_IDS, (list_id, first_id, next_id_after(now), most))]


def names_before(transaction: Transaction, list_id: int, before_id: int, most: int) -> list[Named]:
    """The last `most` events before an id, newest first."""
    return [(row[0], bytes(row[1])) for row in transaction.select(_BEFORE, (list_id, before_id, most))]


def names_from(transaction: Transaction, list_id: int, first_id: int, most: int) -> list[Named]:
    """The first `most` events from an id on, oldest first."""
    return [(row[0], bytes(row[1])) for row in transaction.select(_FROM, (list_id, first_id, most))]
