"""What does a group of events add to the counters?"""

from __future__ import annotations

import hashlib
from collections import Counter
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import orjson

from tracker.ingest.event import CONVERSION, Event
from tracker.storage import counters
from tracker.storage.counters import MILLIONTHS, EventBucket, Total, bucket_of
from tracker.storage.transaction import Row, Transaction

#: Bytes of a conversion's name and currency that its totals are kept under.
MOST_TOTAL_NAME_BYTES, MOST_CURRENCY_BYTES = 255, 16
#: How many conversions, and their value in whole units and millionths.
Amounts = tuple[int, int, int]
#: More digits than a value of at most 64 characters has: rounded once, at the end.
_EXACT = Context(prec=100, rounding=ROUND_HALF_EVEN)


class Tallies:
    """Counts of one attempt at a group."""

    def __init__(self, transaction: Transaction, events: list[Event]) -> None:
        self._counted = _counted_conversions(transaction, events)
        self._first_conversions: list[Row] = []
        self._events: Counter[EventBucket] = Counter()
        self._totals: dict[Total, Amounts] = {}

    def add_event(self, list_id: int, name: bytes, event_at: int) -> None:
        self._events[list_id, name, bucket_of(event_at)] += 1

    def add_conversion(self, event: Event) -> bool:
        """Count a conversion unless its conversion-id has been; whether it was a repeat."""
        if not event.is_conversion_id_goal:
            key = (event.list_id, conversion_key(event))
            if key in self._counted:
                return True
            self._counted.add(key)
            self._first_conversions.append((*key, event.row_id))
        self._count(event)
        return False

    def _count(self, event: Event) -> None:
        total = total_of(event)
        count, units, millionths = self._totals.get(total, (0, 0, 0))
        value = value_in_millionths(event.properties["conversion-value"])
        self._totals[total] = (count + 1, units + value // MILLIONTHS, millionths + value % MILLIONTHS)

    def write(self, transaction: Transaction) -> None:
        counters.keep_conversions(transaction, self._first_conversions)
        counters.add_events(transaction, self._events)
        counters.add_conversions(transaction, self._totals)


def _counted_conversions(transaction: Transaction, events: list[Event]) -> set[tuple[int, bytes]]:
    keys = [
        (event.list_id, conversion_key(event))
        for event in events
        if event.name == CONVERSION and not event.is_conversion_id_goal
    ]
    return counters.find_conversions(transaction, keys) if keys else set()


def conversion_key(event: Event) -> bytes:
    """32 bytes for a conversion-id of any length; the number 7 and the text "7" are one."""
    return hashlib.sha256(_as_text(event.properties["conversion-id"]).encode()).digest()


def total_of(event: Event) -> Total:
    """(list_id, conversion name, currency) whose total the event adds to."""
    name = _cut(_as_text(event.properties["conversion-name"]), MOST_TOTAL_NAME_BYTES)
    currency = _cut(_as_text(event.properties.get("conversion-currency") or ""), MOST_CURRENCY_BYTES)
    return event.list_id, name, currency


def value_in_millionths(value: Any) -> int:
    """A valid conversion-value as an integer; what is finer than a millionth is rounded half to even."""
    return int(_EXACT.to_integral_value(_EXACT.multiply(Decimal(str(value).strip()), MILLIONTHS)))


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _cut(text: str, most_bytes: int) -> bytes:
    """At most so many bytes, whole characters."""
    return text.encode()[:most_bytes].decode(errors="ignore").encode()
