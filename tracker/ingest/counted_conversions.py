"""Conversion deduplication: one event counts per conversion-id, the first, but one with a credential before a public one."""

from __future__ import annotations

from collections.abc import Iterable

from tracker.domain.conversions import conversion_key
from tracker.domain.event import IS_BOT, IS_REPEATED_CONVERSION, LACKS_KEY, NOT_COUNTED, Event
from tracker.storage.aggregates import ConversionKey, Counted, change_flags, counters, uncount_expired
from tracker.storage.engine import Conflict, Transaction
from tracker.storage.events import read_events


class Conversions:
    """The conversions of one attempt at a group, looked up at once."""

    def __init__(self, transaction: Transaction, events: Iterable[Event]) -> None:
        self._transaction = transaction
        keys = [
            (event, (event.list_id, conversion_key(event)))
            for event in events
            if event.is_counted_conversion and not event.is_conversion_id_goal
        ]
        self._counted = counters.find_conversions(transaction, [key for _, key in keys]) if keys else {}
        self._first: dict[ConversionKey, Event] = {}
        for event, key in keys:
            self._offer(event, key)
        self._counting = {event.row_id for event in self._first.values()}

    def flag_of(self, event: Event) -> int:
        """Return the flag that says why a conversion does not count, or 0 if it counts."""
        if not event.is_counted_conversion:
            return LACKS_KEY if event.lacks_key else IS_BOT
        is_counted = event.is_conversion_id_goal or event.row_id in self._counting
        return 0 if is_counted else IS_REPEATED_CONVERSION

    def write(self) -> None:
        """Store which events count, and subtract the values of events that count no longer."""
        new = [(key, event) for key, event in self._first.items() if key not in self._counted]
        rows = [(*key, event.row_id, int(event.is_public)) for key, event in new]
        counters.keep_conversions(self._transaction, rows)
        for list_id in sorted({key[0] for key in self._first if key in self._counted}):
            self._displace(list_id)

    def _offer(self, event: Event, key: ConversionKey) -> None:
        """Let the event count for its key if nothing does. A public event never replaces another one."""
        before = self._first.get(key) or self._counted.get(key)
        if before is None or (before.is_public and not event.is_public):
            self._first[key] = event

    def _displace(self, list_id: int) -> None:
        """Uncount the public conversions of a list that credentials' events replace. Raises Conflict if they changed meanwhile.

        The events are locked first, as deletion does too.
        """
        transaction = self._transaction
        keys = [key for key in self._first if key[0] == list_id and key in self._counted]
        events = read_events(transaction, list_id, [self._counted[k].event_id for k in keys], is_locking=True)
        now = counters.find_conversions(transaction, keys, is_locking=True)
        if any(not _is_still(self._counted[key], now.get(key)) for key in keys):
            raise Conflict
        counted = [event for event in events.values() if not event.flags & NOT_COUNTED]
        change_flags(transaction, list_id, [(e, e.flags | IS_REPEATED_CONVERSION) for e in counted])
        uncount_expired(transaction, list_id, [now[key].expired for key in keys])
        counters.replace_conversions(transaction, [(self._first[key].row_id, *key) for key in sorted(keys)])


def _is_still(then: Counted, now: Counted | None) -> bool:
    """Return whether the same event still counts. Retention may have deleted it meanwhile."""
    return now is not None and (now.event_id, now.is_public) == (then.event_id, then.is_public)
