"""Kept snapshot: those of the last two questions about a copy, for the next ones, which find there what was worked out before.

A page asks several questions about the same days, two at once. A snapshot is good as long as nothing in the copy has changed, and kept
for seconds only: it holds back what DuckDB wants to clear away.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from tracker.analytics.process.answer_cache import Version
from tracker.analytics.queries import Cursor, Workspace

#: Seconds for which a snapshot is kept, and tables with which one is not.
KEPT_SECONDS, MAX_TABLES = 2.0, 32
#: Snapshots kept: as many as questions of one page are answered at once.
MAX_KEPT = 2


class Closable(Cursor, Protocol):
    """A cursor with tables of its own, which go with it."""

    def close(self) -> None:
        """Give the tables back."""

    def interrupt(self) -> None:
        """Give up the statement that runs."""


class Snapshot:
    """What a copy held at one moment, of this version or a later one, with what questions have worked out from it."""

    def __init__(self, cursor: Closable, version: Version) -> None:
        self.cursor, self.version = cursor, version
        cursor.execute("BEGIN")
        self.workspace = Workspace(cursor)
        self.kept_at = 0.0

    def close(self) -> None:
        """Give the tables back."""
        self.cursor.close()


class KeptSnapshot:
    """The place for few snapshots, each of which one question at a time uses."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._snapshots: list[Snapshot] = []
        self._lock, self._clock = threading.Lock(), clock

    def take(self, version: Version) -> Snapshot | None:
        """Return a snapshot, if there is one of this version: it is the caller's now."""
        self._close(lambda snapshot: snapshot.version != version or self._is_old(snapshot))
        with self._lock:
            return self._snapshots.pop() if self._snapshots else None

    def keep(self, snapshot: Snapshot) -> None:
        """Keep a snapshot after a question that was answered; the one that was kept first makes way."""
        snapshot.kept_at = snapshot.kept_at or self._clock()
        if snapshot.workspace.size > MAX_TABLES:
            snapshot.close()
            return
        with self._lock:
            self._snapshots.append(snapshot)
            over = self._snapshots[:-MAX_KEPT]
            self._snapshots = self._snapshots[-MAX_KEPT:]
        for each in over:
            each.close()

    def drop(self, *, only_old: bool = False) -> None:
        """Close the snapshots; with `only_old` only those that were kept for long enough."""
        self._close(lambda snapshot: not only_old or self._is_old(snapshot))

    def _close(self, is_over: Callable[[Snapshot], bool]) -> None:
        with self._lock:
            over = [snapshot for snapshot in self._snapshots if is_over(snapshot)]
            self._snapshots = [snapshot for snapshot in self._snapshots if snapshot not in over]
        for each in over:
            each.close()

    def _is_old(self, snapshot: Snapshot) -> bool:
        return self._clock() - snapshot.kept_at > KEPT_SECONDS
