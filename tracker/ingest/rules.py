"""What may an event say? The limits of names, IDs, UUIDs and properties; pure checks that give a reason or a value."""

from __future__ import annotations

import hashlib
import math
import re
from typing import Any

#: Published limits of one event, in UTF-8 bytes where it is text.
MOST_NAME_BYTES, MOST_PROPERTIES, MOST_PROPERTY_NAME_BYTES, MOST_STRING_BYTES = 200, 255, 255, 32 * 1024
MOST_ID_BYTES = 255
#: Milliseconds: the error of a client's clock that is let be; how far ahead and how long ago an event may be.
SKEW_MS, MOST_FUTURE_MS, MOST_PAST_MS = 60_000, 24 * 3_600_000, 3653 * 24 * 3_600_000
#: Conversion values beyond this are no money.
MOST_VALUE = 10**12
#: What broken integrations send instead of an ID; as an ID it would merge all their visitors into one person. All that
#: PostHog and Mixpanel refuse, too, in any letter case and quoting, and what Objective-C and Google Analytics print.
PLACEHOLDERS = frozenset((
    "undefined", "null", "none", "nil", "nan", "0", "-1", "true", "false", "[object object]", "anonymous", "anon", "guest",
    "id", "distinct_id", "distinctid", "not_authenticated", "email", "unknown", "n/a", "na", "user_id", "userid", "<nil>",
    "[]", "{}", "00000000-0000-0000-0000-000000000000", "lmy47d", "(null)", "<null>", "(not set)", "(none)",
))  # fmt: skip
CONVERSION_PROPERTIES = ("conversion-id", "conversion-name", "conversion-value")
#: An ID of this form is the SHA-256 of an email: it may find a person, and never makes one.
_HASH = re.compile(r"[0-9a-fA-F]{64}")
_UUID = re.compile(
    r"(?:urn:uuid:)?(?:\{)?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})(?:\})?",
    re.I,
)
_PARTS = [8, 4, 4, 4, 12]
#: The nil and max UUIDs.
_NOBODY = (None, bytes(16), b"\xff" * 16)
_EVENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: Exponents of more digits are no money, and beyond what can be calculated with.
_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?\s*", re.ASCII)


def name_fault(name: str) -> str | None:
    """Why this is no event name; a blank one is for the caller to tell apart."""
    if len(name) > MOST_NAME_BYTES or len(name.encode()) > MOST_NAME_BYTES:
        return f"longer than {MOST_NAME_BYTES} bytes"
    return "it contains NUL" if "\0" in name else None


def external_id_fault(external_id: str) -> str | None:
    if not external_id.strip():
        return "it is blank"
    if len(external_id.encode()) > MOST_ID_BYTES:
        return f"longer than {MOST_ID_BYTES} bytes"
    return "it contains control characters" if _CONTROL.search(external_id) else None


def is_placeholder(external_id: str) -> bool:
    return external_id.strip().strip("\"'").lower() in PLACEHOLDERS


def is_hash(external_id: str | None) -> bool:
    return external_id is not None and _HASH.fullmatch(external_id) is not None


def visitor_uuid_of_hash(list_id: int, external_id: str) -> bytes:
    """An unmatched hash is a stable anonymous visitor: the same one in every call."""
    digest = hashlib.sha256(
        b"tracker visitor of a hash\0%d\0%s" % (list_id, external_id.lower().encode())
    ).digest()
    # RFC 9562's version 8, made in a way of one's own: Python before 3.14 cannot make one.
    return bytes((*digest[:6], digest[6] & 0x0F | 0x80, digest[7], digest[8] & 0x3F | 0x80, *digest[9:16]))


def parse_uuid(text: str) -> bytes | None:
    """16 bytes, from any RFC spelling; None for anything else, and for the nil and max UUIDs that name nobody."""
    value = _usual_uuid(text) or _uuid_in_any_spelling(text)
    return None if value in _NOBODY else value


def _usual_uuid(text: str) -> bytes | None:
    """The spelling that nearly all clients use, at a quarter of the cost."""
    parts = text.split("-")
    if [len(part) for part in parts] != _PARTS:
        return None
    try:
        value = bytes.fromhex("".join(parts))
    except ValueError:
        return None
    return value if len(value) == 16 else None  # it passes over white space


def _uuid_in_any_spelling(text: str) -> bytes | None:
    match = _UUID.fullmatch(text)
    if match is None or ("{" in text) != ("}" in text):
        return None
    return bytes.fromhex("".join(match.groups()))


def uuid_text(value: bytes) -> str:
    """Lower-case with hyphens."""
    digits = value.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def is_event_id(text: str) -> bool:
    return _EVENT_ID.fullmatch(text) is not None


def properties_fault(properties: dict[str, Any]) -> str | None:
    """Why these properties cannot be stored, or None."""
    if len(properties) > MOST_PROPERTIES:
        return f"more than {MOST_PROPERTIES} properties"
    for name, value in properties.items():
        if len(name) > 63 and len(name.encode()) > MOST_PROPERTY_NAME_BYTES:
            return f"a property name is longer than {MOST_PROPERTY_NAME_BYTES} bytes"
        if "\0" in name:
            return "a property name contains NUL"
        if value.__class__ is not str and value.__class__ is not int and _has_long_string(value):
            return _TOO_LONG
        if value.__class__ is str and _is_long(value):
            return _TOO_LONG
    return None


_TOO_LONG = f"a string is longer than {MOST_STRING_BYTES} bytes"


def _is_long(value: str) -> bool:
    return len(value) > MOST_STRING_BYTES // 4 and len(value.encode()) > MOST_STRING_BYTES


def _has_long_string(value: Any) -> bool:
    """Depth is bounded where the body is read."""
    if isinstance(value, str):
        return _is_long(value)
    if isinstance(value, dict):
        return any(_is_long(name) or _has_long_string(item) for name, item in value.items())
    return isinstance(value, list) and any(_has_long_string(item) for item in value)


def missing_conversion_properties(properties: dict[str, Any]) -> list[str]:
    """Those of the three that are absent, null or empty text."""
    return [name for name in CONVERSION_PROPERTIES if properties.get(name) in (None, "")]


def is_conversion_value(value: Any) -> bool:
    """A finite number, or text that is one, of at most MOST_VALUE either way."""
    if isinstance(value, str) and len(value) <= 64 and _NUMBER.fullmatch(value):
        value = float(value)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and abs(value) <= MOST_VALUE


def event_time(received_at: int, claimed_at: int | None, sent_at: int | None) -> int:
    """When an event happened, by our clock, in UTC milliseconds.

    The client's clock is trusted while it is right within SKEW_MS at the moment of sending; beyond that all its times
    are shifted by its error, so that the events of one request keep their order and spacing.
    """
    if claimed_at is None:
        return received_at
    skew = 0 if sent_at is None else sent_at - received_at
    return claimed_at - skew if abs(skew) > SKEW_MS else claimed_at


def is_event_time(event_at: int, received_at: int) -> bool:
    """Not more than a day ahead, nor older than ten years."""
    return received_at - MOST_PAST_MS <= event_at <= received_at + MOST_FUTURE_MS
