"""What happens while the rate-limit store cannot be reached? A share per process, and the way back."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from tracker.rate_limits.local_fallback import LocalFallback

#: How often a process in an outage asks whether the store is back; no request waits for it.
PROBE_SECONDS = 0.5

_log = logging.getLogger("tracker.rate_limits")


class WindowStore(Protocol):
    """Where windows are counted."""

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """What it raises when it cannot count."""

    def take(self, key: str, hits: int, window_ms: int, cost: int) -> tuple[bool, int, int]:
        """Add `cost` unless that exceeds `hits`: (was added, count, end in milliseconds)."""

    def probe(self) -> None:
        """Raise what `take` would raise now."""


class CircuitBreaker:
    """A store that always answers: while `store` fails, this process allows its share of every limit.

    The first failure opens the guard for all requests of the process; from then on only a thread of its own (a greenlet
    under gevent) tries the store, and closes the guard when it works again.
    """

    def __init__(self, store: WindowStore, processes: int, now: Callable[[], float] = time.time) -> None:
        self.is_open = False
        self._store = store
        self._processes = max(1, processes)
        self._own = LocalFallback(now)
        self._change = threading.Lock()

    def take(self, key: str, hits: int, window_ms: int, cost: int) -> tuple[int, bool, int, int]:
        """As a store's, preceded by the limit that was applied, which is also the most that anything costs."""
        if not self.is_open:
            try:
                return hits, *self._store.take(key, hits, window_ms, min(cost, hits))
            except self._store.base_exceptions as cause:
                self._begin_outage(cause)
        share = max(1, hits // self._processes)
        return share, *self._own.take(key, share, window_ms, min(cost, share))

    def _begin_outage(self, cause: Exception) -> None:
        with self._change:
            if self.is_open:
                return
            self.is_open = True
        _log.warning("rate-limit store out of reach (%s): this process allows 1/%d of each limit",
                     type(cause.__cause__ or cause).__name__, self._processes)  # fmt: skip
        threading.Thread(target=self._come_back, name="rate-limit-probe", daemon=True).start()

    def _come_back(self) -> None:
        began = time.monotonic()
        time.sleep(PROBE_SECONDS)
        while not self._is_back():
            time.sleep(PROBE_SECONDS)
        self.is_open = False
        _log.warning("rate-limit store is back after %.1f seconds", time.monotonic() - began)

    def _is_back(self) -> bool:
        try:
            self._store.probe()
        except Exception as cause:  # noqa: BLE001 - whatever it is, the store is not back, and the prober must live on
            _log.debug("rate-limit store still out of reach: %r", cause)
            return False
        return True
