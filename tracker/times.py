"""Times on the wire: ISO 8601 and epoch numbers. Inside Tracker a time is UTC milliseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

#: Numbers from 10^11 on are milliseconds, smaller ones are seconds. The second number is the end of the year 9999.
MILLISECONDS_FROM, MAX_EPOCH_MS = 10**11, 253_402_300_800_000
#: The longest ISO 8601 time: `2026-01-31T09:30:00.123456789+00:00`.
MAX_ISO_CHARACTERS = 35
#: Numbers below this (1980 in seconds) are milliseconds as well. Clocks that were never set begin in 1970, in 1980 or later.
SECONDS_FROM = 315_532_800

#: What a parameter that is a time may look like, for error hints.
TIME_FORMS = (
    "A time is ISO 8601 with an offset, such as 2026-01-31T09:30:00Z, or seconds or milliseconds since 1970"
)

_DECIMAL = re.compile(r"[0-9]{1,16}(\.[0-9]{1,9})?")
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)"
)
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)


def iso_utc(milliseconds: int) -> str:
    """Return ISO 8601 in UTC with milliseconds: `2026-01-31T09:30:00.125Z`."""
    moment = _EPOCH + milliseconds * _MILLISECOND
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def time_ms(value: Any) -> int | None:
    """Return UTC milliseconds of an ISO 8601 time with offset, or of epoch seconds or milliseconds; None for anything else.

    Numbers from 10^11 on are milliseconds: as seconds that would be the year 5138, as milliseconds it is 1973. Numbers below
    SECONDS_FROM are milliseconds too: no event is of the seventies, but a browser's clock that stands there counts
    milliseconds, and the time between an event and its sending must not become a thousandfold.
    """
    if isinstance(value, str):
        return iso_ms(value) if "T" in value or "t" in value or " " in value else _epoch_ms_of_text(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < MAX_EPOCH_MS:
        return None
    return round(value * 1000) if SECONDS_FROM <= value < MILLISECONDS_FROM else int(value)


def _epoch_ms_of_text(text: str) -> int | None:
    is_number = len(text) <= 32 and _DECIMAL.fullmatch(text)
    return time_ms(float(text) if "." in text else int(text)) if is_number else None


def iso_ms(text: str) -> int | None:
    """Return UTC milliseconds of an ISO 8601 time with offset; None for anything else."""
    return _iso_ms(text) if len(text) <= MAX_ISO_CHARACTERS else None


@lru_cache(maxsize=64)  # all events of a batch were sent at one time
def _iso_ms(text: str) -> int | None:
    if not _ISO.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
        return (moment - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):  # the 30th of February, or an offset out of the calendar
        return None
