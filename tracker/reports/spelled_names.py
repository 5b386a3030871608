"""Spelled names: a catalogue in which each spelling is counted under the name that is shown, and hidden names are left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tracker.domain.product_names import CountedEvent
from tracker.domain.spellings import PLAIN, Spellings
from tracker.storage.aggregates import EventNameRow, PropertyName, SeenTimes

#: An event name with its properties.
ListedName = tuple[EventNameRow, list[PropertyName]]


@dataclass(frozen=True, slots=True)
class ShownNames:
    """How names are shown: spellings, and the names of events and of properties that are left out."""

    spellings: Spellings = PLAIN
    hidden_events: frozenset[str] = frozenset()
    hidden_properties: frozenset[str] = frozenset()

    def is_plain(self) -> bool:
        return not (self.spellings or self.hidden_events or self.hidden_properties)

    def hides_property(self, name: str) -> bool:
        """Return whether a property, named in any of its spellings, is left out."""
        return self.spellings.property(name) in self.hidden_properties

    def listed(self, listed: ListedName) -> ListedName:
        """Return an event with its properties as they are shown."""
        event, properties = listed
        if not self.spellings.properties and not self.hidden_properties:
            return listed
        by_name: dict[str, list[PropertyName]] = {}
        for each in properties:
            by_name.setdefault(self.spellings.property(each.name.decode()), []).append(each)
        merged = [
            _one_property(name, rows)
            for name, rows in sorted(by_name.items(), key=lambda item: item[0].encode())
            if name not in self.hidden_properties
        ]
        return event, merged

    def properties_by_event(self, found: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Return {event name: [property names]} as they are shown, both in the order of their bytes."""
        merged: dict[str, set[str]] = {}
        for event, properties in found.items():
            shown = {self.spellings.property(name) for name in properties} - self.hidden_properties
            merged.setdefault(self.spellings.event(event), set()).update(shown)
        names = sorted(merged.keys() - self.hidden_events, key=str.encode)
        return {name: sorted(merged[name], key=str.encode) for name in names}

    def counted(self, found: Mapping[str, tuple[int, Mapping[str, int]]]) -> dict[str, CountedEvent]:
        """Return {event name: its counts} as they are shown, names of events and of properties in the order of their bytes."""
        if self.is_plain():
            return {name: CountedEvent(*each) for name, each in found.items()}
        events: dict[str, int] = {}
        properties: dict[str, dict[str, int]] = {}
        for sent, (count, own) in found.items():
            event = self.spellings.event(sent)
            events[event] = events.get(event, 0) + count
            merged = properties.setdefault(event, {})
            for name, with_it in own.items():
                shown = self.spellings.property(name)
                if shown not in self.hidden_properties:
                    merged[shown] = merged.get(shown, 0) + with_it
        return {
            name: CountedEvent(
                events[name],
                {each: properties[name][each] for each in sorted(properties[name], key=str.encode)},
            )
            for name in sorted(events.keys() - self.hidden_events, key=str.encode)
        }


ALL_AS_SENT = ShownNames()


def merged_events(shown: str, rows: Iterable[ListedName]) -> ListedName | None:
    """Return one event made of its spellings; None if there is none."""
    rows = list(rows)
    if not rows:
        return None
    by_name: dict[bytes, list[PropertyName]] = {}
    for _, properties in rows:
        for each in properties:
            by_name.setdefault(each.name, []).append(each)
    name = shown.encode()
    events = [event for event, _ in rows]
    properties = [
        _one_property(key.decode(), found)._replace(event_name=name) for key, found in sorted(by_name.items())
    ]
    event = EventNameRow(
        name, sum(each.events for each in events), _times(each.times for each in events), len(properties)
    )
    return event, properties


def in_order(
    own: Iterator[ListedName], merged: Iterable[ListedName], dropped: set[bytes]
) -> Iterator[ListedName]:
    """Yield the catalogue's events with the merged ones at their places, and without those that are dropped."""
    waiting = sorted(merged, key=lambda listed: listed[0].name)
    for listed in own:
        while waiting and waiting[0][0].name <= listed[0].name:
            yield waiting.pop(0)
        if listed[0].name not in dropped:
            yield listed
    yield from waiting


def _one_property(shown: str, rows: list[PropertyName]) -> PropertyName:
    types = tuple(sum(counts) for counts in zip(*(row.types for row in rows), strict=True))
    return PropertyName(rows[0].event_name, shown.encode(), _times(row.times for row in rows), types)


def _times(times: Iterable[SeenTimes]) -> SeenTimes:
    first, last, received = zip(*times, strict=True)
    return SeenTimes(min(first), max(last), max(received))
