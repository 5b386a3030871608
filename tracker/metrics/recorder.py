"""Metrics recorder: what one process counts. A count is a look into a dictionary and one store, about a quarter of a microsecond.

Commands and codes are those of the registry: whatever a client makes up is counted as `other`.
"""

from __future__ import annotations

import os
import time
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tracker.errors import COMMON, CommandError
from tracker.metrics.metrics_file import (
    IN_FLIGHT,
    IS_ALONE,
    MEMORY,
    SEEN_AT,
    SLOW_AT,
    WAITING,
    WAITING_ROWS,
    MetricsFile,
    WorkerSlot,
    monotonic_ms,
)
from tracker.metrics.totals import InstanceTotals, totals_of

OTHER = "other"
#: Names of entries. Their parts are split by a space: no name of a command has one.
REQUESTS, REFUSALS, REFUSED_EVENTS = "requests", "refusals", "refused"
STORED, REPEATED, STARTS, BUCKETS, COMMIT_MICROSECONDS = (
    "stored",
    "repeated",
    "starts",
    "commits",
    "commit_us",
)
#: Upper bounds of the histogram of commits, in seconds; and the seconds from which on one is slow.
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SLOW_SECONDS = 1.0
#: Characters of a command's name that have room in the name of an entry, beside a code of eight; a longer one is `other`.
MAX_COMMAND = 38


class WorkerSample(NamedTuple):
    """What a worker looks at once a second: its write queue, and whether it counts rate limits by itself."""

    waiting: int = 0
    waiting_rows: int = 0
    in_flight: int = 0
    is_alone: bool = False


class AnsweredCall(Protocol):
    """What is looked at of an answer: the command, the status, and the rows of a refusal."""

    command: str | None
    status: int
    body: Any


class MetricsRecorder:
    """The counters of this process, in its own memory until it is a worker of an instance.

    `codes` are the declared codes of each command, beside the common ones. `path` is the file of the instance.
    """

    def __init__(self, path: Path, codes: Mapping[str, Collection[int]]) -> None:
        self._path = path
        self._item_codes = frozenset(code for own in codes.values() for code in own)
        self._codes = {name: frozenset(own) for name, own in codes.items() if len(name) <= MAX_COMMAND}
        #: Returns what a worker looks at once a second.
        self.sample: Callable[[], WorkerSample] = WorkerSample
        self._is_served = False
        self._file = MetricsFile.in_memory()
        self._take(self._file.slot(0))

    def serve(self, file: MetricsFile, slot: WorkerSlot | None) -> None:
        """Count for the instance from now on: for a process that serves. Without a slot its counts are seen by nobody."""
        self._file, self._is_served = file, True
        if slot is not None:
            self._take(slot)
        self._words[self._entries[STARTS]] += 1
        self.beat()

    def _take(self, slot: WorkerSlot) -> None:
        self._slot, self._words, self._entries = slot, slot.words, slot.enter()
        self._of_requests: dict[tuple[str | None, int], int] = {}
        fixed = STORED, REPEATED, STARTS, COMMIT_MICROSECONDS
        self._stored, self._repeated, _, self._commit_us = (self._entry(name) for name in fixed)
        self._buckets = [self._entry(f"{BUCKETS} {bound}") for bound in (*BOUNDS, "+Inf")]

    def answered(self, answer: AnsweredCall | None, status: int) -> None:
        """Count a request that was answered with a status, by its command, and the codes that it was refused with, each once."""
        command = answer.command if answer is not None else None
        self._request(command, status)
        if answer is not None and answer.status >= 400:
            for code in {row["Code"] for row in answer.body["Errors"]}:
                self._words[self._entry(self._refusal(REFUSALS, command, code))] += 1

    def _request(self, command: str | None, status: int) -> None:
        known = self._of_requests.get((command, status))
        if known is None:
            label = f"{min(max(status // 100, 1), 5)}xx"
            known = self._entry(f"{REQUESTS} {self._label(command)} {label}")
            if 100 <= status < 600:
                self._of_requests[command, status] = known
        self._words[known] += 1

    def refused_events(self, command: str, outcomes: Iterable[object]) -> None:
        """Count the events of an answered batch that are refused, by the code of their first error, which may be another command's."""
        for outcome in outcomes:
            if isinstance(outcome, CommandError):
                code = outcome.errors[0].code
                self._words[self._entry(self._refusal(REFUSED_EVENTS, command, code, self._item_codes))] += 1

    def tracked(self, stored: int, repeated: int) -> None:
        """Count committed events, and those that were committed before."""
        self._words[self._stored] += stored
        self._words[self._repeated] += repeated

    def committed(self, seconds: float) -> None:
        """Count a group of writes that took so long, from the open transaction to the reply to COMMIT."""
        words = self._words
        words[self._buckets[bisect_left(BOUNDS, seconds)]] += 1
        words[self._commit_us] += int(seconds * 1_000_000)
        if seconds >= SLOW_SECONDS:
            words[SLOW_AT] = time.time_ns() // 1_000_000

    def beat(self) -> None:
        """Note that this process is alive, and how it is doing: once a second."""
        found, words = self.sample(), self._words
        words[WAITING], words[WAITING_ROWS], words[IN_FLIGHT] = (
            found.waiting,
            found.waiting_rows,
            found.in_flight,
        )
        words[IS_ALONE], words[MEMORY] = int(found.is_alone), resident_bytes()
        words[SEEN_AT] = monotonic_ms()

    def totals(self) -> InstanceTotals:
        """Return the sums over all workers of this process's instance; of a process that does not serve its own numbers."""
        self.beat()
        return totals_of(self._file)

    def seen(self) -> InstanceTotals | None:
        """Return the sums of the instance: this one, or what its file tells a program beside it; None: there is none.

        Raises OSError.
        """
        file = self._file if self._is_served else MetricsFile.read(self._path)
        return None if file is None else totals_of(file)

    def _entry(self, name: str) -> int:
        found = self._entries.get(name)
        if found is None:
            found = self._entries[name] = self._slot.add_entry(name)
        return found

    def _label(self, command: str | None) -> str:
        return command if command in self._codes else OTHER

    def _refusal(
        self, kind: str, command: str | None, code: int, others: Collection[int] = frozenset()
    ) -> str:
        is_declared = code in COMMON or code in self._codes.get(command or "", ()) or code in others
        return f"{kind} {self._label(command)} {code if is_declared else OTHER}"


def resident_bytes() -> int:
    """Return the memory that this process holds, in bytes; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
