"""Background writes after events are answered: the catalogue's counts, short visitor histories, and timeline compaction."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import gevent

from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.ingest.event_handler import EventHandler
from tracker.storage.aggregates import DeferredCounts
from tracker.storage.engine import NOBODYS, Database
from tracker.storage.timeline import MAX_RECENT, maintain, timeline_rows

#: Seconds after an event by which its background writes are done.
FLUSH_SECONDS = 5.0
#: Histories merged in one transaction: bounds how long it delays events.
MERGED_AT_ONCE = 200
#: Timeline rows that a process adds before it checks whether rows must be sorted into runs.
ROWS_BETWEEN_SORTS = MAX_RECENT // 4

_log = logging.getLogger("tracker.ingest")


class BackgroundWrites:
    """The background writes of one process for the lists of one shard. No answer depends on them: a write that is missed is made later."""

    def __init__(self, database: Database, handler: EventHandler) -> None:
        self._database, self._handler = database, handler
        self._counting = DeferredCounts(database, handler.uncounted)
        self._is_flush_due = False
        self._is_sorting = False
        self._is_closed = False
        self._next_flush: gevent.Greenlet | None = None

    def close(self) -> None:
        """Write what is pending, and start nothing any more: the process ends, or closes the database."""
        self._is_closed = True
        self._counting.close()
        if self._next_flush is not None and not self._is_flush_due:  # it has begun
            self._next_flush.join(FLUSH_SECONDS)
        self.flush()

    def serve(self) -> None:
        """Count also what killed processes left uncounted: for a process that serves."""
        self._counting.serve()

    def events_came(self) -> None:
        """Schedule a flush, and a compaction if due. Called with every write of events."""
        if self._is_closed:
            return
        if not self._is_flush_due:
            self._is_flush_due = True
            self._next_flush = gevent.spawn_later(FLUSH_SECONDS, self.flush)
        if self._handler.unsorted_rows >= ROWS_BETWEEN_SORTS and not self._is_sorting:
            self._handler.unsorted_rows = 0
            if not self._database.engine.is_remote:
                self._is_sorting = True
                gevent.spawn(self._sort)

    def flush(self) -> None:
        """Write everything that is pending now, in place of the scheduled flush."""
        if self._next_flush not in (None, gevent.getcurrent()) and self._is_flush_due:
            self._next_flush.kill()
        self._is_flush_due = False
        is_counted = self._counting.flush()
        self._try("short visitor histories were not copied", self._copy_histories)
        if self._handler.pending_history or not is_counted:
            self.events_came()

    def _copy_histories(self) -> None:
        """Merge short visitor histories. One that cannot be merged is read where it is."""
        while spans := self._handler.pending_history.take(MERGED_AT_ONCE):
            self._database.write(partial(timeline_rows.copy_history, spans=spans), list_id=spans[0][0])

    def _sort(self) -> None:
        """Sort the timeline in pieces, so that events are written in between."""
        try:
            self._try("the timeline was not sorted", self._sort_all)
        finally:
            self._is_sorting = False

    def _sort_all(self) -> None:
        while not self._is_closed and self._database.write(maintain, list_id=NOBODYS):
            pass

    def _try(self, what_failed: str, work: Callable[[], Any]) -> None:
        try:
            work()
        except (StorageUnavailable, OutcomeUnknown) as failure:
            _log.warning("%s: %s", what_failed, type(failure).__name__)
