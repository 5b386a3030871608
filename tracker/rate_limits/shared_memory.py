"""Shared-memory store: fixed windows counted over all processes of an instance in one mapped file, without a server.

A key belongs to one set of slots, found by its keyed digest. A set is changed under a POSIX lock on its bytes, which the
kernel takes back when its holder dies. Every single store into the file leaves a state that is right by itself: a process
killed between two of them loses at most the hit it was counting. So neither journal nor repair is needed. README.md beside
this file has the layout, the locks and the figures.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import struct
import time
from collections.abc import Callable
from hashlib import blake2b
from urllib.parse import unquote, urlsplit

from gevent.monkey import get_original
from limits.storage import Storage

from tracker.rate_limits.rate import MAX_HITS, MAX_WINDOW_SECONDS
from tracker.rate_limits.slot_file import (
    DIGEST_BYTES,
    DIGESTS_BYTES,
    HEADER_BYTES,
    SET_BYTES,
    SETS,
    WAYS,
    open_slots,
)

#: A set is locked for 2 microseconds. Longer than this many seconds means that its holder is stopped, not slow.
LOCK_PATIENCE_SECONDS = 0.25
#: Keys whose place is remembered: enough for those active at once. The dictionary starts anew when it is full.
_MAX_KNOWN_PLACES = 10_000
_AT_ONCE = fcntl.LOCK_EX | fcntl.LOCK_NB
_MAX_WINDOW_MS = MAX_WINDOW_SECONDS * 1000

# Native order and size: each number is stored by one instruction, never torn.
_PAIR = struct.Struct("@QQ")
_NUMBER = struct.Struct("@Q")
_PAIRS = struct.Struct(f"@{2 * WAYS}Q")


class StoreBusy(OSError):
    """A set stayed locked for LOCK_PATIENCE_SECONDS: its holder is stopped."""


class SharedFileStorage(Storage):
    """`tracker-shared:///path/of/file`: fixed windows counted exactly over all processes that use the file.

    Nothing is opened before the first hit. Raises OSError when the file cannot be used.
    """

    STORAGE_SCHEME = ["tracker-shared"]

    def __init__(self, uri: str, wrap_exceptions: bool = False, now: Callable[[], float] = time.time) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._path = unquote(urlsplit(uri).path)
        self._now = now
        # POSIX locks belong to the process: its threads need a lock of their own. No greenlet yields while it holds this
        # lock, so gevent's lock, which costs a third of a hit, is not needed.
        self._threads = get_original("threading", "Lock")()
        self._fd = -1
        self._memory: mmap.mmap
        self._secret: bytes
        self._places: dict[str, tuple[bytes, int]] = {}

    def take(self, key: str, hits: int, window_ms: int, cost: int) -> tuple[bool, int, int]:
        """Add `cost` to the key's window unless that exceeds `hits`.

        Returns whether it was added, the count now, and the window's end in epoch milliseconds.
        """
        digest, base = self._places.get(key) or self._place(key)
        with self._threads:
            self._lock(base)
            try:
                # The clock is read under the lock: a window another process has just opened never seems to lie ahead.
                now_ms = int(self._now() * 1000)
                return count_hit(self._memory, digest, base, now_ms, hits, window_ms, cost)
            finally:
                fcntl.lockf(self._fd, fcntl.LOCK_UN, SET_BYTES, base)

    def probe(self) -> None:
        """Raise OSError unless the file can be opened and no process holds a lock on any part of it."""
        with self._threads:
            self._open()
            fcntl.lockf(self._fd, _AT_ONCE)
            fcntl.lockf(self._fd, fcntl.LOCK_UN)

    def _place(self, key: str) -> tuple[bytes, int]:
        """Return the key's digest and the offset of its set in bytes."""
        with self._threads:
            self._open()
        name = key.encode("utf-8", "surrogatepass")
        digest = blake2b(name, digest_size=DIGEST_BYTES, key=self._secret).digest()
        place = digest, HEADER_BYTES + SET_BYTES * (int.from_bytes(digest[:8], "little") % SETS)
        if len(self._places) >= _MAX_KNOWN_PLACES:
            self._places.clear()
        self._places[key] = place
        return place

    def _open(self) -> None:
        if self._fd < 0:
            self._fd, self._memory, self._secret = open_slots(self._path)

    def _lock(self, base: int) -> None:
        try:
            fcntl.lockf(self._fd, _AT_ONCE, SET_BYTES, base)
        except OSError as cause:
            self._wait_for_lock(base, cause)

    def _wait_for_lock(self, base: int, cause: OSError) -> None:
        until = time.monotonic() + LOCK_PATIENCE_SECONDS
        while cause.errno in (errno.EAGAIN, errno.EACCES, errno.EINTR):
            if time.monotonic() > until:
                raise StoreBusy(errno.EAGAIN, "a stopped process holds a lock on a part of it", self._path)
            os.sched_yield()
            try:
                fcntl.lockf(self._fd, _AT_ONCE, SET_BYTES, base)
            except OSError as again:
                cause = again
            else:
                return
        raise cause

    # The interface that `limits` asks of every storage; Tracker itself calls only `take` and `probe`.

    @property
    def base_exceptions(self) -> type[Exception]:
        return OSError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self.take(key, MAX_HITS, expiry * 1000, amount)[1]

    def get(self, key: str) -> int:
        return self.take(key, MAX_HITS, MAX_WINDOW_SECONDS * 1000, 0)[1]

    def get_expiry(self, key: str) -> float:
        return self.take(key, MAX_HITS, MAX_WINDOW_SECONDS * 1000, 0)[2] / 1000

    def check(self) -> bool:
        try:
            self.probe()
        except OSError:
            return False
        return True

    def reset(self) -> int | None:
        """Forget every window."""
        with self._threads:
            self._open()
            fcntl.lockf(self._fd, fcntl.LOCK_EX)
            try:
                self._memory[HEADER_BYTES:] = bytes(len(self._memory) - HEADER_BYTES)
            finally:
                fcntl.lockf(self._fd, fcntl.LOCK_UN)
        return None

    def clear(self, key: str) -> None:
        """Forget the key's window."""
        digest, base = self._places.get(key) or self._place(key)
        with self._threads:
            self._lock(base)
            try:
                clear_window(self._memory, digest, base)
            finally:
                fcntl.lockf(self._fd, fcntl.LOCK_UN, SET_BYTES, base)


def count_hit(
    memory: mmap.mmap, digest: bytes, base: int, now_ms: int, hits: int, window_ms: int, cost: int
) -> tuple[bool, int, int]:
    """Add `cost` to the window of `digest` in the set at `base`, which the caller has locked, unless that exceeds `hits`.

    Returns whether it was added, the count now, and the window's end in epoch milliseconds.
    """
    pair_at = _find(memory, digest, base)
    end_ms, count = _PAIR.unpack_from(memory, pair_at) if pair_at else (0, 0)
    if end_ms <= now_ms:
        if cost > hits or cost == 0:
            return cost == 0, 0, now_ms + window_ms
        _open_window(memory, pair_at or _claim(memory, digest, base, now_ms), now_ms + window_ms, cost)
        return True, cost, now_ms + window_ms
    if end_ms > now_ms + window_ms:
        # The clock was set back, or the limit's window was shortened: keep the count, end when a new window would.
        end_ms = now_ms + window_ms
        _NUMBER.pack_into(memory, pair_at, end_ms)
    if count + cost > hits:
        return False, count, end_ms
    _NUMBER.pack_into(memory, pair_at + 8, count + cost)
    return True, count + cost, end_ms


def clear_window(memory: mmap.mmap, digest: bytes, base: int) -> None:
    """Forget the window of `digest` in the set at `base`, which the caller has locked."""
    if pair_at := _find(memory, digest, base):
        _NUMBER.pack_into(memory, pair_at, 0)


def _open_window(memory: mmap.mmap, pair_at: int, end_ms: int, cost: int) -> None:
    # The end is stored last: until then the slot is free, whatever else it holds.
    _NUMBER.pack_into(memory, pair_at + 8, cost)
    _NUMBER.pack_into(memory, pair_at, end_ms)


def _claim(memory: mmap.mmap, digest: bytes, base: int, now_ms: int) -> int:
    """Give a new key a slot: a free one, else the one with the lowest count. Returns the offset of its pair in bytes.

    So a set with too many live keys forgets its idlest: a new key is never refused, a heavy one never forgotten.
    """
    pairs = _PAIRS.unpack_from(memory, base + DIGESTS_BYTES)
    # A window that ends later than any window can is damage: its slot is free.
    latest_ms = now_ms + _MAX_WINDOW_MS
    ends_and_counts = zip(pairs[::2], pairs[1::2], strict=True)
    counts = [count if now_ms < end_ms <= latest_ms else -1 for end_ms, count in ends_and_counts]
    way = counts.index(min(counts))
    pair_at = base + DIGESTS_BYTES + _PAIR.size * way
    _NUMBER.pack_into(memory, pair_at, 0)
    at = base + DIGEST_BYTES * way
    memory[at : at + DIGEST_BYTES] = digest
    return pair_at


def _find(memory: mmap.mmap, digest: bytes, base: int) -> int:
    """Return the offset in bytes of the key's pair of window end and count; 0 if the key has none."""
    at = memory.find(digest, base, base + DIGESTS_BYTES)
    # A match across two slots is the tail of one digest and the head of the next.
    while at > 0 and at % DIGEST_BYTES:
        at = memory.find(digest, at + 1, base + DIGESTS_BYTES)
    return at + DIGESTS_BYTES if at > 0 else 0
