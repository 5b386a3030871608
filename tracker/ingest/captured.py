"""Captured properties: what the browser script says of a page by itself is cut and scrubbed, and refuses no event.

The page cannot help how long its address is; what it says in properties of its own is its own affair.
"""

from __future__ import annotations

from typing import Any

import orjson

from tracker.ingest.parameters import EventProperties
from tracker.ingest.rules import MOST_STRING_BYTES, is_long, properties_fault
from tracker.ingest.url_scrubbing import Hidden, scrubbed

#: The names under which every release of the script captures something.
CAPTURED = (
    "$browser_language", "$current_url", "$dropped", "$lib", "$lib_version", "$page_title", "$referrer", "$screen_height",
    "$screen_width", "$viewport_height", "$viewport_width",
)  # fmt: skip
ADDRESSES = ("$current_url", "$referrer")
#: The key of an answer, and the property of an event, that name what was cut; they are there when something was.
CUT, CUT_PROPERTY = "cut_properties", "$cut"


class PageProperties(EventProperties):
    """Properties of an event of a page: those that the script captures count for no limit."""

    def fault(self, properties: dict[str, Any]) -> str | None:
        found = properties_fault(properties)
        if found is None:
            return None
        own = {name: value for name, value in properties.items() if name not in CAPTURED or _is_whole(value)}
        return properties_fault(own)


def cleaned(properties: dict[str, Any], names: Hidden) -> dict[str, Any]:
    """The properties with captured ones cut to MOST_STRING_BYTES and addresses of pages scrubbed."""
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
    return [name for name in CAPTURED if isinstance(text := properties.get(name), str) and is_long(text)]


def _is_whole(value: Any) -> bool:
    """Whether it is nothing that could be cut: the script captures texts and numbers."""
    return isinstance(value, (dict, list))


def _cut(text: str) -> str:
    return text.encode()[:MOST_STRING_BYTES].decode(errors="ignore")
