"""Event deletion with its consequences: tombstones for the EventIDs, timeline rows, and the counts that the event added to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tracker.domain.event_ids import row_key
from tracker.domain.row_ids import received_ms
from tracker.storage.aggregates import (
    add_expired,
    add_to_buckets,
    add_to_catalogue,
    counted_conversions,
    counters,
    expired_public,
    key_of,
    mark_owners,
    signed,
    totals_of,
)
from tracker.storage.engine import Transaction, trusted
from tracker.storage.events import LinksBySpan, StoredEvent, deletion, tombstones
from tracker.storage.triggers import remove_of_events


class EventDeleter:
    """Deletes some events of one list in one transaction. `removed` counts rows by table.

    With `is_counted` the totals stay as they are: the events happened, though their rows are deleted.
    """

    def __init__(
        self, transaction: Transaction, list_id: int, links: LinksBySpan, now: int, is_counted: bool
    ) -> None:
        self._transaction, self._list_id, self._links = transaction, list_id, links
        self._now, self._is_counted = now, is_counted
        self.removed: Counter[str] = Counter()

    def remove(self, events: Sequence[StoredEvent], owner_id: int = 0) -> None:
        """Delete the events, which the transaction has locked, with everything that refers to them.

        `owner_id` is one more owner whose timeline may have them.
        """
        if not events:
            return
        transaction, list_id = self._transaction, self._list_id
        self.removed["deliveries"] += remove_of_events(transaction, list_id, (event.id for event in events))
        self._add_tombstones(events)
        self._decrement(events)
        self.removed["events"] += deletion.remove_rows(
            transaction, list_id, events, self._links, owner_id, is_noted=not self._is_counted
        )

    def _add_tombstones(self, events: Sequence[StoredEvent]) -> None:
        """Add tombstones for EventIDs that may be repeated: the clients', and Tracker's own, which contain the row's id."""
        keys = deletion.event_keys(self._transaction, self._list_id, [event.id for event in events])
        self.removed["event_ids"] += deletion.remove_event_ids(
            self._transaction, self._list_id, (key for key, _, _ in keys)
        )
        named = {event_id for _, _, event_id in keys}
        since = trusted(self._transaction, self._now) - tombstones.KEPT_MS
        generated = [(row_key(e.id), b"") for e in events if e.id not in named and received_ms(e.id) > since]
        deleted = [*((key, digest) for key, digest, _ in keys), *generated]
        tombstones.add_tombstones(self._transaction, self._list_id, deleted, self._now)

    def _decrement(self, events: Sequence[StoredEvent]) -> None:
        """Subtract the events: the catalogue counts what is stored, the other counters what has happened."""
        transaction, list_id = self._transaction, self._list_id
        add_to_catalogue(transaction, list_id, events, -1)
        totals = totals_of(list_id, events)
        if self._is_counted:
            add_expired(transaction, totals)
            mark_owners(
                transaction, list_id, {o for e in counted_conversions(events) for o in self._owners(e)}
            )
            counters.note_expired(transaction, expired_public(list_id, events))
            return
        add_to_buckets(transaction, list_id, events, -1)
        counters.add_conversions(transaction, signed(totals, -1))
        counters.drop_empty_totals(transaction, totals)
        keys = [(key_of(list_id, event), event.id) for event in counted_conversions(events)]
        self.removed["conversions"] += deletion.remove_conversions(transaction, list_id, keys)

    def _owners(self, event: StoredEvent) -> set[int]:
        """Return the owners whose revenue lacks the event: the subscriber it names, else its visitor and the linked one."""
        if event.subscriber_id is not None:
            return {event.subscriber_id}
        linked, _ = self._links.get((event.visitor_id, event.span), (None, None))
        return {event.visitor_id} if linked is None else {event.visitor_id, linked}
