"""Filter words: conditions, properties and operators as pages call them: `Channel is Email`, `did conversion`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from babel import Locale

from tracker.console.money import LOCALE
from tracker.console.report_address import ReportAddress

#: The property with the ISO 3166-1 code of a country.
COUNTRY = "$country"
DEVICE = "$device_type"
#: Kinds of devices that Tracker tells apart, as pages call them.
DEVICES = {"desktop": "Desktop", "mobile": "Mobile", "tablet": "Tablet", "tv": "TV", "bot": "Robot"}
#: Properties that Tracker adds, and what people call them.
PROPERTIES = {
    "$channel": "Channel",
    "$utm_campaign": "Campaign",
    "$utm_source": "Source",
    "$utm_medium": "Medium",
    "$utm_term": "Term",
    "$utm_content": "Content",
    "$click_id": "Click id",
    "$referring_domain": "Referrer",
    "$referrer": "Referring page",
    "$pathname": "Page",
    "$current_url": "Address",
    "$page_title": "Page title",
    "$host": "Host",
    DEVICE: "Device",
    "$device": "Device model",
    "$browser": "Browser",
    "$os": "System",
    COUNTRY: "Country",
    "$timezone": "Time zone",
    "$language": "Language",
}
#: Operators that a filter form offers, and what they are in a sentence.
OPERATORS = {
    "equals": "is",
    "does not equal": "is not",
    "contains": "contains",
    "does not contain": "does not contain",
    "begins with": "begins with",
    "ends with": "ends with",
    "matches regex": "matches",
    "does not match regex": "does not match",
    "greater than": "is more than",
    "less than": "is less than",
    "at least": "is at least",
    "at most": "is at most",
    "is set": "is set",
    "is not set": "is not set",
    "happened": "happened",
    "did not happen": "did not happen",
}
OF = {"event": "the event itself", "visit": "the whole visit", "person": "the person"}


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in words, and the address without it."""

    words: str
    without: str


def chips(
    address: ReportAddress,
    goals: Iterable[Mapping[str, Any]] = (),
    segments: Iterable[Mapping[str, Any]] = (),
) -> list[Chip]:
    """Return a chip for each condition, for the segment and for the goal."""
    names = {each["SegmentID"]: each["Name"] for each in segments}
    found = [
        Chip(condition_words(each, names), address.without(number))
        for number, each in enumerate(address.conditions)
    ]
    segment = address.args.get("SegmentID")
    if segment:
        named = [name for number, name in names.items() if str(number) == segment]
        found.append(Chip(f"Segment {named[0] if named else segment}", address.link(SegmentID=None)))
    goal = address.args.get("GoalID")
    if goal:
        named = [each["Name"] for each in goals if str(each["GoalID"]) == goal]
        found.append(Chip(f"Goal {named[0] if named else goal}", address.link(GoalID=None)))
    return found


def property_name(name: str) -> str:
    return PROPERTIES.get(name, name)


def condition_words(condition: Any, names: Mapping[int, str] = MappingProxyType({})) -> str:
    """Return a condition, or a list of which any may hold, in words; `names` are those of segments."""
    if isinstance(condition, list):
        return " or ".join(condition_words(each, names) for each in condition) or "nothing"
    if not isinstance(condition, Mapping):
        return str(condition)
    if condition.get("Segment") is not None:
        return membership_words(condition["Segment"], condition.get("Is"), names)
    return _compared_words(condition)


def membership_words(segment: Any, how: Any, names: Mapping[int, str]) -> str:
    """Return that somebody is in a segment or not: `in Buyers`."""
    name = names.get(segment) if isinstance(segment, int) else None
    return f"{'not in' if how == 'not in' else 'in'} {name or f'segment {segment}'}"


def _compared_words(condition: Mapping[str, Any]) -> str:
    told = [_subject(condition)]
    is_, value = str(condition.get("Is", "equals")), condition.get("Value")
    if condition.get("Property") or condition.get("Field"):
        told.append(OPERATORS.get(is_, is_))
        told.append(value_list_words(condition.get("Property"), value))
    elif is_ == "did not happen":
        told.append("did not happen")
    if condition.get("Times") not in (None, 1, "1"):
        told.append(f"at least {condition['Times']} times")
    if condition.get("Days"):
        told.append(f"in the last {condition['Days']} days")
    return " ".join(part for part in told if part)


def _subject(condition: Mapping[str, Any]) -> str:
    """Return what is compared: `Channel`, `Exit page`, `Visit with add_to_cart, price`, `Person: Plan`."""
    name = property_name(str(condition["Property"])) if condition.get("Property") else ""
    if condition.get("At") == "exit" and name:
        name = f"Exit {name.lower() if name in PROPERTIES.values() else name}"
    elif (
        condition.get("Of") == "visit"
        and condition.get("Property") == "$pathname"
        and not condition.get("Event")
    ):
        name = "Entry page"
    field = f"Person: {condition['Field']}" if condition.get("Field") else ""
    of = {"visit": "Visit with ", "person": "Person with "}.get(str(condition.get("Of")), "")
    event = f"{of}{condition['Event']}" if condition.get("Event") else ""
    return ", ".join(part for part in (event, name, field) if part) or "Event"


def value_words(name: str | None, value: str) -> str:
    """Return a property's value as people call it: a country by its name, a device with a capital."""
    if name == DEVICE:
        return DEVICES.get(value, value)
    if name == COUNTRY:
        return str(Locale.parse(LOCALE).territories.get(value, value))
    return value


def value_list_words(name: Any, value: Any) -> str:
    """Return a value, or several of which any will do, as people call them."""
    values = [] if value is None else value if isinstance(value, list) else [value]
    texts = (("true" if each else "false") if isinstance(each, bool) else str(each) for each in values)
    return " or ".join(value_words(name, each) for each in texts)
