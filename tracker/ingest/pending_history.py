"""Which visitors were linked a while ago, so that their pasts can be settled?"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable

from tracker.storage.timeline import SpanKey


class PendingHistory:
    """The links of one process, to be settled `seconds` later.

    Forgotten when the process ends: then these pasts are read where they are.
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
        """The oldest that can be settled now."""
        due = self._clock() - self._seconds
        taken: list[SpanKey] = []
        while self._waiting and self._waiting[0][0] <= due and len(taken) < most:
            taken.append(self._waiting.popleft()[1])
        return taken
