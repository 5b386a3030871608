"""Free core: one that the reports process and its build leave to tracking while events come in; when it is quiet they use all."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tracker.analytics.copy.truth_reader import TruthReader
from tracker.domain.row_ids import first_id_at
from tracker.errors import StorageUnavailable
from tracker.storage.engine import Transaction
from tracker.storage.events import copied_events, scan

#: Events a second from which a core is left free, and below which it is used again; and the seconds over which they are counted.
BUSY, QUIET, PACE_SECONDS = 20.0, 10.0, 5
#: Seconds after which the pace is counted anew, and lists that are looked at, the newest ones.
LOOK_SECONDS, MAX_LISTS = 0.9, 64

_log = logging.getLogger("tracker.reports")


def pace_of(truth: TruthReader) -> float | None:
    """Return how many events a second came in lately, of all lists; None: it cannot be read. Counting ends where it is much."""
    first = first_id_at(time.time_ns() // 1_000_000 - PACE_SECONDS * 1000)

    def count(transaction: Transaction) -> int:
        events = 0
        for list_id in sorted(scan.list_ids(transaction), reverse=True)[:MAX_LISTS]:
            events += copied_events.count_from(transaction, list_id, first)
            if events >= BUSY * PACE_SECONDS:
                break
        return events

    try:
        return truth.read(count) / PACE_SECONDS
    except StorageUnavailable:  # whoever asks hears of it
        return None


class FreeCore:
    """Which cores these processes may use. Until it is known how many events come in, one is left free."""

    def __init__(self, pace: Callable[[], float | None], processes: Callable[[], Iterable[int]]) -> None:
        self._pace, self._processes = pace, processes
        self._cores = sorted(os.sched_getaffinity(0))
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._is_left = True
        self._last: float | None = None

    def look(self) -> None:
        """Count how many events come in, if the last count is old, and have all threads of the processes keep to it."""
        with self._lock:
            if time.monotonic() - self._looked_at < LOOK_SECONDS:
                return
            least = BUSY if self._last is None or not self._is_left else QUIET
            self._last = self._pace()
            self._is_left = self._last is None or self._last >= least
            self._looked_at = time.monotonic()
            for process in self._processes():
                self._restrict(process)

    def described(self) -> dict[str, Any]:
        """Return the pace, in events a second, and how many cores are used of how many."""
        self.look()
        return {"pace": self._last, "cores": len(self._used), "all_cores": len(self._cores)}

    @property
    def _used(self) -> list[int]:
        return self._cores[1:] if self._is_left and len(self._cores) > 1 else self._cores

    def _restrict(self, process: int) -> None:
        """Tell each thread of a process; threads that begin take it from the one that begins them."""
        try:
            for thread in os.listdir(Path(f"/proc/{process}/task")):
                os.sched_setaffinity(int(thread), self._used)
        except (FileNotFoundError, ProcessLookupError):  # one has just ended: others are told again
            return
        except OSError as failure:  # cores were taken away, or it is not allowed: all stays as it is
            _log.warning("which cores are used cannot be chosen: %s", failure)
