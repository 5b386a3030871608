"""Catalogue pruning: removes names that an owner does not want to see. Events stay; a later event lists its names again."""

from __future__ import annotations

from collections.abc import Callable

from tracker.storage.aggregates import note_pruned, remove, remove_from_browsers
from tracker.storage.engine import Database, Transaction

#: Writes the audit log's entry, in the transaction of the change.
PruningNote = Callable[[Transaction], None]


def prune_name(
    database: Database, list_id: int, event: str, name: str | None, note: PruningNote, deadline: float | None
) -> tuple[int, int]:
    """Remove an event name, or one of its properties. Returns the numbers of names removed: (events, properties)."""
    encoded, item = event.encode(), None if name is None else name.encode()

    def work(transaction: Transaction) -> tuple[int, int]:
        gone = remove(transaction, list_id, encoded, item)
        if gone:
            note_pruned(transaction, list_id)
            note(transaction)
        return (0, gone) if item is not None else (min(gone, 1), max(gone - 1, 0))

    return database.write(work, deadline, list_id)


def prune_browsers(
    database: Database, list_id: int, seen_at_most: int, note: PruningNote, deadline: float | None
) -> tuple[int, int]:
    """Remove names that no key has sent, and browsers at most `seen_at_most` times.

    Returns the numbers of names removed: (events, properties).
    """

    def work(transaction: Transaction) -> tuple[int, int]:
        gone = remove_from_browsers(transaction, list_id, seen_at_most)
        note_pruned(transaction, list_id)
        note(transaction)
        return gone

    return database.write(work, deadline, list_id)
