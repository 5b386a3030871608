"""Metrics file: counters and gauges of all workers of an instance, in one mapped file beside the database.

    header   one page: magic and geometry, the workers that are asked for, the start of the instance
    slots    one a worker: a page of gauges, then ENTRIES times a counter of 8 bytes and its name of 56

A worker writes to its own slot alone, so nothing is locked. Its successor goes on in the slot, so no counter goes back. Each
number is stored by one instruction. A name is written before the number of used entries counts it: a process that is killed
between the two leaves an entry that its successor writes again.

The process that starts the workers makes the file, and they inherit its mapping: whoever removes the file takes nothing from them.
Its blocks are allocated when it is made, since a full disk must not kill a process that writes to it.
"""

from __future__ import annotations

import logging
import mmap
import os
import struct
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from tracker.private_file import OWNERS_ONLY

PAGE = 4096
#: Series of one worker; a series beyond them is not counted.
ENTRIES = 4096
NAME_BYTES = 56
ENTRY_BYTES = 8 + NAME_BYTES
SLOT_BYTES = PAGE + ENTRIES * ENTRY_BYTES
WORD = 8
ENTRY_WORDS, SLOT_WORDS, PAGE_WORDS = ENTRY_BYTES // WORD, SLOT_BYTES // WORD, PAGE // WORD

MAGIC = struct.pack("<16sII", b"tracker-metrics1", ENTRIES, ENTRY_BYTES)
#: Words of the header, after the magic. Times are UTC milliseconds.
SLOTS, ASKED, STARTED_AT = 3, 4, 5
#: Words of a slot: entries in use, process (0: none), its last sign of life in milliseconds of `time.monotonic()`, and its
#: gauges: requests and rows that wait to be written, requests in the transaction that is open, whether it counts rate limits
#: by itself, its memory in bytes, and the UTC millisecond of its last slow commit.
USED, PROCESS, SEEN_AT, WAITING, WAITING_ROWS, IN_FLIGHT, IS_ALONE, MEMORY, SLOW_AT = range(9)
#: Counts what has no entry.
SCRATCH = PAGE_WORDS - 1
#: Gauges that a process leaves with it. The time of a slow commit stays.
_GAUGES = (PROCESS, SEEN_AT, WAITING, WAITING_ROWS, IN_FLIGHT, IS_ALONE, MEMORY)

_log = logging.getLogger("tracker.metrics")


class WorkerSlot:
    """The slot of one worker. `words` are its numbers, of which only this worker's process stores any."""

    def __init__(self, memory: mmap.mmap, number: int) -> None:
        self._memory, self._base, self.number = memory, PAGE + number * SLOT_BYTES, number
        self.words = memoryview(memory)[self._base : self._base + SLOT_BYTES].cast("Q")

    def enter(self) -> dict[str, int]:
        """Take the slot over for this process. Returns the entries that its predecessors have used, by their names."""
        self.leave()
        self.words[PROCESS] = os.getpid()
        return {self._name_at(number): self._word_of(number) for number in range(self._used)}

    def leave(self) -> None:
        """Empty the gauges: the process is gone. Called by the process that started it."""
        for gauge in _GAUGES:
            self.words[gauge] = 0

    def add_entry(self, name: str) -> int:
        """Return the word of a new counter, or SCRATCH if its name is too long or the slot is full."""
        encoded, number = name.encode(), self.words[USED]
        if len(encoded) > NAME_BYTES or number >= ENTRIES:
            return SCRATCH
        at = self._base + PAGE + number * ENTRY_BYTES
        self._memory[at : at + ENTRY_BYTES] = bytes(WORD) + encoded.ljust(NAME_BYTES, b"\0")
        self.words[USED] = number + 1
        return self._word_of(number)

    def counters(self) -> dict[str, int]:
        """Return all counters by their names."""
        return {self._name_at(number): self.words[self._word_of(number)] for number in range(self._used)}

    @property
    def _used(self) -> int:
        return min(self.words[USED], ENTRIES)

    def _word_of(self, number: int) -> int:
        return PAGE_WORDS + number * ENTRY_WORDS

    def _name_at(self, number: int) -> str:
        at = self._base + PAGE + number * ENTRY_BYTES + WORD
        return self._memory[at : at + NAME_BYTES].rstrip(b"\0").decode(errors="replace")


class MetricsFile:
    """The mapped file of one instance, or memory of the same layout."""

    def __init__(self, memory: mmap.mmap, path: Path | None = None) -> None:
        self._memory, self._path = memory, path
        self._header = memoryview(memory)[:PAGE].cast("Q")
        self._identity = path.stat() if path is not None else None

    @classmethod
    def in_memory(cls, slots: int = 1) -> MetricsFile:
        """Return memory that this process shares with those that it starts."""
        made = cls(mmap.mmap(-1, _bytes_of(slots)))
        made.begin(slots)
        return made

    @classmethod
    def make(cls, path: Path, workers: int) -> MetricsFile:
        """Make the file of an instance anew; without room for it, memory alone. It has room for two reloads at once."""
        slots = 3 * workers + 2
        try:
            made = cls(_make(path, _bytes_of(slots)), path)
        except OSError as failure:
            _log.warning("metrics are not seen from outside, as by 'tracker health': %s", failure)
            made = cls.in_memory(slots)
        made.begin(slots)
        made.ask_for(workers)
        return made

    @classmethod
    def read(cls, path: Path) -> MetricsFile | None:
        """Map the file of an instance to read it. None: there is none, or it is of another version. Raises OSError."""
        try:
            with path.open("rb") as file:
                memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (FileNotFoundError, ValueError):  # an empty one is being made
            return None
        found = cls(memory, path) if len(memory) >= PAGE and memory[: len(MAGIC)] == MAGIC else None
        return found if found is not None and len(memory) == _bytes_of(found.slots) else None

    @property
    def slots(self) -> int:
        return self._header[SLOTS]

    @property
    def asked(self) -> int:
        """The workers that are asked for."""
        return self._header[ASKED]

    @property
    def started_at(self) -> int:
        """When the instance started, in UTC milliseconds."""
        return self._header[STARTED_AT]

    def ask_for(self, workers: int) -> None:
        """Note how many workers are asked for."""
        self._header[ASKED] = workers

    def slot(self, number: int) -> WorkerSlot:
        return WorkerSlot(self._memory, number)

    def free_slot(self, taken: Collection[int]) -> WorkerSlot | None:
        """Return the first slot that no living worker has; None if all are taken."""
        number = next((each for each in range(self.slots) if each not in taken), None)
        if number is None:
            _log.warning("a worker has no place in the metrics: %d have all of them", self.slots)
        return None if number is None else self.slot(number)

    def remove(self) -> None:
        """Remove the file at the end of the instance, unless another instance has made its own since."""
        if self._path is None or self._identity is None:
            return
        with suppress(OSError):
            if os.path.samestat(self._path.stat(), self._identity):
                self._path.unlink()

    def begin(self, slots: int) -> None:
        """Write the header: from now on the file is one that can be read."""
        self._header[SLOTS], self._header[STARTED_AT] = slots, time.time_ns() // 1_000_000
        self._memory[: len(MAGIC)] = MAGIC


def monotonic_ms() -> int:
    """Return the milliseconds since the machine started: one clock for all its processes."""
    return time.monotonic_ns() // 1_000_000


def _bytes_of(slots: int) -> int:
    return PAGE + slots * SLOT_BYTES


def _make(path: Path, size: int) -> mmap.mmap:
    """Make the file under a temporary name, and let it replace one that is there. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    making = path.with_name(f"{path.name}.making")
    making.unlink(missing_ok=True)
    fd = os.open(making, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNERS_ONLY)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(fd, 0, size)
        else:
            os.ftruncate(fd, size)
        memory = mmap.mmap(fd, size)
        making.replace(path)
    except BaseException:
        making.unlink(missing_ok=True)
        raise
    finally:
        os.close(fd)
    return memory
