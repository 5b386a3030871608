"""Spellings: names of events and properties that a list treats as one, each other name an alias. What is stored keeps the name that it came with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

#: Events whose names mean something to Tracker itself: money and identity follow from these exact names.
RESERVED = frozenset({"conversion", "identify"})
#: The beginning of the names of Tracker's own properties: channels, campaigns, entry pages and sessions follow from these.
OWN = "$"


class NameKind(IntEnum):
    """What a name is of. The number is stored."""

    EVENT = 1
    PROPERTY = 2


def is_reserved(kind: NameKind, name: str) -> bool:
    """Return whether a name means something to Tracker itself, and so has no other spelling and is none."""
    return name in RESERVED if kind is NameKind.EVENT else name.startswith(OWN)


@dataclass(frozen=True, slots=True)
class Spellings:
    """{spelling: the name that it stands for} of events and of properties; no name that is stood for stands for another."""

    events: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.events or self.properties)

    def event(self, name: str) -> str:
        """Return the name under which an event is shown and counted."""
        return self.events.get(name, name)

    def property(self, name: str) -> str:
        return self.properties.get(name, name)

    def of_event(self, name: str) -> tuple[str, ...]:
        """Return all spellings of the event that this is a name of, the one that is shown first."""
        return _all(self.events, name)

    def of_property(self, name: str) -> tuple[str, ...]:
        return _all(self.properties, name)

    def sent(self) -> dict[str, dict[str, str]]:
        """Return it as a JSON object, from which `Spellings(**sent)` makes it again."""
        return {"events": dict(self.events), "properties": dict(self.properties)}


def value_of(properties: Mapping[str, Any], spelled: Sequence[str]) -> tuple[Any, ...]:
    """Return (value,) of a property with these spellings: the first that is set, null if none is, () if none is there."""
    found = [properties[name] for name in spelled if name in properties]
    return (next((value for value in found if value is not None), None),) if found else ()


def _all(stands_for: Mapping[str, str], name: str) -> tuple[str, ...]:
    if not stands_for:
        return (name,)
    shown = stands_for.get(name, name)
    return (shown, *sorted(each for each, other in stands_for.items() if other == shown))


#: Every name stands for itself.
PLAIN = Spellings()
