"""Conversions: the key of a conversion-id, the total it adds to, and its exact value."""

from __future__ import annotations

import hashlib
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import orjson

from tracker.domain.event import Event
from tracker.formats.event_limits import conversion_id_text, currency_text

#: Milliseconds of one counter bucket.
BUCKET_MS = 15 * 60 * 1000

#: Values are summed as whole units and millionths of a unit: exact, and no sum of theirs leaves 64 bits.
MILLIONTHS = 1_000_000

EventBucket = tuple[int, bytes, int]

Total = tuple[int, bytes, bytes]


def bucket_of(event_at: int) -> int:
    """The beginning of the bucket an event time falls into, in UTC milliseconds."""
    return event_at - event_at % BUCKET_MS


#: Bytes of a conversion's name and currency that its totals are kept under.
MAX_TOTAL_NAME_BYTES = 255

MAX_CURRENCY_BYTES = 16

#: How many conversions, and their value in whole units and millionths.
Amounts = tuple[int, int, int]

#: More digits than a value of at most 64 characters has: rounded once, at the end.
_EXACT = Context(prec=100, rounding=ROUND_HALF_EVEN)


def conversion_key(event: Event) -> bytes:
    """32 bytes for a conversion-id of any length and spelling."""
    return hashlib.sha256(conversion_id_text(event.properties["conversion-id"]).encode()).digest()


def total_of(event: Event) -> Total:
    """(list_id, conversion name, currency) whose total the event adds to."""
    name = _cut(_as_text(event.properties["conversion-name"]), MAX_TOTAL_NAME_BYTES)
    currency = _cut(currency_text(event.properties), MAX_CURRENCY_BYTES)
    return event.list_id, name, currency


def worth(event: Event) -> tuple[int, int]:
    """The conversion's value in whole units and millionths."""
    return divmod(value_in_millionths(event.properties["conversion-value"]), MILLIONTHS)


def value_in_millionths(value: Any) -> int:
    """A valid conversion-value as an integer; what is finer than a millionth is rounded half to even."""
    return int(_EXACT.to_integral_value(_EXACT.multiply(Decimal(str(value).strip()), MILLIONTHS)))


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _cut(text: str, max_bytes: int) -> bytes:
    """At most so many bytes, whole characters."""
    return text.encode()[:max_bytes].decode(errors="ignore").encode()
