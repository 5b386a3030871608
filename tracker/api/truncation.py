"""Truncation: what the browser script captures of a page by itself is cut and scrubbed, and refuses no event.

The page cannot help how long its address is; what it says in properties of its own is its own affair.
"""

from __future__ import annotations

from typing import Any

import orjson

from tracker.api.captured_events import MARK
from tracker.api.event_params import EventProperties
from tracker.domain.url_scrubbing import Hidden, scrubbed
from tracker.formats.event_limits import MAX_STRING_BYTES, is_long, properties_fault

#: So many captured properties take no room from the page's own.
MAX_CAPTURED = 64
ADDRESSES = ("$current_url", "$referrer")
#: The key of an answer, and the property of an event, that name what was cut; they are there when something was.
CUT = "cut_properties"


class PageProperties(EventProperties):
    """Properties of an event of a page: those that the script captures count for no limit."""

    def fault(self, properties: dict[str, Any]) -> str | None:
        found = properties_fault(properties)
        if found is None:
            return None
        captured = [name for name, value in properties.items() if _is_captured(name, value)]
        if len(captured) > MAX_CAPTURED:
            return found
        own = {name: value for name, value in properties.items() if not _is_captured(name, value)}
        return properties_fault(dict.fromkeys(captured)) or properties_fault(own)


def cleaned(properties: dict[str, Any], names: Hidden) -> dict[str, Any]:
    """The properties with captured ones cut to MAX_STRING_BYTES and addresses of pages scrubbed."""
    changed = {name: _cut(properties[name]) for name in overlong(properties)}
    for name in ADDRESSES:
        address = changed.get(name, properties.get(name))
        if isinstance(address, str) and (said := scrubbed(address, names)) != address:
            changed[name] = said
    return {**properties, **changed} if changed else properties


def overlong(properties: Any) -> list[str]:
    """The names of captured properties that are cut, in properties as they were sent and found to be valid."""
    if isinstance(properties, str):
        properties = orjson.loads(properties)
    if not isinstance(properties, dict):
        return []
    return [
        name
        for name, value in properties.items()
        if name.startswith(MARK) and isinstance(value, str) and is_long(value)
    ]


def _is_captured(name: str, value: Any) -> bool:
    """The script captures texts and numbers."""
    return name.startswith(MARK) and not isinstance(value, (dict, list))


def _cut(text: str) -> str:
    return text.encode()[:MAX_STRING_BYTES].decode(errors="ignore")
