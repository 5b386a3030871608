"""Deferred counting: the catalogue's counts are written some seconds after the events, exactly once, even if a process dies."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

import gevent

from tracker.domain.event import IS_BOT, decoded_properties
from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage.aggregates import count_outbox
from tracker.storage.aggregates.catalogue_counts import CatalogueCounts
from tracker.storage.aggregates.count_outbox import Note, Uncounted
from tracker.storage.aggregates.seen_times import EventTimes
from tracker.storage.engine.database import Database
from tracker.storage.engine.error_kinds import Conflict
from tracker.storage.engine.sharding import Among, in_each_shard
from tracker.storage.engine.transaction import Transaction
from tracker.storage.events.events import read_events

#: Milliseconds after which outbox rows are counted by any process that finds them. Their own process does so 5 s after
#: an event, within the 5 s that a write may take; if it is slower it finds them deleted.
OVERDUE_MS = 10_000
#: Seconds between two searches for such rows: within 30 s of a restart everything is counted that a kill left behind.
LOOK_SECONDS = 5.0
#: Rows and events counted in one transaction: bounds how long it delays events.
MAX_NOTES, MAX_EVENTS = 200, 500

_log = logging.getLogger("tracker.ingest")


class Overtaken(Exception):
    """Another process has counted some of these events: the sums in memory are obsolete."""


class DeferredCounts:
    """Writes the counts of one process's stored events, and those that other processes have left."""

    def __init__(self, database: Database, uncounted: Uncounted) -> None:
        self._database, self._uncounted = database, uncounted
        self._server: gevent.Greenlet | None = None

    def flush(self) -> bool:
        """Write the sums in memory; return False when it is to be tried again.

        After an unknown outcome they are dropped: the outbox rows that are left are counted as overdue.
        """
        taken = self._uncounted.take()
        if not taken.notes:
            return True
        try:
            self._database.submit(_Flush(), taken, list_id=taken.notes[0][0])
        except StorageUnavailable:
            self._uncounted.put_back(taken)
            return False
        except (OutcomeUnknown, Overtaken) as failure:
            _log.info("counts are left to be read from the events: %s", type(failure).__name__)
        return True

    def serve(self) -> None:
        """Count overdue rows now and every LOOK_SECONDS: for a process that serves."""
        if self._server is None:
            self._server = gevent.spawn(self._look_again_and_again)

    def close(self) -> None:
        """Stop counting overdue rows."""
        if self._server is not None:
            self._server.kill()

    def _look_again_and_again(self) -> None:
        while True:
            try:
                count_overdue(self._database)
            except (StorageUnavailable, OutcomeUnknown) as failure:
                _log.warning("what is overdue was not counted: %s", type(failure).__name__)
            gevent.sleep(LOOK_SECONDS)


class _Flush:
    """Handler of the sums in memory. After a lost reply to COMMIT the outbox rows show the outcome."""

    def __call__(self, transaction: Transaction, items: list[Uncounted]) -> list[Any]:
        for taken in items:
            if not count_outbox.cross_off(transaction, taken.notes):
                raise Overtaken
            taken.counts.write(transaction)
        return [None] * len(items)

    def was_committed(self, transaction: Transaction, items: list[Uncounted]) -> bool:
        return not any(count_outbox.remaining(transaction, taken.notes) for taken in items)


def count_overdue(database: Database, overdue_ms: int = OVERDUE_MS) -> int:
    """Count the events of all rows of that age; return how many. Raises StorageUnavailable, OutcomeUnknown."""
    before_ms = time.time_ns() // 1_000_000 - overdue_ms
    return sum(in_each_shard(database, partial(_count_among, database, before_ms)))


def _count_among(database: Database, before_ms: int, among: Among) -> int:
    counted = 0
    look = partial(count_outbox.overdue, before_ms=before_ms, most=MAX_NOTES, among=among)
    while notes := database.read(look):
        counted += database.write(partial(_count_some, notes=_bounded(notes)), list_id=notes[0].list_id)
    return counted


def count_first(transaction: Transaction, list_id: int, event_ids: Collection[int]) -> None:
    """Count those of the events that are still in the outbox, before their counts are changed or subtracted."""
    wanted = set(event_ids)
    notes = [n for n in count_outbox.of_list(transaction, list_id) if not wanted.isdisjoint(n.event_ids)]
    count_notes(transaction, notes)


def count_notes(transaction: Transaction, notes: Sequence[Note]) -> int:
    """Count the events of these rows; return how many. Raises Conflict when another process was first."""
    if not count_outbox.cross_off(transaction, [note.key for note in notes]):
        raise Conflict("another process has counted them")
    counts = CatalogueCounts()
    for note in notes:
        for event in read_events(transaction, note.list_id, note.event_ids).values():
            if not event.flags & IS_BOT:
                properties = decoded_properties(event.properties)
                times = EventTimes(event.event_at, event.received_at)
                counts.add(note.list_id, event.name, properties, times)
    counts.write(transaction)
    return sum(len(note.event_ids) for note in notes)


def _count_some(transaction: Transaction, notes: Sequence[Note]) -> int:
    """Count the rows that an earlier read found, without those that another process has counted meanwhile."""
    existing = count_outbox.remaining(transaction, (note.key for note in notes))
    return count_notes(transaction, [note for note in notes if note.key in existing])


def _bounded(notes: Sequence[Note]) -> list[Note]:
    """Return the first rows, as long as their events are no more than MAX_EVENTS; at least one."""
    taken, room = [notes[0]], MAX_EVENTS - len(notes[0].event_ids)
    for note in notes[1:]:
        room -= len(note.event_ids)
        if room < 0:
            break
        taken.append(note)
    return taken
