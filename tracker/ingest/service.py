"""Ingestion service: `Ingest.track` stores an event by group commit, and returns after the commit."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import gevent
from gevent.lock import RLock

from tracker.domain.event import Event, EventIdTaken, EventOutcomeUnknown, Tracked
from tracker.domain.event_ids import EventIdSigner
from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.ingest.background import BackgroundWrites
from tracker.ingest.event_handler import EventHandler
from tracker.ingest.page_events import sent_by_pages
from tracker.ingest.traits import ignored_of, match_fields
from tracker.storage.engine import (
    EVENT_IDS,
    Database,
    IdMaker,
    Lease,
    LeaseWatch,
    LoneWriter,
    Transaction,
    WriterNumber,
    in_flight_seconds,
    secret_of,
    shard_of,
)
from tracker.storage.subscribers import CustomFields

#: Seconds that it may take to tell others that a process still writes, or has ended.
LEASE_SECONDS = 1.0

_log = logging.getLogger("tracker.ingest")


class Ingest:
    """The write path of one process, with its leased writer number and its background writes."""

    def __init__(self, database: Database, fields: CustomFields | None = None) -> None:
        self._database = database
        self._fields = fields or CustomFields(database, lambda: time.time_ns() // 1_000_000)
        self._number = WriterNumber()
        #: Who writes to the database, this process and all others.
        self.watch = LeaseWatch(database, self._number)
        self.watch.tell, self._told_id = self._tell_of_writing, 0
        self._lease_lock = RLock()
        self._event_ids = EventIdSigner()
        #: Told how many events were stored, and how many of a call were stored before, once they are committed.
        self.on_tracked: Callable[[int, int], None] = lambda _stored, _repeated: None
        self._ids = IdMaker(self._number)
        seconds = in_flight_seconds(database.engine)
        #: One for each shard, whose writer is another one.
        self._handlers = [EventHandler(self._ids, self._event_ids, seconds) for _ in range(database.shards)]
        self._background = [BackgroundWrites(database, handler) for handler in self._handlers]

    def track(self, event: Event, deadline: float | None = None) -> Tracked:
        """Store the event, committed when this returns. `deadline` is a `time.monotonic()` second.

        Raises EventIdTaken, StorageUnavailable (nothing is stored), EventOutcomeUnknown (repeat it with its EventID).
        """
        match_fields([event], self._fields, deadline)
        [result] = self._submit([event], deadline)
        if isinstance(result, Exception):
            raise result
        return result  # type: ignore[no-any-return]

    def track_batch(self, events: list[Event], deadline: float | None = None) -> list[Tracked | Exception]:
        """Store the events. Returns for each its `Tracked`, or the exception that says why it is not stored.

        Those of lists of one shard are stored in one transaction. Raises StorageUnavailable (nothing is stored),
        EventOutcomeUnknown (repeat all with their EventIDs).
        """
        if not events:
            return []
        match_fields(events, self._fields, deadline)
        if self._database.shards == 1:
            return self._track_part(events, deadline)
        parts: dict[int, list[int]] = {}
        for place, event in enumerate(events):
            parts.setdefault(shard_of(event.list_id, self._database.shards), []).append(place)
        if len(parts) == 1:
            return self._track_part(events, deadline)
        return self._track_parts(events, list(parts.values()), deadline)

    def _track_parts(
        self, events: list[Event], parts: list[list[int]], deadline: float | None
    ) -> list[Tracked | Exception]:
        """Store the events of several shards at once, each shard's by itself. `parts` are places in `events`.

        If one cannot be reached and others can, the outcome of all is unknown: a repeat stores those that are lacking.
        """
        started = [
            gevent.spawn(self._outcome_of, [events[place] for place in part], deadline) for part in parts
        ]
        outcomes = [greenlet.get() for greenlet in started]
        if all(isinstance(outcome, StorageUnavailable) for outcome in outcomes):
            raise outcomes[0]
        if any(isinstance(outcome, Exception) for outcome in outcomes):
            raise EventOutcomeUnknown(self._repeat_ids(events))
        results: list[Tracked | Exception] = [StorageUnavailable()] * len(events)
        for part, outcome in zip(parts, outcomes, strict=True):
            for place, result in zip(part, outcome, strict=True):
                results[place] = result
        return results

    def _outcome_of(
        self, events: list[Event], deadline: float | None
    ) -> list[Tracked | Exception] | Exception:
        try:
            return self._track_part(events, deadline)
        except (StorageUnavailable, EventOutcomeUnknown) as failure:
            return failure

    def _track_part(self, events: list[Event], deadline: float | None) -> list[Tracked | Exception]:
        """Store events of one shard in one transaction."""
        try:
            return self._submit(events, deadline)
        except (StorageUnavailable, EventOutcomeUnknown):
            raise
        except Exception:  # noqa: BLE001  an event is at fault: each alone shows which
            return self._one_by_one(events, deadline)

    def check(self, event: Event, deadline: float | None = None) -> Tracked:
        """Return the result of a test event, which is checked like any other and not stored."""
        match_fields([event], self._fields, deadline)
        return Tracked(event.uuid or event.fresh_uuid(), False, event.external_id, ignored=ignored_of(event))

    def sent_by_pages(
        self, list_id: int, events: dict[int, Event], deadline: float | None = None
    ) -> set[int]:
        """Return the keys of those events of an export that a page has sent to the list, in other words of its own at most.

        Raises StorageUnavailable.
        """
        return self._database.read(lambda transaction: sent_by_pages(transaction, list_id, events), deadline)

    def lone_writer(self) -> LoneWriter:
        """Return what tells whether others write to the database too."""
        return LoneWriter(self._database)

    def new_id(self, deadline: float | None = None) -> int:
        """Return a row id for a row that is no event. Raises StorageUnavailable."""
        if self._number.is_due():
            self._renew_lease(deadline)
        return self._ids.next_id(time.time_ns() // 1_000_000)

    def _one_by_one(self, events: list[Event], deadline: float | None) -> list[Tracked | Exception]:
        """Store the events one by one, after the batch as a whole failed: only those at fault fail."""
        try:
            return [self._alone(event, deadline) for event in events]
        except (StorageUnavailable, EventOutcomeUnknown):  # some may be stored
            raise EventOutcomeUnknown(self._repeat_ids(events)) from None

    def _alone(self, event: Event, deadline: float | None) -> Tracked | Exception:
        try:
            return self.track(event, deadline)
        except (StorageUnavailable, EventOutcomeUnknown):
            raise
        except Exception as failure:  # noqa: BLE001  it is this event's result
            if not isinstance(failure, EventIdTaken):
                _log.error("an event of a batch could not be stored: %s", type(failure).__name__)
            return failure

    def _submit(self, events: list[Event], deadline: float | None) -> list[Any]:
        if self._number.is_due():
            self._renew_lease(deadline)
        shard, list_id = shard_of(events[0].list_id, self._database.shards), events[0].list_id
        self._background[shard].events_came()
        for event in events:
            event.prepare()
        try:
            results = self._database.submit(self._handlers[shard], events, deadline, len(events), list_id)
        except OutcomeUnknown:
            raise EventOutcomeUnknown(self._repeat_ids(events)) from None
        self._tell(results)
        return results  # type: ignore[no-any-return]

    def _tell(self, results: list[Any]) -> None:
        """Tell how many were stored, before anybody is answered: what is acknowledged is counted."""
        stored = repeated = 0
        for result in results:
            if isinstance(result, Tracked):
                if result.is_duplicate:
                    repeated += 1
                else:
                    stored += 1
        self.on_tracked(stored, repeated)

    def _tell_of_writing(self) -> None:
        """Renew the lease early if rows were made since the last time, and no request waits for it.

        Others learn from it that this process still writes, and to which node.
        """
        if self._ids.last != self._told_id:
            last = self._ids.last
            with suppress(StorageUnavailable):  # the next time may succeed
                self._renew_lease(time.monotonic() + LEASE_SECONDS, is_early=True)
                self._told_id = last

    def _renew_lease(self, deadline: float | None, is_early: bool = False) -> None:
        """Lease a writer number, which row ids contain. One request renews it, the others wait for it."""
        with self._lease_lock:
            if not is_early and not self._number.is_due():
                return
            try:
                lease, secret = self._database.write(self._lease, deadline)
            except OutcomeUnknown as unknown:
                raise StorageUnavailable(f"the writer number could not be leased: {unknown}") from unknown
            self._event_ids.set_secret(secret)
            self._number.keep(lease)

    def _lease(self, transaction: Transaction) -> tuple[Lease, bytes]:
        """Return the leased writer number, and the secret that signs EventIDs."""
        return self._number.lease(transaction), secret_of(transaction, EVENT_IDS)

    def _repeat_ids(self, events: list[Event]) -> list[str]:
        """Return the EventIDs to repeat the events with. One that no try has reached gets its row id now."""
        for event in events:
            event.row_id = event.row_id or self._ids.next_id(time.time_ns() // 1_000_000)
        return [event.event_key or self._event_ids.of(event) for event in events]

    def serve(self, instance: str, has_own_limits: bool) -> None:
        """Count, periodically, what killed processes stored and did not count, and watch who else writes: for a process
        that serves.

        `instance` names it to others, as HOST:PORT; `has_own_limits`: it counts rate limits by itself.
        """
        self._number.instance = instance
        self._background[0].serve()
        self.watch.serve(has_own_limits)

    def flush(self) -> None:
        """Write everything that is pending in the background."""
        for background in self._background:
            background.flush()

    def close(self) -> None:
        """Write everything that is pending, and nothing afterwards."""
        self.watch.close()
        for background in self._background:
            background.close()
        if self._number.instance and self._number.number >= 0 and self._database.engine.is_remote:
            with suppress(StorageUnavailable, OutcomeUnknown):  # the lease ends by itself
                self._database.write(self._number.leave, time.monotonic() + LEASE_SECONDS)
