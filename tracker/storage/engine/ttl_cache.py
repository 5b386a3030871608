"""TTL cache: a bounded memory of one process for look-ups that every request makes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

#: Time to live, in seconds: a change by another process is seen by all processes within this time.
RECENT_SECONDS = 5.0


class TtlCache(Generic[K, V]):
    """At most `size` values, each for RECENT_SECONDS; the oldest is evicted. Absence is never cached."""

    def __init__(self, size: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._size, self._clock = size, clock
        self._values: dict[K, tuple[V, float]] = {}

    def get(self, key: K) -> V | None:
        """Return the cached value, or None."""
        found = self._values.get(key)
        return found[0] if found is not None and self._clock() < found[1] else None

    def put(self, key: K, value: V, asked_at: float) -> None:
        """Cache `value`, true at `asked_at` (seconds of this cache's clock), which is before the look-up, not after it."""
        self._values.pop(key, None)
        while len(self._values) >= self._size:
            del self._values[next(iter(self._values))]
        self._values[key] = (value, asked_at + RECENT_SECONDS)

    def look_up(self, key: K, find: Callable[[], V | None]) -> V | None:
        """Return the cached value, or what `find()` returns now."""
        value = self.get(key)
        if value is None:
            asked_at = self._clock()
            value = find()
            if value is not None:
                self.put(key, value, asked_at)
        return value

    def forget(self, key: K) -> None:
        """Invalidate the key."""
        self._values.pop(key, None)
