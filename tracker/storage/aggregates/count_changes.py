"""Count changes of stored events: subtracted, added again, and changed together with the flags that they follow from."""

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
from tracker.storage.aggregates.seen_times import NO_TIMES, EventTimes
from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.events.events import StoredEvent, set_flags, set_properties

Totals = dict[Total, Amounts]
_CONVERSION = CONVERSION.encode()


def change_flags(transaction: Transaction, list_id: int, changes: Sequence[tuple[StoredEvent, int]]) -> None:
    """Set flags of events, and change every count that follows from them: catalogue, buckets, totals.

    The events come from `read_events` with `is_locking`. The caller decides which event counts for a conversion-id
    (`conversions`).
    """
    _count_again(transaction, list_id, [(event, event._replace(flags=flags)) for event, flags in changes])
    set_flags(transaction, list_id, {event.id: flags for event, flags in changes})


def replace_events(
    transaction: Transaction, list_id: int, changes: Sequence[tuple[StoredEvent, StoredEvent]]
) -> None:
    """Set flags and properties of events, and change every count that follows from them, as `change_flags` does."""
    _count_again(transaction, list_id, changes)
    set_flags(transaction, list_id, {new.id: new.flags for _, new in changes})
    set_properties(transaction, list_id, {new.id: bytes(new.properties) for _, new in changes})


def _count_again(
    transaction: Transaction, list_id: int, changes: Sequence[tuple[StoredEvent, StoredEvent]]
) -> None:
    """Subtract the events as they were counted, and add them as they are to be."""
    for sign, events in ((-1, [old for old, _ in changes]), (1, [new for _, new in changes])):
        others = [e for e, pair in zip(events, changes, strict=True) if _is_counted_anew(*pair)]
        add_to_catalogue(transaction, list_id, others, sign)
        add_to_buckets(transaction, list_id, others, sign)
        counters.add_conversions(transaction, signed(totals_of(list_id, events), sign))


def _is_counted_anew(old: StoredEvent, new: StoredEvent) -> bool:
    """Return whether the verdict about bots has changed: their events are left out of the catalogue and the buckets."""
    return bool((old.flags ^ new.flags) & IS_BOT)


def add_to_catalogue(
    transaction: Transaction, list_id: int, events: Iterable[StoredEvent], sign: int
) -> None:
    """Add events to the catalogue's counts, or subtract them (`sign` -1). Bots' events are not counted.

    The counts are written in the order in which every writer writes them, so that servers do not deadlock. An event
    that is still in the outbox is counted before it is subtracted.
    """
    events = [event for event in events if not event.flags & IS_BOT]
    if sign < 0:
        count_first(transaction, list_id, [event.id for event in events])
    counts = CatalogueCounts()
    for event in events:
        times = EventTimes(event.event_at, event.received_at)
        counts.add(list_id, event.name, decoded_properties(event.properties), times)
    seen = dict(counts.times()) if sign > 0 else {}  # a name was seen, whatever becomes of its events
    for (_, name), count in sorted(counts.names()):
        times_of = seen.get((list_id, name, None), NO_TIMES)
        catalogue_counts.change(transaction, list_id, name, None, (sign * count,), times_of)
    for (_, name, item), types in sorted(counts.properties()):
        times_of = seen.get((list_id, name, item), NO_TIMES)
        catalogue_counts.change(transaction, list_id, name, item, [sign * n for n in types], times_of)


def add_to_buckets(transaction: Transaction, list_id: int, events: Iterable[StoredEvent], sign: int) -> None:
    """Add events to the 15-minute buckets, or subtract them. Bots' events are not counted."""
    buckets: Counter[EventBucket] = Counter(
        (list_id, event.name, bucket_of(event.event_at)) for event in events if not event.flags & IS_BOT
    )
    counters.add_events(transaction, {key: sign * count for key, count in buckets.items()})


def counted_conversions(events: Iterable[StoredEvent]) -> list[StoredEvent]:
    """Return those of the events that are conversions and count."""
    return [event for event in events if event.name == _CONVERSION and not event.flags & NOT_COUNTED]


def totals_of(list_id: int, events: Iterable[StoredEvent]) -> Totals:
    """Return what the conversions among the events that count add to the totals."""
    totals: Totals = {}
    for stored in counted_conversions(events):
        event = _as_event(list_id, stored)
        total = total_of(event)
        count, units, millionths = totals.get(total, (0, 0, 0))
        more = worth(event)
        totals[total] = (count + 1, units + more[0], millionths + more[1])
    return totals


def expired_public(list_id: int, events: Iterable[StoredEvent]) -> list[Row]:
    """Return the values of deleted public conversions that may be subtracted later: rows for `note_expired`."""
    rows = []
    for stored in counted_conversions(events):
        if stored.flags & IS_PUBLIC:
            event = _as_event(list_id, stored)
            _, name, currency = total_of(event)
            expired = orjson.dumps([name.decode(), currency.decode(), *worth(event)])
            rows.append((expired, list_id, conversion_key(event), stored.id))
    return sorted(rows, key=lambda row: row[2:])


def uncount_expired(transaction: Transaction, list_id: int, expired: Iterable[bytes | None]) -> None:
    """Subtract from the totals what deleted conversions had added to them."""
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
    """Return the totals, or with -1 their negatives."""
    return {key: (sign * amounts[0], sign * amounts[1], sign * amounts[2]) for key, amounts in totals.items()}


def key_of(list_id: int, stored: StoredEvent) -> bytes:
    """Return the key of a stored conversion in `conversions`."""
    return conversion_key(_as_event(list_id, stored))


def _as_event(list_id: int, stored: StoredEvent) -> Event:
    return Event(list_id, CONVERSION, 0, properties=decoded_properties(bytes(stored.properties)))
