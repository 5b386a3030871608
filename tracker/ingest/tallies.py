"""What does a group of events add to the counters?"""

from __future__ import annotations

import hashlib
from collections import Counter
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import orjson

from tracker.ingest.event import Event
from tracker.ingest.rules import conversion_id_text, currency_text
from tracker.storage import counters
from tracker.storage.counters import MILLIONTHS, EventBucket, Total, bucket_of
from tracker.storage.transaction import Transaction

#: Bytes of a conversion's name and currency that its totals are kept under.
MOST_TOTAL_NAME_BYTES, MOST_CURRENCY_BYTES = 255, 16
#: How many conversions, and their value in whole units and millionths.
Amounts = tuple[int, int, int]
#: More digits than a value of at most 64 characters has: rounded once, at the end.
_EXACT = Context(prec=100, rounding=ROUND_HALF_EVEN)


class Tallies:
    """Counts of one attempt at a group."""

    def __init__(self) -> None:
        self._events: Counter[EventBucket] = Counter()
        self._totals: dict[Total, Amounts] = {}

    def add_event(self, list_id: int, name: bytes, event_at: int) -> None:
        self._events[list_id, name, bucket_of(event_at)] += 1

    def add_conversion(self, event: Event) -> None:
        """One that counts."""
        total = total_of(event)
        count, units, millionths = self._totals.get(total, (0, 0, 0))
        more = worth(event)
        self._totals[total] = (count + 1, units + more[0], millionths + more[1])

    def write(self, transaction: Transaction) -> None:
        counters.add_events(transaction, self._events)
        counters.add_conversions(transaction, self._totals)


def conversion_key(event: Event) -> bytes:
    """32 bytes for a conversion-id of any length and spelling."""
    return hashlib.sha256(conversion_id_text(event.properties["conversion-id"]).encode()).digest()


def total_of(event: Event) -> Total:
    """(list_id, conversion name, currency) whose total the event adds to."""
    name = _cut(_as_text(event.properties["conversion-name"]), MOST_TOTAL_NAME_BYTES)
    currency = _cut(currency_text(event.properties), MOST_CURRENCY_BYTES)
    return event.list_id, name, currency


def worth(event: Event) -> tuple[int, int]:
    """The conversion's value in whole units and millionths."""
    return divmod(value_in_millionths(event.properties["conversion-value"]), MILLIONTHS)


def value_in_millionths(value: Any) -> int:
    """A valid conversion-value as an integer; what is finer than a millionth is rounded half to even."""
    return int(_EXACT.to_integral_value(_EXACT.multiply(Decimal(str(value).strip()), MILLIONTHS)))


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _cut(text: str, most_bytes: int) -> bytes:
    """At most so many bytes, whole characters."""
    return text.encode()[:most_bytes].decode(errors="ignore").encode()
