"""Circuit breaker for the rate-limit store: while it is down each process enforces limit ÷ workers in memory.

A background thread probes the store every half second and closes the breaker when it answers again.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

#: Seconds between two probes of a store that is down; no request waits for a probe.
PROBE_SECONDS = 0.5
#: Keys remembered at most; beyond that the lowest counts are forgotten first, as in the shared file.
_MAX_KEYS = 50_000

_log = logging.getLogger("tracker.rate_limits")


class WindowStore(Protocol):
    """A place where windows are counted."""

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """The exceptions it raises when it cannot count."""

    def take(self, key: str, hits: int, window_ms: int, cost: int) -> tuple[bool, int, int]:
        """Add `cost` unless that exceeds `hits`. Returns whether it was added, the count, the end in epoch milliseconds."""

    def probe(self) -> None:
        """Raise the exception that `take` would raise now."""


class CircuitBreaker:
    """A store that always answers: while `store` fails, this process allows limit ÷ `processes` of every limit.

    The first failure opens the breaker for all requests of the process. From then on only a thread of its own (a greenlet
    under gevent) tries the store, and closes the breaker when the store works again.
    """

    def __init__(self, store: WindowStore, processes: int, now: Callable[[], float] = time.time) -> None:
        self.is_open = False
        self._store = store
        self._processes = max(1, processes)
        self._fallback = LocalFallback(now)
        self._change = threading.Lock()

    def take(self, key: str, hits: int, window_ms: int, cost: int) -> tuple[int, bool, int, int]:
        """Count as a store does. Returns the limit that was applied, which also caps the cost, then the store's three values."""
        if not self.is_open:
            try:
                return hits, *self._store.take(key, hits, window_ms, min(cost, hits))
            except self._store.base_exceptions as cause:
                self._open_breaker(cause)
        share = max(1, hits // self._processes)
        return share, *self._fallback.take(key, share, window_ms, min(cost, share))

    def _open_breaker(self, cause: Exception) -> None:
        with self._change:
            if self.is_open:
                return
            self.is_open = True
        _log.warning("rate-limit store unreachable (%s), falling back to local limits: this process allows 1/%d of each",
                     type(cause.__cause__ or cause).__name__, self._processes)  # fmt: skip
        threading.Thread(target=self._close_when_back, name="rate-limit-probe", daemon=True).start()

    def _close_when_back(self) -> None:
        began = time.monotonic()
        time.sleep(PROBE_SECONDS)
        while not self._is_back():
            time.sleep(PROBE_SECONDS)
        self.is_open = False
        _log.warning("rate-limit store reachable again after %.1f seconds", time.monotonic() - began)

    def _is_back(self) -> bool:
        try:
            self._store.probe()
        except Exception as cause:  # noqa: BLE001 - whatever it is, the store is not back, and the probing thread must live on
            _log.debug("rate-limit store still unreachable: %r", cause)
            return False
        return True


class LocalFallback:
    """Local fallback: fixed windows in the memory of this process alone."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._windows)

    def take(self, key: str, hits: int, window_ms: int, cost: int) -> tuple[bool, int, int]:
        """Add `cost` to the key's window unless that exceeds `hits`.

        Returns whether it was added, the count now, and the window's end in epoch milliseconds.
        """
        with self._lock:
            now_ms = int(self._now() * 1000)
            end_ms, count = self._windows.get(key, (0, 0))
            if end_ms <= now_ms:
                end_ms, count = now_ms + window_ms, 0
            if count + cost > hits or cost == 0:  # a hit without cost opens no window
                return cost == 0 and count <= hits, count, end_ms
            if len(self._windows) >= _MAX_KEYS:
                self._evict(now_ms)
            self._windows[key] = min(end_ms, now_ms + window_ms), count + cost
            return True, count + cost, end_ms

    def _evict(self, now_ms: int) -> None:
        live = [item for item in self._windows.items() if item[1][0] > now_ms]
        self._windows = dict(heapq.nlargest(_MAX_KEYS // 2, live, key=lambda item: item[1][1]))
