"""Values of custom fields in a copy: the text that questions compare, and the number if it is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from tracker.domain.field_types import shown_value
from tracker.questions import plain_number


def field_rows(
    rows: Iterable[tuple[int, int, bytes]], types: Mapping[int, str]
) -> list[tuple[int, int, str, float | None]]:
    """Return (person, field, text, number or None) of stored values; values of fields that were deleted are left out."""
    return [
        (subscriber_id, field, *_compared(types[field], bytes(stored)))
        for subscriber_id, field, stored in rows
        if field in types
    ]


def _compared(data_type: str, stored: bytes) -> tuple[str, float | None]:
    value: Any = shown_value(data_type, stored)
    text = value if isinstance(value, str) else orjson.dumps(_whole(value)).decode()
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return text, float(text) if is_number else plain_number(text)


def _whole(value: Any) -> Any:
    """Return 7 for 7.0: equal values are written equally."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2.0**53 else value
