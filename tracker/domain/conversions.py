"""Conversions: the key of a conversion-id, the total that a conversion adds to, and its exact value."""

from __future__ import annotations

import hashlib
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import orjson

from tracker.domain.event import Event
from tracker.formats.event_limits import conversion_id_text, currency_text

#: Milliseconds of one counter bucket.
BUCKET_MS = 15 * 60 * 1000

#: Values are summed as whole units and millionths of a unit: exact, and no sum of them exceeds 64 bits.
MILLIONTHS = 1_000_000

#: (list_id, event name, beginning of the bucket in UTC milliseconds).
EventBucket = tuple[int, bytes, int]

#: (list_id, conversion name, currency).
Total = tuple[int, bytes, bytes]


def bucket_of(event_at: int) -> int:
    """Return the beginning of the counter bucket that an event time falls into, in UTC milliseconds."""
    return event_at - event_at % BUCKET_MS


def first_whole_bucket(events_from: int | None) -> int:
    """Return the first bucket without expired events: in older ones events have been deleted, and their counts stay."""
    return 0 if events_from is None else bucket_of(events_from + BUCKET_MS - 1)


#: Bytes of a conversion's name, and of its currency, that form the key of its total.
MAX_TOTAL_NAME_BYTES = 255

MAX_CURRENCY_BYTES = 16

#: (number of conversions, their value in whole units, and in millionths).
Amounts = tuple[int, int, int]

#: More digits than a value of at most 64 characters has: rounded once, at the end.
_EXACT = Context(prec=100, rounding=ROUND_HALF_EVEN)


def conversion_key(event: Event) -> bytes:
    """Return 32 bytes that are the same for every spelling of a conversion-id of any length."""
    return hashlib.sha256(conversion_id_text(event.properties["conversion-id"]).encode()).digest()


def total_of(event: Event) -> Total:
    """Return the key (list_id, conversion name, currency) of the total that the event adds to."""
    name = _cut(_as_text(event.properties["conversion-name"]), MAX_TOTAL_NAME_BYTES)
    currency = _cut(currency_text(event.properties), MAX_CURRENCY_BYTES)
    return event.list_id, name, currency


def worth(event: Event) -> tuple[int, int]:
    """Return the conversion's value in whole units and millionths."""
    return divmod(value_in_millionths(event.properties["conversion-value"]), MILLIONTHS)


def money_of(properties: dict[str, Any]) -> tuple[str, int]:
    """Return (currency, value in millionths) of a stored conversion."""
    currency = _cut(currency_text(properties), MAX_CURRENCY_BYTES).decode()
    return currency, value_in_millionths(properties["conversion-value"])


def value_in_millionths(value: Any) -> int:
    """Return a valid conversion-value in millionths of a unit; finer fractions are rounded half to even."""
    return int(_EXACT.to_integral_value(_EXACT.multiply(Decimal(str(value).strip()), MILLIONTHS)))


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _cut(text: str, max_bytes: int) -> bytes:
    """Return at most `max_bytes` bytes of the text, in whole characters."""
    return text.encode()[:max_bytes].decode(errors="ignore").encode()
