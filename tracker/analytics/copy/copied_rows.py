"""Copied rows: stored events as columns of values for the loader, with canonical properties and what reports derive from them,
and stored values of custom fields as the text that questions compare, and the number if it is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from zlib import crc32

import orjson

from tracker.domain.campaigns import campaign_properties
from tracker.domain.channel_rules import ChannelRules
from tracker.domain.conversions import money_of
from tracker.domain.event import CONVERSION, FORMAT_JSON, IS_BOT, IS_PUBLIC, NOT_COUNTED, decoded_properties
from tracker.domain.field_types import shown_value
from tracker.questions import canonical_number, canonical_text, plain_number
from tracker.storage.accounts import ListSettings

_CONVERSION = CONVERSION.encode()
#: Endings of a number that JSON writes as 7.0: the same value as 7. Most events have not even what all have in common.
_WHOLE_FLOAT, _WHOLE_FLOATS = b".0", (b".0,", b".0}", b".0]")
_ADDRESS, _CHANNEL = b'"$current_url":', b'"$channel":'

#: id, time, name, visitor, span, subscriber named or 0, is a robot's, is a conversion that counts, millionths, currency,
#: properties as JSON: a list of each.
Values = list[list[Any]]
TYPES = (
    "BIGINT",
    "BIGINT",
    "VARCHAR",
    "BIGINT",
    "INTEGER",
    "BIGINT",
    "BOOLEAN",
    "BOOLEAN",
    "BIGINT",
    "VARCHAR",
    "VARCHAR",
)


def values_of(rows: Iterable[tuple[Any, ...]], settings: ListSettings) -> Values:
    """Return the values of stored rows (`copied_events.COPIED`) that did not expire, column by column."""
    events_from, rules = settings.events_from or 0, settings.channel_rules
    names: dict[bytes, str] = {}
    found = []
    for event_id, visitor, span, named, stored_name, at, flags, stored in rows:
        if at < events_from:
            continue
        name = names.get(stored_name) or names.setdefault(stored_name, bytes(stored_name).decode())
        is_counted, currency, millionths = False, None, None
        if stored_name == _CONVERSION and not flags & NOT_COUNTED:
            is_counted = True
            currency, millionths = money_of(decoded_properties(stored))
        found.append((
            event_id, at, name, visitor, span, named or 0, flags & IS_BOT != 0, is_counted, millionths, currency,
            _properties(stored, flags, rules),
        ))  # fmt: skip
    return [list(column) for column in zip(*found, strict=True)] if found else [[] for _ in TYPES]


def rules_number(rules: ChannelRules) -> int:
    """Return a number that stands for the rules by which channels of events are derived."""
    return crc32(repr(rules.rows).encode())


def _properties(stored: bytes, flags: int, rules: ChannelRules) -> str:
    """Return the properties as JSON in which equal values are written equally.

    To an event sent with a key, campaign properties are added, as ingest adds them to those of browsers.
    """
    lacks_campaign = not flags & IS_PUBLIC and _ADDRESS in stored and _CHANNEL not in stored
    has_whole = _WHOLE_FLOAT in stored and any(each in stored for each in _WHOLE_FLOATS)
    if not lacks_campaign and not has_whole and stored[:1] == FORMAT_JSON:
        return stored[1:].decode()
    properties = decoded_properties(stored)
    url, referrer = properties.get("$current_url"), properties.get("$referrer")
    if lacks_campaign and isinstance(url, str):
        derived = campaign_properties(url, referrer if isinstance(referrer, str) else "", rules)
        properties = {**derived, **properties}
    return orjson.dumps(_canonical(properties)).decode()


def _canonical(value: Any) -> Any:
    if isinstance(value, float):
        return canonical_number(value)
    if isinstance(value, dict):
        return {name: _canonical(item) for name, item in value.items()}
    return [_canonical(item) for item in value] if isinstance(value, list) else value


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
    text = canonical_text(value) or ""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return text, float(value) if is_number else plain_number(text)
