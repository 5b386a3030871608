"""Which events of a group were stored once, and deleted since? What is repeated late is not stored again."""

from __future__ import annotations

from collections.abc import Iterable

from tracker.ingest.event import Event, EventIdTaken, Tracked, is_ours, our_key
from tracker.storage.ids import received_ms
from tracker.storage.spent_ids import KEPT_MS, event_hash, find_spent, has_any
from tracker.storage.transaction import Transaction


class Spent:
    """The spent EventIDs among those of some events, looked up at once."""

    def __init__(self, transaction: Transaction, events: Iterable[Event]) -> None:
        named = [(event.list_id, event.event_key) for event in events if event.event_key is not None]
        self._hashes: dict[tuple[int, bytes], bytes] = {}
        if named and has_any(transaction):
            keys = {(list_id, kept_key(event_key)) for list_id, event_key in named}
            self._hashes = find_spent(transaction, keys)

    def outcome(self, event: Event, row_id: int | None) -> Tracked | EventIdTaken | None:
        """What such an event is answered with; None: it never was. `row_id` is the one in an EventID of ours.

        A repeat of the deleted event is a duplicate, and nothing is told of what is deleted. An EventID of ours is good
        as long as a deleted one is remembered: whether an older one was ever stored nobody can say.
        """
        key = kept_key(event.event_key or "")
        found = self._hashes.get((event.list_id, key))
        if found is None:
            is_old = row_id is not None and received_ms(row_id) < event.received_at - KEPT_MS
            return EventIdTaken(event.event_key) if is_old else None
        if row_id is None and found != event_hash(key, event.digest()):
            return EventIdTaken(event.event_key)
        return Tracked(event.uuid or event.fresh_uuid(), False, event.external_id, is_duplicate=True)


def kept_key(event_key: str) -> bytes:
    """What an EventID is kept as: of ours the part that holds the row's id, whatever event it was repeated with."""
    return (event_key[: len(our_key(0))] if is_ours(event_key) else event_key).encode()
