"""Masked bodies: what is kept of a refused event: names without values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tracker.formats.sent_names import shown_name

#: Parameters whose values say nothing about a person: they are kept as they were sent.
PLAIN = ("Event", "ListID", "EventID", "Timestamp", "SentAt")
#: Names in one object, levels, and characters of a name or a plain value that are kept.
MAX_NAMES, MAX_LEVELS, MAX_CHARACTERS = 100, 4, 200
#: Bytes that the JSON of a body may take; a larger one is masked again, with fewer names, or left out.
MAX_BODY_BYTES = 4096


def masked(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of an event with each value replaced by what it is, such as `"(text, 12)"`."""
    found: dict[str, Any] = {}
    for name, value in _some(sent):
        is_plain = (
            name in PLAIN and isinstance(value, (str, int, float)) and shown_name(str(value)) == str(value)
        )
        found[_name(name)] = _short(value) if is_plain else _kind(value, 1)
    return found


def without_values(body: bytes) -> bytes:
    """Return the JSON of a kept body with its event masked; what stands around the event stays."""
    around = json.loads(body)
    return json.dumps({**around, "Sent": masked(around.get("Sent") or {})}, ensure_ascii=False).encode()


def _some(sent: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [item for _, item in zip(range(MAX_NAMES), sent.items(), strict=False)]


def _short(value: Any) -> Any:
    return value[:MAX_CHARACTERS] if isinstance(value, str) else value


def _name(name: str) -> str:
    return shown_name(name)[:MAX_CHARACTERS]


def _kind(value: Any, level: int) -> Any:
    """Return what a value is. Objects and arrays keep their form, down to MAX_LEVELS."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return f"(text, {len(value)})"
    if isinstance(value, (int, float)):
        return "(number)"
    if level >= MAX_LEVELS or not isinstance(value, (dict, list)):
        return "(object)"
    if isinstance(value, list):
        return [_kind(inner, level + 1) for inner in value[:3]]
    return {_name(name): _kind(inner, level + 1) for name, inner in _some(value)}
