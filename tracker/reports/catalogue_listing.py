"""Catalogue listing: event and property names of a list with their counts, read from the catalogue, never from events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Literal

import gevent

from tracker.domain.similar_names import similar_names
from tracker.reports.spelled_names import ALL_AS_SENT, ListedName, ShownNames, in_order, merged_events
from tracker.storage.aggregates import EventNameRow, catalogue, catalogue_pages
from tracker.storage.engine import Database
from tracker.storage.schema import TYPES

#: JSON's names of the types that are counted.
TYPE_NAMES = tuple(name.removesuffix("s") for name in TYPES)
#: Properties of one answer, unless its first event has more: it stays below a megabyte, whatever the catalogue holds.
MAX_PROPERTIES = 2_000
#: Events read at once, and names compared at once: other requests are served in between.
EVENTS_AT_ONCE, NAMES_AT_ONCE = 100, 1_000


#: Orders of events beside that of their names: the most frequent, and those seen last, first.
NameOrder = Literal["count", "last_seen"]
_ORDERS: dict[NameOrder, Callable[[ListedName], tuple[int, bytes]]] = {
    "count": lambda listed: (-listed[0].events, listed[0].name),
    "last_seen": lambda listed: (-listed[0].times.last_seen_at, listed[0].name),
}


@dataclass(frozen=True, slots=True)
class CataloguePage:
    """A page of events, sorted by the bytes of their names; `has_more` says that more follow the last one."""

    events: list[ListedName]
    has_more: bool


@dataclass(slots=True)
class _Answer:
    """An answer under construction, of up to `size` events."""

    size: int
    events: list[ListedName] = field(default_factory=list)
    properties: int = 0

    def has_room_for(self, properties: int) -> bool:
        fits = self.properties + properties <= MAX_PROPERTIES or not self.events
        return len(self.events) < self.size and fits

    def add(self, listed: ListedName) -> None:
        self.events.append(listed)
        self.properties += len(listed[1])


def read_names(
    database: Database,
    list_id: int,
    after: str,
    search: str | None,
    size: int,
    deadline: float | None,
    shown: ShownNames = ALL_AS_SENT,
) -> CataloguePage:
    """Return the events after a name, as many as an answer holds.

    With `search`: events whose name contains it, in any letter case, and of all others those with a property whose name
    contains it, with only these properties.
    """
    answer = _Answer(size)
    for listed in _shown_after(database, list_id, after.encode(), deadline, shown):
        found = listed if search is None else _found(listed, search.casefold())
        if found is None:
            continue
        if not answer.has_room_for(len(found[1])):
            return CataloguePage(answer.events, True)
        answer.add(found)
    return CataloguePage(answer.events, False)


def read_most(
    database: Database,
    list_id: int,
    order: NameOrder,
    after: str,
    search: str | None,
    size: int,
    deadline: float | None,
    shown: ShownNames = ALL_AS_SENT,
) -> CataloguePage | None:
    """Return the events after a name as `read_names` does, but in another order; None if no event of that name is listed."""
    every = _shown_after(database, list_id, b"", deadline, shown)
    wanted = every if search is None else (_found(listed, search.casefold()) for listed in every)
    found = sorted((listed for listed in wanted if listed is not None), key=_ORDERS[order])
    start = 0
    if after:
        names = [listed[0].name for listed in found]
        if after.encode() not in names:
            return None
        start = names.index(after.encode()) + 1
    answer = _Answer(size)
    for listed in found[start:]:
        if not answer.has_room_for(len(listed[1])):
            return CataloguePage(answer.events, True)
        answer.add(listed)
    return CataloguePage(answer.events, False)


def read_name(
    database: Database, list_id: int, name: str, deadline: float | None, shown: ShownNames = ALL_AS_SENT
) -> CataloguePage:
    """Return one event, asked for in any of its spellings, or an empty page."""
    found = _merged(database, list_id, name, deadline, shown)
    return CataloguePage([] if found is None else [shown.listed(found)], False)


def read_similar_names(
    database: Database, list_id: int, deadline: float | None, shown: ShownNames = ALL_AS_SENT
) -> dict[str, list[list[str]]]:
    """Return {"event": groups, "property": groups} of names that are probably one thing spelled twice."""
    events = database.read(partial(catalogue_pages.all_event_names, list_id=list_id), deadline)
    properties = database.read(partial(catalogue_pages.all_property_names, list_id=list_id), deadline)
    one_each, spelled = shown.spellings.event, shown.spellings.property
    return {
        "event": similar_names(map(one_each, _in_turn(events))),
        "property": similar_names(map(spelled, _in_turn(properties))),
    }


def is_full(database: Database, list_id: int, deadline: float | None) -> bool:
    """Return whether the list has had more names than the catalogue can hold."""
    return database.read(lambda transaction: catalogue.is_full(transaction, list_id), deadline)


def _shown_after(
    database: Database, list_id: int, after: bytes, deadline: float | None, shown: ShownNames
) -> Iterator[ListedName]:
    """Yield the events after a name as they are shown."""
    own = _all_after(database, list_id, after, deadline)
    if shown.is_plain():
        return own
    spelled = shown.spellings.events
    names = sorted({*spelled.values()} - shown.hidden_events)
    merged = [_merged(database, list_id, name, deadline, shown) for name in names if name.encode() > after]
    dropped = {name.encode() for name in (*spelled, *spelled.values(), *shown.hidden_events)}
    found = in_order(own, [each for each in merged if each is not None], dropped)
    return (shown.listed(each) for each in found)


def _merged(
    database: Database, list_id: int, name: str, deadline: float | None, shown: ShownNames
) -> ListedName | None:
    """Return an event with all that is catalogued of its spellings; None if none of them is."""
    rows: list[ListedName] = []
    for each in shown.spellings.of_event(name):
        look = partial(catalogue_pages.event_name, list_id=list_id, name=each.encode())
        if (event := database.read(look, deadline)) is not None:
            rows += _with_properties(database, list_id, [event], deadline)
    return (
        rows[0]
        if len(rows) == 1 and rows[0][0].name == shown.spellings.event(name).encode()
        else merged_events(shown.spellings.event(name), rows)
    )


def _all_after(
    database: Database, list_id: int, after: bytes, deadline: float | None
) -> Iterator[ListedName]:
    while True:
        look = partial(catalogue_pages.event_names, list_id=list_id, after=after, most=EVENTS_AT_ONCE)
        names = database.read(look, deadline)
        for some in _fitting(names):
            yield from _with_properties(database, list_id, some, deadline)
            gevent.sleep(0)
        if len(names) < EVENTS_AT_ONCE:
            return
        after = names[-1].name


def _fitting(names: list[EventNameRow]) -> Iterator[list[EventNameRow]]:
    """Yield the names in groups of about MAX_PROPERTIES properties."""
    some: list[EventNameRow] = []
    for name in names:
        if some and sum(each.property_count for each in some) + name.property_count > MAX_PROPERTIES:
            yield some
            some = []
        some.append(name)
    if some:
        yield some


def _with_properties(
    database: Database, list_id: int, names: list[EventNameRow], deadline: float | None
) -> Iterator[ListedName]:
    first, last = names[0].name, names[-1].name
    look = partial(catalogue_pages.properties_between, list_id=list_id, first=first, last=last)
    rows = database.read(look, deadline)
    by_event = {name: list(group) for name, group in groupby(rows, key=lambda row: row.event_name)}
    return ((name, by_event.get(name.name, [])) for name in names)


def _found(listed: ListedName, wanted: str) -> ListedName | None:
    event, properties = listed
    if wanted in event.name.decode().casefold():
        return listed
    matching = [each for each in properties if wanted in each.name.decode().casefold()]
    return (event, matching) if matching else None


def _in_turn(names: Iterable[bytes]) -> Iterator[str]:
    for number, name in enumerate(names):
        if number % NAMES_AT_ONCE == NAMES_AT_ONCE - 1:
            gevent.sleep(0)
        yield name.decode()
