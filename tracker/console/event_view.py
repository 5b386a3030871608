"""Event view: an event as texts, so that pages and their scripts show the same of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tracker.console.current_list import WITHOUT_LIST
from tracker.console.goal_form import goal_link
from tracker.console.money import CURRENCY_PROPERTIES, amounts

#: The summary in a row: properties of its own at most, and characters of each.
SUMMED_UP, MAX_CHARACTERS = 3, 80
#: Properties that tell the page of an event; the first that is present is shown.
PAGES = ("$pathname", "$current_url", "$page_title")
#: Properties that sum up a conversion; shown without their names.
OF_CONVERSIONS = ("conversion-name", "conversion-value", "conversion-currency")
#: Properties that name the device.
DEVICE = ("$browser", "$os")
#: Triples (key of the answer, kind of badge, word).
FLAGS = (
    ("IsBot", "warn", "Robot"),
    ("IsRepeatedConversion", "warn", "Repeated conversion"),
    ("LacksKey", "warn", "Not counted: no key"),
    ("IsAddedByTracker", "", "Added by Tracker"),
)
#: Control characters, which are invisible or cannot stand in a page, as the symbols for them.
_SEEN = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"} | {127: 0x2421}
SILENT = {"kind": "", "word": "Silent"}
#: JSON types, and their words on pages.
TYPES = {
    "string": "text", "number": "number", "boolean": "yes or no", "array": "list", "object": "object", "null": "null",
}  # fmt: skip
_JSON_TYPES: dict[type, str] = {
    str: "string", bool: "boolean", int: "number", float: "number", list: "array", dict: "object", type(None): "null",
}  # fmt: skip


def shown(event: Mapping[str, Any], path: str, subscriber: str | None = None) -> dict[str, Any]:
    """Return what a row shows of an event, as texts.

    `path` is that of its list's pages; `subscriber` the subscriber whose timeline shows it, if any.
    """
    number, owner, properties = event["EventID"], event.get("SubscriberID"), event["Properties"]
    return {
        "id": number,
        "path": f"{path}/events/{number}{f'?person={subscriber}' if subscriber else ''}",
        "name": text_of(event["Event"]),
        "at": event["EventAt"],
        "device": device_of(properties),
        "uuid": event["UUID"],
        "visitor": event["UUID"][:8],
        "visitorPath": f"{path}/visitors/{event['UUID']}" if subscriber or not owner else "",
        "person": name_of({**event["Subscriber"], "SubscriberID": owner}) if owner else "",
        "personPath": f"{path}/people/{owner}" if owner else "",
        "flags": list(_flags(event)),
        "summary": list(_summary(properties)),
    }


def in_full(event: Mapping[str, Any], path: str, subscriber: str | None) -> dict[str, Any]:
    """Return all there is to say of an event, as texts."""
    properties = event["Properties"]
    return {
        **shown(event, path),
        "received": event["ReceivedAt"],
        "visitorPath": f"{path}/visitors/{event['UUID']}",
        "whyPath": f"{path}/people/{subscriber}/why/{event['EventID']}" if subscriber else "",
        "externalId": event["ExternalID"] or "",
        "goalPath": "" if path == f"/lists/{WITHOUT_LIST}" else goal_link(path, event["Event"], properties),
        "properties": [_property(name, properties[name]) for name in sorted(properties, key=is_of_tracker)],
    }


def name_of(subscriber: Mapping[str, Any]) -> str:
    """Return a subscriber's name on pages: the address, else the ID, else the number."""
    return str(
        subscriber["EmailAddress"] or subscriber["ExternalID"] or f"Person {subscriber['SubscriberID']}"
    )


def device_of(properties: Mapping[str, Any]) -> str:
    """Return browser and system as words, such as "Chrome, Linux"; empty where neither is known."""
    return ", ".join(_cut(properties[name]) for name in DEVICE if properties.get(name))


def blank(path: str) -> dict[str, Any]:
    """Return an event with every part once, and empty: the template of the rows that scripts make."""
    flagged = {name: True for name, _, _ in FLAGS[:1]}
    texts = dict.fromkeys(("EventID", "Event", "EventAt", "UUID"), "")
    return {**shown({**texts, **flagged, "Properties": {"": ""}}, path), "visitorPath": ""}


def text_of(value: Any) -> str:
    """Return text as it is, and any other value as JSON."""
    if isinstance(value, str):
        return value.translate(_SEEN)
    return json.dumps(
        value, ensure_ascii=False, indent=2 if value and isinstance(value, (list, dict)) else None
    )


def is_of_tracker(name: str) -> bool:
    """Whether Tracker itself captured the property. Sorted by this, a website's own properties come first."""
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
    """Yield the summary: a conversion's values, else the event's own properties, else its page."""
    paid = amounts(properties)
    shown_as_money = CURRENCY_PROPERTIES if paid else ()
    if OF_CONVERSIONS[1] in properties:
        for name in OF_CONVERSIONS:
            if name in properties and name not in shown_as_money:
                yield {"name": "", "value": paid.get(name) or _cut(properties[name])}
        return
    own = [name for name in properties if not is_of_tracker(name) and name not in shown_as_money]
    own = [name for name in own if not isinstance(properties[name], (list, dict))] or own
    page = [name for name in PAGES if properties.get(name)][:1]
    for name in own[:SUMMED_UP] or page:
        yield {"name": text_of(name), "value": paid.get(name) or _cut(properties[name])}


def _cut(value: Any) -> str:
    return " ".join(text_of(value)[:MAX_CHARACTERS].split())
