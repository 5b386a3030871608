"""Counts of stored events: taken off, put back, and changed together with the flags that they follow from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import orjson

from tracker.domain.conversions import Amounts, EventBucket, Total, bucket_of, conversion_key, total_of, worth
from tracker.domain.event import CONVERSION, IS_BOT, IS_PUBLIC, NOT_COUNTED, Event, decoded_properties
from tracker.storage.aggregates import catalogue_counts, counters
from tracker.storage.aggregates.catalogue_counts import CatalogueCounts
from tracker.storage.aggregates.deferred_counts import count_first
from tracker.storage.aggregates.expired_totals import add_expired
from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.events.events import StoredEvent, set_flags, set_properties

Totals = dict[Total, Amounts]
_CONVERSION = CONVERSION.encode()


def change_flags(transaction: Transaction, list_id: int, changes: Sequence[tuple[StoredEvent, int]]) -> None:
    """Give events other flags, and everything that is counted what follows: catalogue, buckets, totals.

    The events are as `read_events` gave them with `is_locking`. Which event counts for a conversion-id (`conversions`) is
    the caller's to say.
    """
    _count_again(transaction, list_id, [(event, event._replace(flags=flags)) for event, flags in changes])
    set_flags(transaction, list_id, {event.id: flags for event, flags in changes})


def replace_events(
    transaction: Transaction, list_id: int, changes: Sequence[tuple[StoredEvent, StoredEvent]]
) -> None:
    """Give events other flags and properties, and everything that is counted what follows; as `change_flags` does."""
    _count_again(transaction, list_id, changes)
    set_flags(transaction, list_id, {new.id: new.flags for _, new in changes})
    set_properties(transaction, list_id, {new.id: bytes(new.properties) for _, new in changes})


def _count_again(
    transaction: Transaction, list_id: int, changes: Sequence[tuple[StoredEvent, StoredEvent]]
) -> None:
    """Take off what events were counted as, and count them as they shall be."""
    for sign, events in ((-1, [old for old, _ in changes]), (1, [new for _, new in changes])):
        others = [e for e, pair in zip(events, changes, strict=True) if _is_counted_anew(*pair)]
        add_to_catalogue(transaction, list_id, others, sign)
        add_to_buckets(transaction, list_id, others, sign)
        counters.add_conversions(transaction, signed(totals_of(list_id, events), sign))


def _is_counted_anew(old: StoredEvent, new: StoredEvent) -> bool:
    """What is counted of every event is left out of robots' only."""
    return bool((old.flags ^ new.flags) & IS_BOT)


def add_to_catalogue(
    transaction: Transaction, list_id: int, events: Iterable[StoredEvent], sign: int
) -> None:
    """In the order in which the counts are written by others, so that servers do not deadlock. Robots' are not counted.

    Before an event is taken off, it is counted, if it was not yet.
    """
    events = [event for event in events if not event.flags & IS_BOT]
    if sign < 0:
        count_first(transaction, list_id, [event.id for event in events])
    counts = CatalogueCounts()
    for event in events:
        counts.add(list_id, event.name, decoded_properties(event.properties), event.received_at)
    for (_, name), count in sorted(counts.names()):
        catalogue_counts.change(transaction, list_id, name, None, (sign * count,))
    for (_, name, item), types in sorted(counts.properties()):
        catalogue_counts.change(transaction, list_id, name, item, [sign * count for count in types])


def add_to_buckets(transaction: Transaction, list_id: int, events: Iterable[StoredEvent], sign: int) -> None:
    """Robots' events are not counted."""
    buckets: Counter[EventBucket] = Counter(
        (list_id, event.name, bucket_of(event.event_at)) for event in events if not event.flags & IS_BOT
    )
    counters.add_events(transaction, {key: sign * count for key, count in buckets.items()})


def counted_conversions(events: Iterable[StoredEvent]) -> list[StoredEvent]:
    """Those of the events that are conversions that count."""
    return [event for event in events if event.name == _CONVERSION and not event.flags & NOT_COUNTED]


def totals_of(list_id: int, events: Iterable[StoredEvent]) -> Totals:
    """What those of the events add to the totals that are conversions that count."""
    totals: Totals = {}
    for stored in counted_conversions(events):
        event = _as_event(list_id, stored)
        total = total_of(event)
        count, units, millionths = totals.get(total, (0, 0, 0))
        more = worth(event)
        totals[total] = (count + 1, units + more[0], millionths + more[1])
    return totals


def expired_public(list_id: int, events: Iterable[StoredEvent]) -> list[Row]:
    """What those of the events are worth that may yet be uncounted: rows for `note_expired`."""
    rows = []
    for stored in counted_conversions(events):
        if stored.flags & IS_PUBLIC:
            event = _as_event(list_id, stored)
            _, name, currency = total_of(event)
            expired = orjson.dumps([name.decode(), currency.decode(), *worth(event)])
            rows.append((expired, list_id, conversion_key(event), stored.id))
    return sorted(rows, key=lambda row: row[2:])


def uncount_expired(transaction: Transaction, list_id: int, expired: Iterable[bytes | None]) -> None:
    """Take off the totals what deleted conversions have added to them."""
    totals: Totals = {}
    for each in expired:
        if each is not None:
            name, currency, *value = orjson.loads(each)
            total = list_id, name.encode(), currency.encode()
            count, units, millionths = totals.get(total, (0, 0, 0))
            totals[total] = (count - 1, units - value[0], millionths - value[1])
    counters.add_conversions(transaction, totals)
    add_expired(transaction, totals)


def signed(totals: Mapping[Total, Amounts], sign: int) -> Totals:
    """The totals, or with -1 what takes them off."""
    return {key: (sign * amounts[0], sign * amounts[1], sign * amounts[2]) for key, amounts in totals.items()}


def key_of(list_id: int, stored: StoredEvent) -> bytes:
    """The key of a stored conversion in `conversions`."""
    return conversion_key(_as_event(list_id, stored))


def _as_event(list_id: int, stored: StoredEvent) -> Event:
    return Event(list_id, CONVERSION, 0, properties=decoded_properties(bytes(stored.properties)))
