"""Truncation: captured properties that are too long are cut, and page URLs scrubbed, so that no event is refused for them.

A page does not choose the length of its URL; properties of its own must keep the limits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from tracker.api.captured_events import MARK
from tracker.api.event_params import EventProperties
from tracker.domain.enrichment import TIMEZONE
from tracker.domain.time_zones import zone_names
from tracker.domain.url_scrubbing import Hidden, scrubbed, scrubbed_within
from tracker.formats.event_limits import MAX_STRING_BYTES, SHORT_CHARACTERS, is_long, properties_fault

#: Captured properties that do not count towards the page's own limit.
MAX_CAPTURED = 64
ADDRESSES = ("$current_url", "$referrer")
#: The key of an answer with the names of properties that were cut; absent if none were.
CUT = "cut_properties"


class PageProperties(EventProperties):
    """The properties of a page's event: those that the script captures do not count towards the limits."""

    def fault(self, properties: dict[str, Any]) -> str | None:
        found = properties_fault(properties)
        if found is None:
            return None
        captured = [name for name, value in properties.items() if _is_captured(name, value)]
        if len(captured) > MAX_CAPTURED:
            return found
        own = {name: value for name, value in properties.items() if not _is_captured(name, value)}
        return properties_fault(dict.fromkeys(captured)) or properties_fault(own)


def cleaned(
    properties: dict[str, Any], names: Hidden, cut: Iterable[str], is_sdk: bool = False
) -> dict[str, Any]:
    """Return the properties with those of `cut` cut to MAX_STRING_BYTES, page URLs scrubbed, and no unknown time zone.

    `cut` are those that are `overlong`. Each SDK captures addresses under names of its own: with `is_sdk` all are scrubbed.
    """
    changed = {name: _cut(properties[name]) for name in cut}
    for name in ADDRESSES:
        address = changed.get(name, properties.get(name))
        if isinstance(address, str) and (clean := scrubbed(address, names)) != address:
            changed[name] = clean
    if changed:
        properties = {**properties, **changed}
    if is_sdk:
        properties = scrubbed_within(properties, names)
    if TIMEZONE in properties and not _is_zone(properties[TIMEZONE]):
        return {name: value for name, value in properties.items() if name != TIMEZONE}
    return properties


def overlong(properties: Any) -> list[str]:
    """Return the names of captured properties that are cut, in valid properties as they were sent."""
    if isinstance(properties, str):
        properties = orjson.loads(properties)
    if not isinstance(properties, dict):
        return []
    return [
        name
        for name, value in properties.items()
        if value.__class__ is str
        and len(value) > SHORT_CHARACTERS
        and is_long(value)
        and name.startswith(MARK)
    ]


def _is_captured(name: str, value: Any) -> bool:
    """Return whether the script may have captured the property: it captures texts and numbers."""
    return name.startswith(MARK) and not isinstance(value, (dict, list))


def _is_zone(value: Any) -> bool:
    return isinstance(value, str) and value in zone_names()


def _cut(text: str) -> str:
    return text.encode()[:MAX_STRING_BYTES].decode(errors="ignore")
