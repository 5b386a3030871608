"""Event handler: stores a group of events in one transaction, as one list of steps (`Attempt.apply`)."""

from __future__ import annotations

import logging
import time
from itertools import chain, islice
from typing import Any

from tracker.domain.event import (  # fmt: skip
    CONVERSION,
    HAS_ID_CONFLICT,
    HAS_SENT_IDENTIFY,
    IDENTIFY,
    IS_BOT,
    IS_GENERATED,
    IS_IMAGE,
    IS_PUBLIC,
    IS_SILENT,
    NAMED_BY_EMAIL,
    NOT_COUNTED,
    Event,
    Tracked,
)
from tracker.domain.event_ids import EventIdSigner
from tracker.domain.identity import Placement
from tracker.domain.resolver import IdentityResolver
from tracker.ingest.counted_conversions import Conversions
from tracker.ingest.counter_updates import CounterUpdates
from tracker.ingest.deduplication import Deduplicator
from tracker.ingest.event_comparison import are_stored
from tracker.ingest.identity_store import load_identities, save_identities
from tracker.ingest.late_links import recheck_stored
from tracker.ingest.pending_history import PendingHistory
from tracker.ingest.span_store import SpanStore
from tracker.ingest.traits import Ignored, write_traits
from tracker.storage.aggregates import Catalogue, EventTimes, NoteKey, Seen, Uncounted, count_outbox
from tracker.storage.engine import IdMaker, Row, Transaction
from tracker.storage.events import events as event_rows
from tracker.storage.subscribers import identity_rows
from tracker.storage.timeline import timeline_rows

_log = logging.getLogger("tracker.ingest")

#: The stored properties of an identify event that Tracker adds: none.
NO_PROPERTIES = b"\x01{}"

#: {(list_id, event name): ({property as sent: times of an event with it}, times of an event)}, for the catalogue.
SeenAsSent = dict[tuple[int, bytes], tuple[dict[str, EventTimes], EventTimes]]
#: (list_id, event name, properties, times) of an event that was stored.
Stored = tuple[int, bytes, dict[str, Any], EventTimes]


class EventHandler:
    """Applies groups of events for one writer of a process. After a rollback it is called again: all state is per attempt."""

    #: A visitor's links and names are read, then written: another process that wrote them in between has their keys.
    races_for_keys = True

    def __init__(self, ids: IdMaker, event_ids: EventIdSigner, merge_after_seconds: float) -> None:
        self._ids, self._event_ids = ids, event_ids
        self._catalogue = Catalogue()
        # Of the attempt that was written last: the keys of its rows, its events, and the notes to count them.
        self._keys: set[tuple[int, int]] = set()
        self._stored: list[Stored] = []
        self._notes: list[NoteKey] = []
        self._uncopied_histories: list[timeline_rows.SpanKey] = []
        self.uncounted, self.pending_history = Uncounted(), PendingHistory(merge_after_seconds)
        self.unsorted_rows = 0

    def __call__(self, transaction: Transaction, batches: list[list[Event]]) -> list[list[Any]]:
        """Store the batches. Returns for each a list with one `Tracked` an event, or EventIdTaken in its place."""
        attempt = Attempt(self._ids, self._event_ids)
        results = iter(attempt.apply(transaction, list(chain.from_iterable(batches))))
        self._catalogue.note(transaction, _encoded(attempt.seen), _encoded(attempt.seen_in_public))
        self._notes = (
            count_outbox.note(transaction, self.new_id(), attempt.counted) if attempt.counted else []
        )
        self._keys, self._stored = {(row[0], row[1]) for row in attempt.rows}, attempt.stored
        self._uncopied_histories = attempt.uncopied_histories
        return [list(islice(results, len(batch))) for batch in batches]

    def new_id(self) -> int:
        """Return an id that no row of this process has; the writer number must be leased."""
        return self._ids.next_id(_now())

    def committed(self) -> None:
        """Take over the results of the attempt that was committed: counts, catalogue and histories to merge."""
        self._catalogue.committed()
        for list_id, name, properties, times in self._stored:
            self.uncounted.counts.add(list_id, name, properties, times)
        self.uncounted.notes += self._notes
        self.pending_history.add(self._uncopied_histories)
        self.unsorted_rows += len(self._keys)

    def was_committed(self, transaction: Transaction, batches: list[list[Event]]) -> bool:
        """Return whether all rows of the last attempt are stored, and hold these very events.

        A single row may have been stored by another process to which the event was repeated. A group of duplicates has no
        rows, and counts as committed.
        """
        events = [e for e in chain.from_iterable(batches) if (e.list_id, e.row_id) in self._keys]
        is_there = event_rows.find_events(transaction, self._keys) == self._keys
        return not self._keys or (is_there and are_stored(transaction, events))


class Attempt:
    """One attempt to store a group of events: load, decide, write."""

    def __init__(self, ids: IdMaker, event_ids: EventIdSigner) -> None:
        self._ids, self._event_ids = ids, event_ids
        self._deduplicator: Deduplicator
        self.rows: list[Row] = []
        self.entries: list[timeline_rows.TimelineEntry] = []
        self.uncopied_histories: list[timeline_rows.SpanKey] = []
        self.seen: SeenAsSent = {}
        self.seen_in_public: SeenAsSent = {}
        self.stored: list[Stored] = []
        self.counted: dict[int, list[int]] = {}
        self._counters = CounterUpdates()
        self._conversions: Conversions
        self._resolver: IdentityResolver[SpanStore]

    def apply(self, transaction: Transaction, events: list[Event]) -> list[Any]:
        """Store the events: the write path, step by step. Returns one `Tracked` an event, or an exception in its place."""
        deduplicator = self._deduplicator = Deduplicator(transaction, events, self._next_id, self._event_ids)
        new = deduplicator.new_events()
        resolver = self._resolver = load_identities(transaction, new, self._next_id)
        placed = [(event, resolver.place(event, *resolver.match(event))) for event in new]
        conversions = self._conversions = Conversions(transaction, new)
        ignored = write_traits(transaction, resolver, placed, _now())
        tracked = [self._add(event, placement, ignored) for event, placement in placed]
        save_identities(transaction, resolver, _now())
        event_rows.add_events(transaction, self.rows)
        timeline_rows.add(transaction, self.entries)
        self.uncopied_histories = recheck_stored(transaction, resolver, self._next_id, _now())
        conversions.write()
        self._counters.write(transaction)
        event_rows.add_event_ids(transaction, deduplicator.event_id_rows())
        return deduplicator.results(tracked)

    def _next_id(self) -> int:
        return self._ids.next_id(_now())

    def _add(self, event: Event, placement: Placement, ignored: Ignored) -> Tracked:
        """Collect the rows, counts and names of one event, and of the identify event that it brings with it."""
        self._log_conflicts(event, placement)
        flags, times = self._flags(event, placement), EventTimes(event.event_at, event.received_at)
        self._append(event, placement, event.row_id, event.name, flags, event.encoded_properties(), times)
        self._catalogue(event, event.name, event.stored_properties(), times)
        if placement.is_identify_sent and event.name != IDENTIFY:
            generated = IS_GENERATED | NAMED_BY_EMAIL | flags & (IS_BOT | IS_PUBLIC)
            row_id = self._deduplicator.next_row_id(event.list_id)
            self._append(event, placement, row_id, IDENTIFY, generated, NO_PROPERTIES, times)
            self._catalogue(event, IDENTIFY, {}, times)
        names = ignored.get(event.row_id, ())
        return Tracked(placement.visitor.uuid, placement.is_identify_sent, event.external_id, ignored=names)

    def _flags(self, event: Event, placement: Placement) -> int:
        """Return the event's `flags`; counts a conversion that counts."""
        flags = (
            IS_SILENT * (event.properties.get("isSilent") is True)
            | HAS_ID_CONFLICT * placement.has_id_conflict
        )
        flags |= placement.link_flag | (HAS_SENT_IDENTIFY if placement.is_identify_sent else 0)
        flags |= self._resolver.named_by(event, placement) | IS_IMAGE * event.is_image
        flags |= IS_BOT * event.is_bot | IS_PUBLIC * event.is_public
        if event.name == CONVERSION:
            flags |= self._conversions.flag_of(event)
            if not flags & NOT_COUNTED:
                self._counters.add_conversion(event)
        return flags

    def _log_conflicts(self, event: Event, placement: Placement) -> None:
        """Log contradictions that an operator may have to correct."""
        where = (event.row_id, event.list_id)
        if placement.has_id_conflict and not event.is_public:
            _log.warning("event %d of list %d: Email and ID name two people, Email wins", *where)
        if form := self._resolver.ambiguous.get(event.row_id):
            what = "event %d of list %d: ID is a hash that several people have in the form %s, it names none"
            _log.warning(what, *where, form.name.lower())

    def _append(
        self,
        event: Event,
        at: Placement,
        row_id: int,
        name: str,
        flags: int,
        properties: bytes,
        times: EventTimes,
    ) -> None:
        encoded, event_at = name.encode(), times.event_at
        self.rows.append((
            event.list_id, row_id, at.visitor.id, at.span, at.subscriber_id, encoded, event_at,
            event.received_at, event.claimed_at, event.sent_at, identity_rows.raw(event.external_id), flags, properties,
        ))  # fmt: skip
        if not flags & IS_BOT:
            self.counted.setdefault(event.list_id, []).append(row_id)
        self.entries += timeline_rows.entries(
            event.list_id, at.owner_id, event_at, row_id, at.visitor.id, at.span, encoded
        )

    def _catalogue(self, event: Event, name: str, properties: dict[str, Any], times: EventTimes) -> None:
        encoded = name.encode()
        if not event.is_bot:
            self._counters.add_event(event.list_id, encoded, times.event_at)
            self.stored.append((event.list_id, encoded, properties, times))
        seen = self.seen_in_public if event.is_public else self.seen
        names, _ = seen.setdefault((event.list_id, encoded), ({}, times))
        if not names.keys() >= properties.keys():
            names.update(dict.fromkeys(properties, times))


def _encoded(seen: SeenAsSent) -> Seen:
    return {
        name: ({item.encode(): times for item, times in items.items()}, at)
        for name, (items, at) in seen.items()
    }


def _now() -> int:
    return time.time_ns() // 1_000_000
