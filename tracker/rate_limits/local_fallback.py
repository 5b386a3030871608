"""What may one process allow by itself while the shared count is out of reach? Windows in its own memory."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable

#: At most so many keys are remembered; beyond it the lowest counts are forgotten first, as the shared file does.
_MAX_KEYS = 50_000


class LocalFallback:
    """Fixed windows of this process alone."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._threads = threading.Lock()
        self._windows: dict[str, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._windows)

    def take(self, key: str, hits: int, window_ms: int, cost: int) -> tuple[bool, int, int]:
        """Add `cost` to the key's window unless that exceeds `hits`: (was added, count, end in milliseconds)."""
        with self._threads:
            now_ms = int(self._now() * 1000)
            end_ms, count = self._windows.get(key, (0, 0))
            if end_ms <= now_ms:
                end_ms, count = now_ms + window_ms, 0
            if count + cost > hits:
                return False, count, end_ms
            if not cost:  # whoever only asks begins no window, as in the other stores
                return True, count, end_ms
            if len(self._windows) >= _MAX_KEYS:
                self._forget(now_ms)
            self._windows[key] = min(end_ms, now_ms + window_ms), count + cost
            return True, count + cost, end_ms

    def _forget(self, now_ms: int) -> None:
        live = [item for item in self._windows.items() if item[1][0] > now_ms]
        self._windows = dict(heapq.nlargest(_MAX_KEYS // 2, live, key=lambda item: item[1][1]))
