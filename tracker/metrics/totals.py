"""Totals of an instance: the counters of all its workers together, and how those that live are doing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from tracker.metrics.metrics_file import (
    IN_FLIGHT,
    IS_ALONE,
    MEMORY,
    PROCESS,
    SEEN_AT,
    SLOW_AT,
    WAITING,
    WAITING_ROWS,
    MetricsFile,
    monotonic_ms,
)

#: Milliseconds without a sign of life after which a worker counts as gone; it gives one each second. The supervisor replaces it
#: after 30 s.
SILENT_MS = 10_000


class LiveWorker(NamedTuple):
    """A worker that gave a sign of life: its slot and its gauges."""

    number: int
    waiting: int
    waiting_rows: int
    in_flight: int
    is_alone: bool
    memory_bytes: int


class InstanceTotals(NamedTuple):
    """The sums over all workers. `counters` are by the names of entries; times are UTC milliseconds, 0 for never."""

    counters: Mapping[str, int]
    workers: list[LiveWorker]
    asked: int
    started_at: int
    slow_at: int

    @property
    def waiting(self) -> int:
        """Requests that wait to be written."""
        return sum(each.waiting for each in self.workers)

    @property
    def waiting_rows(self) -> int:
        """The rows that those stand for."""
        return sum(each.waiting_rows for each in self.workers)

    @property
    def in_flight(self) -> int:
        """Requests in a transaction that is open."""
        return sum(each.in_flight for each in self.workers)

    @property
    def alone(self) -> int:
        """Workers that count rate limits by themselves."""
        return sum(each.is_alone for each in self.workers)


def totals_of(file: MetricsFile) -> InstanceTotals:
    """Return the sums over all slots of a file."""
    now_ms = monotonic_ms()
    counters: Counter[str] = Counter()
    workers, slow_at = [], 0
    for number in range(file.slots):
        slot = file.slot(number)
        counters.update(slot.counters())
        words = slot.words
        slow_at = max(slow_at, words[SLOW_AT])
        # A sign of life from the future is of before the machine's restart.
        if words[PROCESS] and 0 <= now_ms - words[SEEN_AT] < SILENT_MS:
            gauges = (words[each] for each in (WAITING, WAITING_ROWS, IN_FLIGHT, IS_ALONE, MEMORY))
            waiting, rows, in_flight, is_alone, memory = gauges
            workers.append(LiveWorker(number, waiting, rows, in_flight, bool(is_alone), memory))
    return InstanceTotals(counters, workers, file.asked, file.started_at, slow_at)
