"""What goes with an event that is deleted? Its EventID, its rows in timelines, and what it added to the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tracker.ingest.counting import count_first
from tracker.ingest.event import (
    CONVERSION,
    IS_BOT,
    IS_REPEATED_CONVERSION,
    Event,
    decoded_properties,
    our_key,
)
from tracker.ingest.tallies import conversion_key, total_of, value_in_millionths
from tracker.storage import catalogue_counts, counters, erasing, spent_ids
from tracker.storage.catalogue_counts import CatalogueCounts
from tracker.storage.counters import MILLIONTHS, EventBucket, Total, bucket_of
from tracker.storage.erasing import Bindings
from tracker.storage.events import StoredEvent
from tracker.storage.expired_totals import add_expired
from tracker.storage.ids import received_ms
from tracker.storage.transaction import Transaction

Totals = dict[Total, tuple[int, int, int]]
_CONVERSION = CONVERSION.encode()


class Removal:
    """Deletes some events of one list in one transaction. `removed` counts rows by table.

    With `is_counted` the figures stay as they are: what happened long ago happened, though its events are gone.
    """

    def __init__(
        self, transaction: Transaction, list_id: int, bindings: Bindings, now: int, is_counted: bool
    ) -> None:
        self._transaction, self._list_id, self._bindings = transaction, list_id, bindings
        self._now, self._is_counted = now, is_counted
        self.removed: Counter[str] = Counter()

    def remove(self, events: Sequence[StoredEvent], owner_id: int = 0) -> None:
        """Delete the events with all that is theirs; `owner_id` is one more whose timeline may hold them."""
        if not events:
            return
        transaction, list_id = self._transaction, self._list_id
        self._spend_ids(events)
        self._uncount(events)
        self.removed["events"] += erasing.remove_rows(transaction, list_id, events, self._bindings, owner_id)

    def _spend_ids(self, events: Sequence[StoredEvent]) -> None:
        """Of those that may still be repeated: the client's EventIDs, and ours, which hold the row's id."""
        keys = erasing.event_keys(self._transaction, self._list_id, [event.id for event in events])
        self.removed["event_ids"] += erasing.remove_event_ids(
            self._transaction, self._list_id, (key for key, _, _ in keys)
        )
        named = {event_id for _, _, event_id in keys}
        since = self._now - spent_ids.KEPT_MS
        ours = [
            (our_key(e.id).encode(), b"") for e in events if e.id not in named and received_ms(e.id) > since
        ]
        spent = [*((key, digest) for key, digest, _ in keys), *ours]
        spent_ids.spend(self._transaction, self._list_id, spent, self._now)

    def _uncount(self, events: Sequence[StoredEvent]) -> None:
        """The catalogue's counts always say what is there; the others what has happened."""
        counted = [event for event in events if not event.flags & IS_BOT]
        count_first(self._transaction, self._list_id, [event.id for event in counted])
        _uncount_catalogue(self._transaction, self._list_id, counted)
        first = [e for e in counted if e.name == _CONVERSION and not e.flags & IS_REPEATED_CONVERSION]
        conversions = [(event.id, _as_event(self._list_id, event)) for event in first]
        totals = _totals(event for _, event in conversions)
        if self._is_counted:
            add_expired(self._transaction, totals)
            return
        buckets: Counter[EventBucket] = Counter(
            (self._list_id, event.name, bucket_of(event.event_at)) for event in counted
        )
        counters.add_events(self._transaction, {key: -count for key, count in buckets.items()})
        counters.add_conversions(self._transaction, _negative(totals))
        keys = [(conversion_key(event), event_id) for event_id, event in conversions]
        self.removed["conversions"] += erasing.remove_conversions(self._transaction, self._list_id, keys)


def _as_event(list_id: int, stored: StoredEvent) -> Event:
    return Event(list_id, CONVERSION, 0, properties=decoded_properties(stored.properties))


def _totals(events: Iterable[Event]) -> Totals:
    totals: Totals = {}
    for event in events:
        total = total_of(event)
        count, units, millionths = totals.get(total, (0, 0, 0))
        more_units, more_millionths = divmod(
            value_in_millionths(event.properties["conversion-value"]), MILLIONTHS
        )
        totals[total] = (count + 1, units + more_units, millionths + more_millionths)
    return totals


def _negative(totals: Totals) -> Totals:
    return {key: (-amounts[0], -amounts[1], -amounts[2]) for key, amounts in totals.items()}


def _uncount_catalogue(transaction: Transaction, list_id: int, events: Sequence[StoredEvent]) -> None:
    """In the order in which the counts are written by others, so that servers do not deadlock."""
    counts = CatalogueCounts()
    for event in events:
        counts.add(list_id, event.name, decoded_properties(event.properties), event.received_at)
    for (_, name), count in sorted(counts.names()):
        catalogue_counts.change(transaction, list_id, name, None, (-count,))
    for (_, name, item), types in sorted(counts.properties()):
        catalogue_counts.change(transaction, list_id, name, item, [-count for count in types])
