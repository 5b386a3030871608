"""How do events get their rows of the timeline that were stored without, or lost them?"""

from __future__ import annotations

from collections.abc import Iterator

from tracker.storage import timeline
from tracker.storage.timeline import Entry
from tracker.storage.timeline_runs import maintain
from tracker.storage.transaction import Transaction

#: Events read at a time.
PAGE = 5_000
_EVENTS = (
    "SELECT list_id, COALESCE(subscriber_id, visitor_id), event_at, id, visitor_id, segment, name FROM events"
    " WHERE list_id = ? AND id > ? ORDER BY id LIMIT ?"
)


def fill_timeline(transaction: Transaction) -> None:
    """Rows for all events there are; anonymous ones stay with their visitor, whose bindings say so. Can be run again."""
    transaction.execute("UPDATE bindings SET has_past = 1")
    for (list_id,) in transaction.select("SELECT id FROM lists ORDER BY id"):
        for entries in _pages(transaction, list_id):
            timeline.add(transaction, entries)
            while not transaction.engine.is_remote and maintain(transaction):
                pass


def _pages(transaction: Transaction, list_id: int) -> Iterator[list[Entry]]:
    after_id = -1
    while rows := transaction.select(_EVENTS, (list_id, after_id, PAGE)):
        yield [
            entry
            for list_id, owner_id, at, event_id, visitor_id, segment, name in rows
            for entry in timeline.entries(list_id, owner_id, at, event_id, visitor_id, segment, bytes(name))
        ]
        after_id = rows[-1][3]
