"""Which store counts all workers' hits at the least cost? `python bench/prototypes/limits_stores.py [FOLDER [NAME]...]`

Each candidate is hit from one process, from two processes with keys of their own, and from two that fight over one key.
The limit is out of reach, so that every hit writes. The last row of each puts a process beside it that keeps syncing a file in the
same folder, as the database does.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import multiprocessing
import os
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import apsw

from tracker.rate_limits import RateLimit, build_limiter, shared_memory, slot_file
from tracker.rate_limits.shared_memory import SharedFileStorage

SECONDS = 3.0
HITS, WINDOW_MS = 10**12, 60_000
Take = Callable[[str], Any]


def sqlite(folder: Path) -> Take:
    """A table in a file with synchronous=OFF: one UPSERT that adds unless the limit is reached."""
    connection = apsw.Connection(str(folder / "limits.db"))
    connection.set_busy_timeout(5000)
    for pragma in ("journal_mode=WAL", "synchronous=OFF"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS slot (key TEXT PRIMARY KEY, ends INTEGER, used INTEGER) WITHOUT ROWID"
    )
    statement = """INSERT INTO slot VALUES (?1, ?2 + ?3, 1) ON CONFLICT DO UPDATE SET
        used = CASE WHEN ends <= ?2 THEN 1 ELSE used + 1 END, ends = CASE WHEN ends <= ?2 THEN ?2 + ?3 ELSE ends END
        WHERE ends <= ?2 OR used < ?4 RETURNING used, ends"""
    execute = connection.execute

    def take(key: str) -> Any:
        return execute(statement, (key, int(time.time() * 1000), WINDOW_MS, HITS)).fetchall()

    return take


def mapped(folder: Path) -> Take:
    """The store Tracker uses: mapped slots, byte-range locks."""
    store = SharedFileStorage(f"tracker-shared://{folder}/limits")
    return lambda key: store.take(key, HITS, WINDOW_MS, 1)


class _ReadAndWritten(SharedFileStorage):
    """The same slots by read and write calls: needs no mapping, costs two system calls more."""

    STORAGE_SCHEME = None

    def take(self, key: str, hits: int, window_ms: int, cost: int) -> tuple[bool, int, int]:
        digest, base = self._places.get(key) or self._place(key)
        with self._threads:
            self._lock(base)
            try:
                now_ms = int(time.time() * 1000)
                found = bytearray(os.pread(self._fd, slot_file.SET_BYTES, base))
                way = max(0, found.find(digest, 0, slot_file.DIGESTS_BYTES)) // slot_file.DIGEST_BYTES
                at = slot_file.DIGESTS_BYTES + 16 * way
                end_ms, count = _PAIR.unpack_from(found, at)
                if end_ms <= now_ms:
                    end_ms, count = now_ms + window_ms, 0
                found[16 * way : 16 * way + 16] = digest
                _PAIR.pack_into(found, at, end_ms, count + cost)
                os.pwrite(self._fd, found, base)
                return True, count + cost, end_ms
            finally:
                fcntl.lockf(self._fd, fcntl.LOCK_UN, slot_file.SET_BYTES, base)


def read_and_written(folder: Path) -> Take:
    store = _ReadAndWritten(f"tracker-shared://{folder}/limits")
    return lambda key: store.take(key, HITS, WINDOW_MS, 1)


_PAIR = struct.Struct("@QQ")
_LIBC = ctypes.CDLL(None)
# Released interpreter lock: a waiting process must not keep its other threads from running.
_LOCK, _UNLOCK = _LIBC.pthread_mutex_lock, _LIBC.pthread_mutex_unlock
_KEPT: list[object] = []  # keeps the mutex's memory mapped
_LOCK.argtypes = _UNLOCK.argtypes = [ctypes.c_void_p]


def mutexed(folder: Path) -> Take:
    """The same slots under one robust, process-shared mutex of the C library."""
    threads = threading.Lock()
    opened = slot_file.open_slots(folder / "limits")
    with (folder / "guard").open("a+b") as guard:
        guard.truncate(4096)
        cell = (ctypes.c_char * 64).from_buffer(mmap.mmap(guard.fileno(), 4096))
        fcntl.lockf(guard, fcntl.LOCK_EX)
        if not cell.raw.strip(b"\0"):
            attributes = ctypes.create_string_buffer(64)
            _LIBC.pthread_mutexattr_init(attributes)
            _LIBC.pthread_mutexattr_setpshared(attributes, 1)
            _LIBC.pthread_mutexattr_setrobust(attributes, 1)
            _LIBC.pthread_mutex_init(cell, attributes)
    _KEPT.append(cell)
    address, places = ctypes.addressof(cell), {}

    def take(key: str) -> Any:
        if key not in places:
            digest = blake2b(key.encode(), digest_size=slot_file.DIGEST_BYTES, key=opened.secret).digest()
            places[key] = (
                digest,
                slot_file.HEADER_BYTES
                + slot_file.SET_BYTES * (int.from_bytes(digest[:8], "little") % slot_file.SETS),
            )
        digest, base = places[key]
        with threads:
            _LOCK(address)
            try:
                return shared_memory.count_hit(
                    opened.memory, digest, base, int(time.time() * 1000), HITS, WINDOW_MS, 1
                )
            finally:
                _UNLOCK(address)

    return take


def own_memory(_folder: Path) -> Take:
    """No sharing at all: what a dictionary in each process would cost. The floor."""
    windows: dict[str, tuple[int, int]] = {}
    threads = threading.Lock()

    def take(key: str) -> tuple[bool, int, int]:
        with threads:
            now_ms = int(time.time() * 1000)
            ends, used = windows.get(key, (0, 0))
            if ends <= now_ms:
                ends, used = now_ms + WINDOW_MS, 0
            windows[key] = ends, used + 1
            return True, used + 1, ends

    return take


def whole_limiter(folder: Path) -> Take:
    """What the dispatcher calls: `mapped`, with the command's limit, the guard against outages, and the verdict."""
    limiter, limit = build_limiter(None, folder / "limits", 2), RateLimit(HITS, 60)
    return lambda key: limiter.hit("event.track", key, limit)


CANDIDATES = {
    made.__name__: made for made in (own_memory, sqlite, mapped, whole_limiter, read_and_written, mutexed)
}


def hit_on(name: str, folder: Path, keys: list[str], pause_us: float, start: Any, answers: Any) -> None:
    """Hit for SECONDS, with `pause_us` of other work between hits (0: none); report hits and the sorted durations."""
    take, took, position = CANDIDATES[name](folder), [], 0
    take(keys[0])
    start.wait()
    until = time.perf_counter() + SECONDS
    while (before := time.perf_counter()) < until:
        take(keys[position])
        after = time.perf_counter()
        took.append(after - before)
        position = (position + 1) % len(keys)
        while time.perf_counter() - after < pause_us / 1e6:
            pass
    answers.put(sorted(took))


def sync_for_ever(folder: Path) -> None:
    fd = os.open(folder / "database", os.O_CREAT | os.O_RDWR)
    while True:
        os.pwrite(fd, os.urandom(4096), 4096 * int(time.time() * 1000 % 4096))
        os.fsync(fd)


def measure(name: str, processes: int, is_same: bool, pause_us: float = 0, with_syncs: bool = False) -> str:
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as place:
        folder = Path(place)
        making = context.Process(target=CANDIDATES[name], args=(folder,))
        making.start()
        making.join()
        start, answers = context.Barrier(processes), context.Queue()
        keys = [
            ["event.track/user 1"] if is_same else [f"event.track/user {n}.{i}" for i in range(50)]
            for n in range(processes)
        ]
        running = [
            context.Process(target=hit_on, args=(name, folder, k, pause_us, start, answers)) for k in keys
        ]
        syncing = context.Process(target=sync_for_ever, args=(folder,))
        if with_syncs:
            syncing.start()
        for process in running:
            process.start()
        took = sorted(value for _ in running for value in answers.get(timeout=60))
        for process in running:
            process.join()
        if with_syncs:
            syncing.kill()
            syncing.join()
    return "".join(
        f"{1e6 * value:>10.1f}"
        for value in (
            sum(took) / len(took),
            took[len(took) // 2],
            took[int(len(took) * 0.99)],
            took[int(len(took) * 0.9999)],
            took[-1],
        )
    )


def main() -> None:
    print(f"{'microseconds a hit':46}{'mean':>10}{'p50':>10}{'p99':>10}{'p99.99':>10}{'max':>10}")
    for name in sys.argv[2:] or CANDIDATES:
        print(f"{name:20}{'1 process':26}" + measure(name, 1, is_same=False))
        print(f"{name:20}{'2 processes, own keys':26}" + measure(name, 2, is_same=False))
        print(f"{name:20}{'2 processes, one key':26}" + measure(name, 2, is_same=True))
        print(f"{name:20}{'  … 200 us work between':26}" + measure(name, 2, is_same=True, pause_us=200))
        print(
            f"{name:20}{'1 process beside fsyncs':26}"
            + measure(name, 1, is_same=False, pause_us=50, with_syncs=True)
        )


if __name__ == "__main__":
    main()
