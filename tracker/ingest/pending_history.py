"""Pending history: spans linked in this process whose visitor history can be merged into the subscriber's timeline."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable

from tracker.storage.timeline import SpanKey


class PendingHistory:
    """A queue of linked spans, due for merging `seconds` after their link.

    It is lost when the process ends: then these histories are read where they are.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._waiting: deque[tuple[float, SpanKey]] = deque()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, spans: Iterable[SpanKey]) -> None:
        now = self._clock()
        self._waiting.extend((now, span) for span in spans)

    def take(self, most: int) -> list[SpanKey]:
        """Remove and return the oldest spans that are due, at most `most`."""
        due = self._clock() - self._seconds
        taken: list[SpanKey] = []
        while self._waiting and self._waiting[0][0] <= due and len(taken) < most:
            taken.append(self._waiting.popleft()[1])
        return taken
