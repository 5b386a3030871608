"""How do all processes of an instance count together without a server? A storage for `limits` on a mapped file.

A key belongs to one set of slots, found by its keyed digest. A set is changed under a POSIX lock on its bytes, which
the kernel takes back when its holder dies.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import time
from collections.abc import Callable
from hashlib import blake2b
from urllib.parse import unquote, urlsplit

from gevent.monkey import get_original
from limits.storage import Storage

from tracker.rate_limits import counting
from tracker.rate_limits.rate import MAX_HITS, MAX_WINDOW_SECONDS
from tracker.rate_limits.slot_file import DIGEST_BYTES, HEADER_BYTES, SET_BYTES, SETS, open_slots

#: A set is held for 2 microseconds. Longer than this means its holder is stopped, not slow.
LOCK_PATIENCE_SECONDS = 0.25
#: Enough for the keys that are active at once; the dictionary starts anew when it is full.
_MAX_KNOWN_PLACES = 10_000
_AT_ONCE = fcntl.LOCK_EX | fcntl.LOCK_NB


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
        # POSIX locks are the process's: threads need one of their own. No greenlet gives way while it holds it, so that
        # gevent's lock, which costs a third of a hit, is not needed.
        self._threads = get_original("threading", "Lock")()
        self._fd = -1
        self._memory: mmap.mmap
        self._secret: bytes
        self._places: dict[str, tuple[bytes, int]] = {}

    def take(self, key: str, hits: int, window_ms: int, cost: int) -> tuple[bool, int, int]:
        """Add `cost` to the key's window unless that exceeds `hits`: (was added, count, end in milliseconds)."""
        digest, base = self._places.get(key) or self._place(key)
        with self._threads:
            self._lock(base)
            try:
                # The clock is read under the lock: a window another process has just opened never seems to lie ahead.
                now_ms = int(self._now() * 1000)
                return counting.take(self._memory, digest, base, now_ms, hits, window_ms, cost)
            finally:
                fcntl.lockf(self._fd, fcntl.LOCK_UN, SET_BYTES, base)

    def probe(self) -> None:
        """Raise OSError unless the file can be opened and no process sits on a part of it."""
        with self._threads:
            self._open()
            fcntl.lockf(self._fd, _AT_ONCE)
            fcntl.lockf(self._fd, fcntl.LOCK_UN)

    def _place(self, key: str) -> tuple[bytes, int]:
        """The key's digest and where its set begins."""
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
                raise StoreBusy(errno.EAGAIN, "a process holding a part of it does not run", self._path)
            os.sched_yield()
            try:
                fcntl.lockf(self._fd, _AT_ONCE, SET_BYTES, base)
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
                counting.clear(self._memory, digest, base)
            finally:
                fcntl.lockf(self._fd, fcntl.LOCK_UN, SET_BYTES, base)
