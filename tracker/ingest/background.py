"""What is written after events were answered? The catalogue's counts, short pasts, and order in the timeline."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import gevent

from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.ingest.event_handler import EventHandler
from tracker.storage.aggregates import DeferredCounts
from tracker.storage.engine import Database
from tracker.storage.timeline import MAX_RECENT, maintain, timeline_rows

#: What is written late is written this many seconds after an event at the latest.
FLUSH_SECONDS = 5.0
#: Pasts settled in one transaction: bounds how long it holds up events.
SETTLED_AT_ONCE = 200
#: Rows of the timeline that a process adds before it looks whether some are to be sorted.
ROWS_BETWEEN_SORTS = MAX_RECENT // 4

_log = logging.getLogger("tracker.ingest")


class BackgroundWrites:
    """Of one process. Nothing here is needed for an answer to be right; what is not done now is done later."""

    def __init__(self, database: Database, handler: EventHandler) -> None:
        self._database, self._handler = database, handler
        self._counting = DeferredCounts(database, handler.uncounted)
        self._is_flush_due = False
        self._is_sorting = False
        self._is_closed = False
        self._next_flush: gevent.Greenlet | None = None

    def close(self) -> None:
        """Write what can be written, and follow nothing up any more: the process ends, or is done with the database."""
        self._is_closed = True
        self._counting.close()
        if self._next_flush is not None and not self._is_flush_due:  # it has begun
            self._next_flush.join(FLUSH_SECONDS)
        self.flush()

    def serve(self) -> None:
        """Count what other processes have left behind, too: for a process that serves."""
        self._counting.serve()

    def events_came(self) -> None:
        """Called with every write of events: see that it is followed up."""
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
        """Write what is written late; what would do so later has nothing left to do."""
        if self._next_flush not in (None, gevent.getcurrent()) and self._is_flush_due:
            self._next_flush.kill()
        self._is_flush_due = False
        is_counted = self._counting.flush()
        self._try("short pasts were not settled", self._settle)
        if self._handler.unsettled or not is_counted:
            self.events_came()

    def _settle(self) -> None:
        """Pasts that cannot be settled are read where they are."""
        while spans := self._handler.unsettled.take(SETTLED_AT_ONCE):
            self._database.write(partial(timeline_rows.merge_history, spans=spans))

    def _sort(self) -> None:
        """Piece by piece, so that events go in between."""
        try:
            self._try("the timeline was not sorted", self._sort_all)
        finally:
            self._is_sorting = False

    def _sort_all(self) -> None:
        while not self._is_closed and self._database.write(maintain):
            pass

    def _try(self, what_failed: str, work: Callable[[], Any]) -> None:
        try:
            work()
        except (StorageUnavailable, OutcomeUnknown) as failure:
            _log.warning("%s: %s", what_failed, type(failure).__name__)
