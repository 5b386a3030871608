"""Kept snapshot: that of the last question about a copy, for the next one, which finds there what was worked out before.

A page asks several questions at once about the same days. A snapshot is good as long as nothing in the copy has changed, and kept
for seconds only: it holds back what DuckDB wants to clear away.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import duckdb

from tracker.analytics.process.answer_cache import Version
from tracker.analytics.queries import Workspace

#: Seconds for which a snapshot is kept, and tables with which one is not.
KEPT_SECONDS, MAX_TABLES = 2.0, 32


class Snapshot:
    """What a copy held at one moment, of this version or a later one, with what questions have worked out from it."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, version: Version) -> None:
        self.cursor, self.version = cursor, version
        cursor.execute("BEGIN")
        self.workspace = Workspace(cursor)
        self.kept_at = 0.0

    def close(self) -> None:
        """Give the tables back."""
        self.cursor.close()


class KeptSnapshot:
    """The place for one snapshot, which one question at a time uses."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._snapshot: Snapshot | None = None
        self._lock, self._clock = threading.Lock(), clock

    def take(self, version: Version) -> Snapshot | None:
        """Return the snapshot, if there is one of this version: it is the caller's now."""
        with self._lock:
            found, self._snapshot = self._snapshot, None
        if found is not None and (found.version != version or self._is_old(found)):
            found.close()
            return None
        return found

    def keep(self, snapshot: Snapshot) -> None:
        """Keep a snapshot after a question that was answered."""
        snapshot.kept_at = snapshot.kept_at or self._clock()
        if snapshot.workspace.size > MAX_TABLES:
            snapshot.close()
            return
        with self._lock:
            other, self._snapshot = self._snapshot, snapshot
        if other is not None:
            other.close()

    def drop(self, *, only_old: bool = False) -> None:
        """Close the snapshot, if there is one; with `only_old` only if it was kept for long enough."""
        with self._lock:
            found = self._snapshot
            if found is None or (only_old and not self._is_old(found)):
                return
            self._snapshot = None
        found.close()

    def _is_old(self, snapshot: Snapshot) -> bool:
        return self._clock() - snapshot.kept_at > KEPT_SECONDS
