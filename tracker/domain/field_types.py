"""Custom fields: the fields of a list and their types. Values are checked by type and stored as canonical JSON."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from tracker.times import iso_ms, iso_utc

#: Custom fields of one list.
MAX_FIELDS = 200


@dataclass(frozen=True, slots=True)
class CustomField:
    """A custom field of one list. The values of the unique field are the subscribers' external ids.

    `created_at` is in UTC milliseconds.
    """

    id: int
    list_id: int
    name: str
    alias: str | None
    data_type: str
    is_unique: bool
    created_at: int


def alias_key(alias: str) -> str:
    """Return an alias as it is compared: without letter case. Aliases are ASCII."""
    return alias.lower()


TEXT, NUMBER, BOOLEAN, DATE, DATETIME = "text", "number", "boolean", "date", "datetime"
#: UTF-8 bytes of a text.
MAX_TEXT_BYTES = 8 * 1024
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: The years 1 to 9999 in UTC, in milliseconds: the times that can be answered.
_MIN_MS, _MAX_MS = -62_135_596_800_000, 253_402_300_799_999
_WORDS = {"true": True, "1": True, "false": False, "0": False}


class InvalidValue(ValueError):
    """The value does not have the field's type. The text says what the type needs."""


def stored_value(data_type: str, value: Any) -> bytes:
    """Return the bytes that a value is stored as. Forms send text only, so text may be a number or a boolean.

    Raises InvalidValue.
    """
    return orjson.dumps(_CHECKS[data_type](value))


def shown_value(data_type: str, stored: bytes) -> Any:
    """Return the value that answers show for the bytes of `stored_value`."""
    value = orjson.loads(stored)
    return iso_utc(value) if data_type == DATETIME else value


def _text(value: Any) -> str:
    """Check a text. JSON's numbers are taken as they are written, since forms and CSV files have text only."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = orjson.dumps(value).decode()
    if not isinstance(value, str):
        raise InvalidValue("it must be a string or a number")
    if "\0" in value:
        raise InvalidValue("it contains NUL")
    if len(value.encode()) > MAX_TEXT_BYTES:
        raise InvalidValue(f"it is longer than {MAX_TEXT_BYTES} bytes")
    return value


def _number(value: Any) -> int | float:
    if isinstance(value, str):
        value = _number_in(value.strip(" "))
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise InvalidValue("it must be a finite number")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise InvalidValue("it must be an integer of 64 bits")
    return value


def _number_in(text: str) -> int | float | None:
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if len(text) <= 64 and _DECIMAL.fullmatch(text) else None


def _boolean(value: Any) -> bool:
    found = _WORDS.get(value.lower()) if isinstance(value, str) else value
    if type(found) in (int, float) and found in (0, 1):
        found = bool(found)
    if not isinstance(found, bool):
        raise InvalidValue("it must be true or false, or 1 or 0")
    return found


def _date(value: Any) -> str:
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value).isoformat()
    except ValueError:  # the 30th of February
        pass
    raise InvalidValue("it must be a date such as 2026-01-31")


def _datetime(value: Any) -> int:
    moment = iso_ms(value) if isinstance(value, str) else None
    if moment is None or not _MIN_MS <= moment <= _MAX_MS:
        raise InvalidValue("it must be a time such as 2026-01-31T09:30:00+01:00")
    return moment


_CHECKS: dict[str, Callable[[Any], Any]] = {
    TEXT: _text,
    NUMBER: _number,
    BOOLEAN: _boolean,
    DATE: _date,
    DATETIME: _datetime,
}
DATA_TYPES = tuple(_CHECKS)
