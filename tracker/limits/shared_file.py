"""How do all processes of an instance count together without a server? A storage for `limits` on a mapped file.

A key belongs to one set of slots, found by its keyed digest. A set is changed under a POSIX lock on its bytes, which
the kernel takes back when its holder dies. Every single store leaves a state that is right by itself, so a process killed
between two of them loses at most the hit it was counting.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import struct
import threading
import time
from collections.abc import Callable
from hashlib import blake2b
from urllib.parse import unquote, urlsplit

from limits.storage import Storage

from tracker.limits.rules import MAX_HITS, MAX_WINDOW_SECONDS
from tracker.limits.slots import DIGEST_BYTES, DIGESTS_BYTES, HEADER_BYTES, SET_BYTES, SETS, WAYS, open_slots

#: A set is held for 2 microseconds. Longer than this means its holder is stopped, not slow.
LOCK_PATIENCE_SECONDS = 0.25
#: Enough for all keys that are active at once; the dictionary starts anew when it is full.
_MAX_KNOWN_PLACES = 10_000
_MAX_WINDOW_MS = MAX_WINDOW_SECONDS * 1000

# Native order and size: each number is stored by one instruction, never torn.
_PAIR = struct.Struct("@QQ")
_NUMBER = struct.Struct("@Q")
_PAIRS = struct.Struct(f"@{2 * WAYS}Q")


class StoreBusy(OSError):
    """A set stayed locked: its holder is stopped."""


class SharedFileStorage(Storage):
    """`tracker-shared:///path/of/file`: fixed windows counted exactly over all processes that use the file.

    Nothing is opened before the first hit. Raises OSError when the file cannot be used.
    """

    STORAGE_SCHEME = ["tracker-shared"]

    def __init__(self, uri: str, wrap_exceptions: bool = False, now: Callable[[], float] = time.time) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._path = unquote(urlsplit(uri).path)
        self._now = now
        # POSIX locks are the process's: threads need one of their own.
        self._threads = threading.Lock()
        self._fd = -1
        self._memory: mmap.mmap
        self._secret: bytes
        self._places: dict[str, tuple[bytes, int]] = {}

    def take(self, key: str, hits: int, window_ms: int, cost: int) -> tuple[bool, int, int]:
        """Add `cost` to the key's window unless that exceeds `hits`.

        Returns whether it was added, the count now, and the window's end in milliseconds.
        """
        digest, base = self._places.get(key) or self._place(key)
        with self._threads:
            self._lock(base)
            try:
                return self._take_locked(digest, base, hits, window_ms, cost)
            finally:
                fcntl.lockf(self._fd, fcntl.LOCK_UN, SET_BYTES, base)

    def probe(self) -> None:
        """Raise OSError unless the file can be opened and no process sits on a part of it."""
        with self._threads:
            self._open()
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.lockf(self._fd, fcntl.LOCK_UN)

    def _take_locked(
        self, digest: bytes, base: int, hits: int, window_ms: int, cost: int
    ) -> tuple[bool, int, int]:
        # The clock is read under the lock: a window another process has just opened never seems to lie ahead.
        now_ms = int(self._now() * 1000)
        pair_at = self._find(digest, base)
        end_ms, count = _PAIR.unpack_from(self._memory, pair_at) if pair_at else (0, 0)
        if end_ms <= now_ms:
            return self._open_window(digest, base, pair_at, hits, now_ms, now_ms + window_ms, cost)
        if end_ms > now_ms + window_ms:
            # The clock was set back, or the limit's window was shortened: keep the count, wait no longer than now due.
            end_ms = now_ms + window_ms
            _NUMBER.pack_into(self._memory, pair_at, end_ms)
        if count + cost > hits:
            return False, count, end_ms
        _NUMBER.pack_into(self._memory, pair_at + 8, count + cost)
        return True, count + cost, end_ms

    def _open_window(
        self, digest: bytes, base: int, pair_at: int, hits: int, now_ms: int, end_ms: int, cost: int
    ) -> tuple[bool, int, int]:
        if cost > hits or cost == 0:
            return cost == 0, 0, end_ms
        if not pair_at:
            pair_at = self._claim(digest, base, now_ms)
        # The end last: until it is stored the slot is free, whatever else it holds.
        _NUMBER.pack_into(self._memory, pair_at + 8, cost)
        _NUMBER.pack_into(self._memory, pair_at, end_ms)
        return True, cost, end_ms

    def _claim(self, digest: bytes, base: int, now_ms: int) -> int:
        """A slot for a new key: one that is free, else the one with the lowest count.

        So a set with too many live keys forgets its idlest key; a new one is never refused, a heavy one never forgotten.
        """
        pairs = _PAIRS.unpack_from(self._memory, base + DIGESTS_BYTES)
        # A window that ends beyond any window's length is damage.
        latest_ms = now_ms + _MAX_WINDOW_MS
        counts = [
            count if now_ms < end <= latest_ms else -1
            for end, count in zip(pairs[::2], pairs[1::2], strict=True)
        ]
        way = counts.index(min(counts))
        pair_at = base + DIGESTS_BYTES + _PAIR.size * way
        _NUMBER.pack_into(self._memory, pair_at, 0)
        at = base + DIGEST_BYTES * way
        self._memory[at : at + DIGEST_BYTES] = digest
        return pair_at

    def _find(self, digest: bytes, base: int) -> int:
        """Where the key's window end and count are; 0 if it has none."""
        at = self._memory.find(digest, base, base + DIGESTS_BYTES)
        # A digest that seems to lie across two slots is another's tail and head.
        while at > 0 and at % DIGEST_BYTES:
            at = self._memory.find(digest, at + 1, base + DIGESTS_BYTES)
        return at + DIGESTS_BYTES if at > 0 else 0

    def _place(self, key: str) -> tuple[bytes, int]:
        with self._threads:
            self._open()
        digest = blake2b(
            key.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES, key=self._secret
        ).digest()
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
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, SET_BYTES, base)
        except OSError as cause:
            self._wait_for_lock(base, cause)

    def _wait_for_lock(self, base: int, cause: OSError) -> None:
        until = time.monotonic() + LOCK_PATIENCE_SECONDS
        while cause.errno in (errno.EAGAIN, errno.EACCES, errno.EINTR):
            if time.monotonic() > until:
                raise StoreBusy(errno.EAGAIN, "a process holding a part of it does not run", self._path)
            os.sched_yield()
            try:
                fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, SET_BYTES, base)
            except OSError as again:
                cause = again
            else:
                return
        raise cause

    # What `limits` asks of every storage; Tracker itself only takes.

    @property
    def base_exceptions(self) -> type[Exception]:
        return OSError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self.take(key, MAX_HITS, expiry * 1000, amount)[1]

    def get(self, key: str) -> int:
        return self.take(key, MAX_HITS, _MAX_WINDOW_MS, 0)[1]

    def get_expiry(self, key: str) -> float:
        return self.take(key, MAX_HITS, _MAX_WINDOW_MS, 0)[2] / 1000

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
                if pair_at := self._find(digest, base):
                    _NUMBER.pack_into(self._memory, pair_at, 0)
            finally:
                fcntl.lockf(self._fd, fcntl.LOCK_UN, SET_BYTES, base)
