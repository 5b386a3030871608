"""How does a database of millions of events come about in minutes? Written straight into the tables, with the counters that go with them.

What reports and their copy read is as in life: events, visitors, links, subscribers, counters by quarter of an hour, conversion
totals and the catalogue. What no report reads is left empty: timelines, EventIDs and the keys of conversions.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from bench.made_events import CONVERTED, DAYS, NAMES, MadeEvent, MadeYear, Visitor, event_ids
from tracker.domain.event import CONVERSION, NOT_COUNTED, Event, decoded_properties
from tracker.domain.event import IS_BOT as ROBOT
from tracker.domain.identity import Reason
from tracker.ingest.counter_updates import CounterUpdates
from tracker.services import Services
from tracker.storage.engine import Database, Transaction
from tracker.storage.events import events as stored_events
from tracker.storage.schema.tables import TYPES

#: Rows of a transaction: many at a time, and far less than a second.
ROWS = 20_000
WRITE_SECONDS = 120.0
VISITOR = ("list_id", "id", "uuid", "span", "subscriber_id", "created_at")
LINK = ("list_id", "visitor_id", "span", "subscriber_id", "linked_at", "event_id", "reason", "unlinked_from", "unlinked_at")  # fmt: skip
SUBSCRIBER = ("list_id", "id", "email", "email_key", "own_uuid", "created_at")
TIMES = ("first_seen_at", "last_seen_at", "last_received_at")
#: Properties that every event has, and every conversion, beside those of its pieces: the number of their type is that of text.
SESSION, CONVERSION_ID, TEXT = "session", "conversion-id", 0

_NAMES = [name.encode() for name in NAMES]
Rows = list[tuple[Any, ...]]


def make_truth(services: Services, list_id: int, events: int, ends: int) -> int:
    """Fill an empty list with about so many events of a year that ends then; return how many it has."""
    year = MadeYear(events, ends)
    _write_people(services.storage, list_id, year)
    counts: Counter[tuple[int, tuple[int, ...]]] = Counter()
    stored, last_id = 0, 0
    waiting: list[MadeEvent] = []
    for day, made in enumerate(year.days(), 1):
        waiting += made
        if len(waiting) < ROWS and day < DAYS:
            continue
        for some in _batches(waiting):
            rows = list(zip(event_ids(some, last_id), some, strict=True))
            last_id = rows[-1][0]
            _write(services.storage, partial(_write_events, list_id=list_id, rows=rows))
            counts.update((event.name, event.shapes) for event in some if not event.flags & ROBOT)
            stored += len(some)
        waiting = []
    _write(services.storage, partial(_write_catalogue, list_id=list_id, year=year, counts=counts))
    return stored


def _write(database: Database, work: Any) -> None:
    database.write(work, time.monotonic() + WRITE_SECONDS)


def _batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(rows)
    while some := list(islice(iterator, ROWS)):
        yield some


def _write_events(transaction: Transaction, list_id: int, rows: list[tuple[int, MadeEvent]]) -> None:
    counters = CounterUpdates()
    for _, event in rows:
        if not event.flags & ROBOT:
            counters.add_event(list_id, _NAMES[event.name], event.at)
        if event.name == CONVERTED and not event.flags & NOT_COUNTED:
            found = decoded_properties(event.properties)
            counters.add_conversion(Event(list_id, CONVERSION, event.received_at, properties=found))
    transaction.insert(
        "events",
        stored_events.COLUMNS,
        [
            (
                list_id, event_id, event.visitor, event.span, event.person, _NAMES[event.name], event.at, event.received_at,
                None, None, None, event.flags, event.properties,
            )
            for event_id, event in rows
        ],
    )  # fmt: skip
    counters.write(transaction)


def _write_people(database: Database, list_id: int, year: MadeYear) -> None:
    for some in _batches(year.visitors()):
        _write(database, partial(_write_visitors, list_id=list_id, begins=year.begins, visitors=some))
    for persons in _batches(year.persons()):
        rows: Rows = []
        for person in persons:
            address = b"person-%d@example.com" % person
            rows.append((list_id, person, address, address, person.to_bytes(16, "big"), year.begins))
        _write(database, partial(Transaction.insert, table="subscribers", columns=SUBSCRIBER, rows=rows))


def _write_visitors(transaction: Transaction, list_id: int, begins: int, visitors: list[Visitor]) -> None:
    rows: Rows = []
    links: Rows = []
    for each in visitors:
        span, person = each.at(DAYS)
        owner = None if each.is_unlinked else person or None
        rows.append((list_id, each.id, each.id.to_bytes(16, "big"), span, owner, begins))
        for number, whose in enumerate(filter(None, (each.person, each.second_person))):
            is_kept = number or not each.is_unlinked
            taken_back = (None, None) if is_kept else (whose, begins)
            linked = (whose if is_kept else None, begins, 0, int(Reason.EMAIL), *taken_back)
            links.append((list_id, each.id, number, *linked))
    transaction.insert("visitors", VISITOR, rows)
    transaction.insert("identity_links", LINK, links)


def _write_catalogue(
    transaction: Transaction, list_id: int, year: MadeYear, counts: Counter[tuple[int, tuple[int, ...]]]
) -> None:
    """Count names, and values of properties by type, from how many events have pieces of which shapes."""
    names: Counter[int] = Counter()
    found: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0] * len(TYPES))
    for (name, shapes), events in counts.items():
        names[name] += events
        types = [(SESSION, TEXT), *([(CONVERSION_ID, TEXT)] if name == CONVERTED else [])]
        for kind, type_number in [*types, *(each for shape in shapes for each in year.pieces.shapes[shape])]:
            found[name, kind][type_number] += events
    seen = (year.begins, year.ends, year.ends)
    sizes = Counter(name for name, _ in found)
    transaction.insert(
        "event_names",
        ("list_id", "name", "property_count", "events", *TIMES),
        [(list_id, _NAMES[name], sizes[name], events, *seen) for name, events in sorted(names.items())],
    )
    transaction.insert(
        "event_properties",
        ("list_id", "event_name", "property", *TIMES, *TYPES),
        [(list_id, _NAMES[name], kind.encode(), *seen, *types) for (name, kind), types in found.items()],
    )
