"""Counter updates: the counts and conversion totals that a group of events adds, written in its transaction."""

from __future__ import annotations

from collections import Counter

from tracker.domain.conversions import Amounts, EventBucket, Total, bucket_of, total_of, worth
from tracker.domain.event import Event
from tracker.storage.aggregates import counters
from tracker.storage.engine import Transaction


class CounterUpdates:
    """The counter updates of one attempt at a group."""

    def __init__(self) -> None:
        self._events: Counter[EventBucket] = Counter()
        self._totals: dict[Total, Amounts] = {}

    def add_event(self, list_id: int, name: bytes, event_at: int) -> None:
        self._events[list_id, name, bucket_of(event_at)] += 1

    def add_conversion(self, event: Event) -> None:
        """Add a conversion that counts to its total."""
        total = total_of(event)
        count, units, millionths = self._totals.get(total, (0, 0, 0))
        more = worth(event)
        self._totals[total] = (count + 1, units + more[0], millionths + more[1])

    def write(self, transaction: Transaction) -> None:
        counters.add_events(transaction, self._events)
        counters.add_conversions(transaction, self._totals)
