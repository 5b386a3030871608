"""How is an event shown to a person? As texts alone, so that pages and their scripts show the same of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

#: What a row says of an event at a glance: so many of its own properties, cut after so many characters.
SUMMED_UP, MAX_CHARACTERS = 3, 80
#: Where it happened, the first that is there.
PAGES = ("$pathname", "$current_url", "$page_title")
#: What says it all of a conversion, without names.
OF_CONVERSIONS = ("conversion-name", "conversion-value", "conversion-currency")
#: (what an event says of itself, kind of badge, word).
FLAGS = (
    ("IsBot", "warn", "Robot"),
    ("IsRepeatedConversion", "warn", "Repeated conversion"),
    ("LacksKey", "warn", "Not counted: no key"),
    ("IsAddedByTracker", "", "Added by Tracker"),
)
#: Characters that nobody would see, and some of which pages cannot hold: as the signs that stand for them.
_SEEN = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"} | {127: 0x2421}
SILENT = {"kind": "", "word": "Silent"}
#: JSON types, and what people call them.
TYPES = {
    "string": "text", "number": "number", "boolean": "yes or no", "array": "list", "object": "object", "null": "null",
}  # fmt: skip
_JSON_TYPES: dict[type, str] = {
    str: "string", bool: "boolean", int: "number", float: "number", list: "array", dict: "object", type(None): "null",
}  # fmt: skip


def shown(event: Mapping[str, Any], path: str, person: str | None = None) -> dict[str, Any]:
    """Everything of an event as texts. `path` is that of its list's pages; `person` whose timeline it stands in, if any."""
    named, properties = event.get("SubscriberID"), event["Properties"]
    uuid = event["UUID"]
    return {
        "id": event["EventID"],
        "name": text_of(event["Event"]),
        "at": event["EventAt"],
        "received": event["ReceivedAt"],
        "uuid": uuid,
        "visitor": uuid[:8],
        "visitorPath": f"{path}/visitors/{uuid}",
        "personPath": f"{path}/people/{named}" if named else "",
        "whyPath": f"{path}/people/{person}/why/{event['EventID']}" if person else "",
        "externalId": event["ExternalID"] or "",
        "flags": list(_flags(event)),
        "summary": list(_summary(properties)),
        "properties": [_property(name, properties[name]) for name in sorted(properties, key=is_of_tracker)],
    }


def blank(path: str) -> dict[str, Any]:
    """An event of which every part is there once, and empty: scripts make rows of what it looks like."""
    flagged = {name: True for name, _, _ in FLAGS[:1]}
    texts = dict.fromkeys(
        ("EventID", "Event", "EventAt", "ReceivedAt", "UUID", "ExternalID", "SubscriberID"), ""
    )
    return shown({**texts, **flagged, "Properties": {"": ""}}, path)


def text_of(value: Any) -> str:
    """A text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value.translate(_SEEN)
    return json.dumps(
        value, ensure_ascii=False, indent=2 if value and isinstance(value, (list, dict)) else None
    )


def is_of_tracker(name: str) -> bool:
    """Sorted by this, what a website says itself comes first; otherwise the order stays."""
    return name.startswith("$")


def _property(name: str, value: Any) -> dict[str, str]:
    return {
        "name": name,
        "value": text_of(value),
        "type": "empty text" if value == "" else TYPES[_JSON_TYPES[type(value)]],
    }


def _flags(event: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for name, kind, word in FLAGS:
        if event.get(name):
            yield {"kind": kind, "word": word}
    if event["Properties"].get("isSilent") in (True, "true", "1"):
        yield SILENT


def _summary(properties: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """What was won, else its own properties, in words where there are some, else where it happened."""
    if OF_CONVERSIONS[1] in properties:
        yield from (
            {"name": "", "value": _cut(properties[name])} for name in OF_CONVERSIONS if name in properties
        )
        return
    own = [name for name in properties if not is_of_tracker(name)]
    own = [name for name in own if not isinstance(properties[name], (list, dict))] or own
    page = [name for name in PAGES if properties.get(name)][:1]
    for name in own[:SUMMED_UP] or page:
        yield {"name": text_of(name), "value": _cut(properties[name])}


def _cut(value: Any) -> str:
    return " ".join(text_of(value)[:MAX_CHARACTERS].split())
