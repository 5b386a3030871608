"""Event limits: checks of names, IDs, UUIDs, properties and conversion values that return a reason or a value."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from typing import Any

import orjson

from tracker.formats.placeholders import is_placeholder

#: Published limits of one event, in UTF-8 bytes where it is text.
MAX_NAME_BYTES, MAX_PROPERTIES, MAX_PROPERTY_NAME_BYTES, MAX_STRING_BYTES = 200, 255, 255, 32 * 1024
MAX_ID_BYTES = 255
#: Characters that are never more than MAX_STRING_BYTES bytes.
SHORT_CHARACTERS = MAX_STRING_BYTES // 4
#: The largest conversion value either way: more is no amount of money.
MAX_VALUE = 10**12
CONVERSION_PROPERTIES = ("conversion-id", "conversion-name", "conversion-value")
#: An ID of this form is the SHA-256 of an email address: it may find a subscriber, and never makes one.
_HASH = re.compile(r"[0-9a-fA-F]{64}")
_UUID = re.compile(
    r"(?:urn:uuid:)?(?:\{)?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})(?:\})?",
    re.I,
)
_PARTS = [8, 4, 4, 4, 12]
#: None, and the nil and max UUIDs, which name no visitor.
_NO_VISITOR = (None, bytes(16), b"\xff" * 16)
#: White space of Unicode, and characters of no width: soft hyphen, zero-width (non-)joiner and space, word joiner, BOM.
_EDGES = (
    " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\u00ad\u200b\u200c\u200d\u2060\ufeff"
)
_EVENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: A whole number that a program wrote as a float.
_WHOLE = re.compile(r"-?[1-9][0-9]{0,17}\.0")
#: Exponents of more than four digits are no money, and too large to calculate with.
_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?\s*", re.ASCII)


def name_fault(name: str) -> str | None:
    """Return why this is no event name, or None. The caller checks for a blank one."""
    if len(name) > MAX_NAME_BYTES or len(name.encode()) > MAX_NAME_BYTES:
        return f"longer than {MAX_NAME_BYTES} bytes"
    return "it contains NUL" if "\0" in name else None


def trimmed(text: str) -> str:
    """Return the text without white space and characters of no width at its ends: invisible, and added by copying."""
    return text.strip(_EDGES)


def external_id_fault(external_id: str) -> str | None:
    """Return why this trimmed text is no ID of a subscriber, or None if it is one."""
    if not external_id:
        return "it is blank"
    if len(external_id.encode()) > MAX_ID_BYTES:
        return f"longer than {MAX_ID_BYTES} bytes"
    return "it contains control characters" if _CONTROL.search(external_id) else None


def is_hash(external_id: str | None) -> bool:
    return external_id is not None and _HASH.fullmatch(external_id) is not None


def visitor_uuid_of_hash(list_id: int, external_id: str) -> bytes:
    """Return the uuid of the anonymous visitor that stands for an unmatched hash: the same in every call."""
    digest = hashlib.sha256(
        b"tracker visitor of a hash\0%d\0%s" % (list_id, external_id.lower().encode())
    ).digest()
    # A version 8 UUID (RFC 9562), assembled here: Python before 3.14 cannot make one.
    return bytes((*digest[:6], digest[6] & 0x0F | 0x80, digest[7], digest[8] & 0x3F | 0x80, *digest[9:16]))


def is_visitor_of_hash(uuid: bytes) -> bool:
    """Return whether the uuid may come from `visitor_uuid_of_hash`: anybody who knows the hash can compute those."""
    return uuid[6] >> 4 == 8


def parse_uuid(text: str) -> bytes | None:
    """Parse any RFC spelling into 16 bytes. Returns None for anything else, and for the nil and max UUIDs."""
    value = _usual_uuid(text) or _uuid_in_any_spelling(text)
    return None if value in _NO_VISITOR else value


def _usual_uuid(text: str) -> bytes | None:
    """Parse the spelling that nearly all clients use, at a quarter of the cost."""
    parts = text.split("-")
    if [len(part) for part in parts] != _PARTS:
        return None
    try:
        value = bytes.fromhex("".join(parts))
    except ValueError:
        return None
    return value if len(value) == 16 else None  # fromhex skips white space


def _uuid_in_any_spelling(text: str) -> bytes | None:
    match = _UUID.fullmatch(text)
    if match is None or ("{" in text) != ("}" in text):
        return None
    return bytes.fromhex("".join(match.groups()))


def uuid_text(value: bytes) -> str:
    """Return 16 bytes as lower-case text with hyphens."""
    digits = value.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def is_event_id(text: str) -> bool:
    return _EVENT_ID.fullmatch(text) is not None


def properties_fault(properties: dict[str, Any]) -> str | None:
    """Return why these properties cannot be stored, or None."""
    if len(properties) > MAX_PROPERTIES:
        return f"more than {MAX_PROPERTIES} properties"
    for name, value in properties.items():
        if len(name) > 63 and len(name.encode()) > MAX_PROPERTY_NAME_BYTES:
            return f"a property name is longer than {MAX_PROPERTY_NAME_BYTES} bytes"
        if "\0" in name:
            return "a property name contains NUL"
        if value.__class__ is str:
            if len(value) > SHORT_CHARACTERS and is_long(value):
                return _TOO_LONG
        elif value.__class__ is not int and _has_long_string(value):
            return _TOO_LONG
    return None


_TOO_LONG = f"a string is longer than {MAX_STRING_BYTES} bytes"


def is_long(value: str) -> bool:
    """Return whether a string in properties is longer than MAX_STRING_BYTES in UTF-8."""
    return len(value) > SHORT_CHARACTERS and len(value.encode()) > MAX_STRING_BYTES


def _has_long_string(value: Any) -> bool:
    """Return whether a value contains a long string. Its depth is bounded by the body reader."""
    if isinstance(value, str):
        return is_long(value)
    if isinstance(value, dict):
        return any(is_long(name) or _has_long_string(item) for name, item in value.items())
    return isinstance(value, list) and any(_has_long_string(item) for item in value)


def missing_conversion_properties(properties: dict[str, Any]) -> list[str]:
    """Return which of CONVERSION_PROPERTIES are absent, null or empty text; a conversion-id of white space is empty too."""
    missing = [name for name in CONVERSION_PROPERTIES if properties.get(name) in (None, "")]
    conversion_id = properties.get("conversion-id")
    is_blank = isinstance(conversion_id, str) and conversion_id != "" and not trimmed(conversion_id)
    return ["conversion-id", *missing] if is_blank else missing


def conversion_id_text(value: Any) -> str:
    """Return the canonical text of a conversion-id: trimmed, in NFC. 7, 7.0 and "7" are equal, so are forms of an accent."""
    if isinstance(value, str):
        text = trimmed(value if value.isascii() else unicodedata.normalize("NFC", value))
        return text[:-2] if _WHOLE.fullmatch(text) else text
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        value = int(value)
    return orjson.dumps(value).decode()


def is_placeholder_order(conversion_id: Any) -> bool:
    """Return whether a conversion-id is a placeholder for an order's id. Numbers are ids: a shop's first may be 0."""
    is_number = isinstance(conversion_id, (int, float)) and not isinstance(conversion_id, bool)
    return conversion_id is not None and not is_number and is_placeholder(conversion_id_text(conversion_id))


def is_conversion_value(value: Any) -> bool:
    """Return whether the value is a finite number, or the text of one, of at most MAX_VALUE either way."""
    return conversion_value_fault(value) is None


def conversion_value_fault(value: Any) -> str | None:
    """Return why this is no value of a conversion, or None."""
    if isinstance(value, str):
        if len(value) > 64 or not _NUMBER.fullmatch(value):
            is_comma_at_fault = value.count(",") == 1 and _NUMBER.fullmatch(value.replace(",", "."))
            return (
                "write 12.50, with a point and without separators"
                if is_comma_at_fault
                else "it must be a number"
            )
        value = float(value)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return "it must be a number"
    return None if math.isfinite(value) and abs(value) <= MAX_VALUE else "it must be within 10^12 either way"


def currency_text(properties: dict[str, Any]) -> str:
    """Return the currency under which a conversion is totalled, trimmed and in capitals, or "" if it has none.

    It is `conversion-currency`, else `currency`, as other trackers call it.
    """
    value = properties.get("conversion-currency")
    value = properties.get("currency") if value in (None, "") else value
    if value in (None, ""):
        return ""
    return trimmed(value if isinstance(value, str) else orjson.dumps(value).decode()).upper()
