"""Catalogue check: names compared with the events exactly, counts as far as they must be written by now."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial

from tracker.domain.event import IS_BOT, decoded_properties
from tracker.domain.row_ids import received_ms
from tracker.integrity.seen_times_check import NameKey, WrongTime, times_by_key, wrong_times
from tracker.storage.aggregates import (
    CatalogueCounts,
    EventTimes,
    Note,
    SeenTimes,
    catalogue,
    catalogue_counts,
    count_notes,
    count_outbox,
    remove,
)
from tracker.storage.engine import Database, Row, Transaction
from tracker.storage.events import has_deletions, has_jobs_since, scan
from tracker.storage.schema import TYPES

#: Counts are written up to 5 s late; events younger than this, in milliseconds, may not be in them yet.
LATE_MS = 15_000
#: Events read at a time.
PAGE = 2_000

NameCounts = dict[NameKey, tuple[int, ...]]


@dataclass(frozen=True)
class Difference:
    """A stored value and the value that the events give; `repair(transaction)` makes them equal."""

    what: str
    stored: str
    counted: str
    repair: Callable[[Transaction], object]
    said_by: str = "the events say"

    def __str__(self) -> str:
        return f"{self.what}: stored {self.stored}, {self.said_by} {self.counted}"


def catalogue_differences(database: Database, list_id: int) -> list[Difference]:
    """Return the differences of a list's catalogue. Raises StorageUnavailable.

    It is read before and after a scan of the events: what changed in between is late, not wrong.
    """
    started = time.time_ns() // 1_000_000
    notes = database.read(partial(count_outbox.of_list, list_id=list_id))
    before, times_before = _catalogued(database, list_id)
    noted = {event_id for note in notes for event_id in note.event_ids}
    everything, due = _counted(database, list_id, started - LATE_MS, noted)
    after, times_after = _catalogued(database, list_id)
    has_gaps = database.read(lambda transaction: catalogue.has_gaps(transaction, list_id))
    if database.read(lambda transaction: has_jobs_since(transaction, list_id, started - LATE_MS)):
        due = (
            CatalogueCounts()
        )  # deleted before its counts were written, an event has been taken off them already
    has_lost = database.read(lambda transaction: has_deletions(transaction, list_id))
    counted, counted_due, times = _by_key(everything), _by_key(due), times_by_key(everything)
    found = _overdue([note for note in notes if received_ms(note.id) < started - LATE_MS])
    missing = [] if has_gaps else sorted(counted.keys() - after.keys(), key=_order)
    found += [_missing(list_id, key, times[key]) for key in missing]
    found += [_phantom(list_id, key) for key in _phantoms(before.keys() - counted.keys(), after, has_lost)]
    for key in sorted(after.keys() & counted.keys(), key=_order):
        found += _count_differences(
            list_id, key, before.get(key), after[key], counted[key], counted_due.get(key)
        )
    if not has_gaps:  # a name that was listed again has been seen since then
        wrong = wrong_times((times_before, times_after), times, times_by_key(due), not has_lost)
        found += [_wrong_time(list_id, each) for each in wrong]
    return found


def _phantoms(names: Collection[NameKey], after: NameCounts, has_lost: bool) -> list[NameKey]:
    """Return those of the names in no event that must not be catalogued, or must not be counted."""
    if has_lost:  # a name outlives its events, its counts do not
        names = {key for key in names if any(after.get(key, ()))}
    # Whether events have this property follows from verdicts about robots, which change; the name stays catalogued.
    return sorted((key for key in names if key[1] != b"$bot" or any(after.get(key, ()))), key=_order)


def _catalogued(database: Database, list_id: int) -> tuple[NameCounts, dict[NameKey, SeenTimes]]:
    def read(transaction: Transaction) -> tuple[NameCounts, dict[NameKey, SeenTimes]]:
        counts: NameCounts = {}
        times: dict[NameKey, SeenTimes] = {}
        for name, (events, seen) in catalogue_counts.names(transaction, list_id).items():
            counts[name, None], times[name, None] = (events,), seen
        for name, item, types, seen in catalogue_counts.properties(transaction, list_id):
            counts[name, item], times[name, item] = types, seen
        return counts, times

    return database.read(read)


def _counted(
    database: Database, list_id: int, due_before: int, noted: Collection[int]
) -> tuple[CatalogueCounts, CatalogueCounts]:
    """Return the counts of all events, and of those whose counts must be written: they are in no outbox row."""
    everything, due = CatalogueCounts(), CatalogueCounts()
    for event_id, name, event_at, received_at, stored, flags in _events(database, list_id):
        properties, times = decoded_properties(stored), (event_at, received_at)
        everything.add(list_id, name, properties, times, is_counted=not flags & IS_BOT)
        if received_at < due_before and not flags & IS_BOT and event_id not in noted:
            due.add(list_id, name, properties, times)
    return everything, due


def _events(database: Database, list_id: int) -> Iterator[Row]:
    """Yield all events of a list, read a page at a time: no long transaction blocks writers."""
    read = partial(scan.page, list_id=list_id, size=PAGE)
    page = database.read(partial(read, after_id=-1))
    while page:
        yield from page
        page = database.read(partial(read, after_id=page[-1][0]))


def _by_key(counts: CatalogueCounts) -> NameCounts:
    found: NameCounts = {(name, None): (count,) for (_, name), count in counts.names()}
    found.update({(name, item): types for (_, name, item), types in counts.properties()})
    return found


def _count_differences(
    list_id: int, key: NameKey, before: tuple[int, ...] | None, after: tuple[int, ...], counted: tuple[int, ...],
    due: tuple[int, ...] | None,
) -> list[Difference]:  # fmt: skip
    """Compare counts: at least what was due, and no more than was stored before or after: events come, and are deleted."""
    zeros = (0,) * len(after)
    known = list(zip(before or zeros, after, strict=True))
    lacking = [0 if due is None else max(0, d - max(k)) for d, k in zip(due or zeros, known, strict=True)]
    surplus = [max(0, min(k) - c) for c, k in zip(counted, known, strict=True)]
    change = [more - less for more, less in zip(lacking, surplus, strict=True)]
    if not any(change):
        return []

    def repair(transaction: Transaction) -> None:
        catalogue_counts.change(transaction, list_id, *key, change)

    return [Difference(_label(key), _as_text(key, after), _as_text(key, counted), repair)]


def _overdue(notes: list[Note]) -> list[Difference]:
    """Return the difference of outbox rows that a killed process left and no other process has counted."""
    if not notes:
        return []
    events = sum(len(note.event_ids) for note in notes)
    what = "catalogue, events that are not counted yet"
    repair = partial(count_notes, notes=notes)
    return [
        Difference(
            what, str(events), f"none that is older than {LATE_MS // 1000} s", repair, "there should be"
        )
    ]


def _missing(list_id: int, key: NameKey, times: SeenTimes) -> Difference:
    name, item = key
    event = EventTimes(times.first_seen_at, times.last_received_at)

    def repair(transaction: Transaction) -> None:
        items = {} if item is None else {item: event}
        catalogue.Catalogue().note(transaction, {(list_id, name): (items, event)})
        zeros = (0,) * (1 if item is None else len(TYPES))
        catalogue_counts.change(transaction, list_id, name, item, zeros, times)

    return Difference(_label(key), "nothing", "it is in events", repair)


def _wrong_time(list_id: int, wrong: WrongTime) -> Difference:
    def repair(transaction: Transaction) -> None:
        catalogue_counts.replace_time(
            transaction, list_id, wrong.key, wrong.column, wrong.stored, wrong.counted
        )

    return Difference(_label(wrong.key), *wrong.texts, repair)


def _phantom(list_id: int, key: NameKey) -> Difference:
    def repair(transaction: Transaction) -> None:
        remove(transaction, list_id, *key)

    return Difference(_label(key), "it is catalogued", "it is in no event", repair)


def _label(key: NameKey) -> str:
    name, item = key
    prefix = "" if item is None else f"property '{item.decode()}' of "
    return f"catalogue, {prefix}event '{name.decode()}'"


def _as_text(key: NameKey, counts: tuple[int, ...]) -> str:
    if key[1] is None:
        return f"{counts[0]} events"
    return (
        ", ".join(f"{count} {kind}" for kind, count in zip(TYPES, counts, strict=True) if count)
        or "no values"
    )


def _order(key: NameKey) -> tuple[bytes, bool, bytes]:
    return key[0], key[1] is not None, key[1] or b""
