"""How do hits that arrive together share one round trip to a server?

Whoever finds nobody under way travels for all who wait; those who come meanwhile wait for the next trip. So a worker needs
one connection, and a thousand requests at once cost a few round trips instead of a thousand connections.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

Hit = tuple[str, int, int, int]
"""Key, hits allowed, window in milliseconds, cost."""
Taken = tuple[bool, int, int]
"""Whether the cost was added, the count now, the window's end in milliseconds."""

_MAX_A_TRIP = 500


class TripFailed(OSError):
    """The trip a hit was on failed; the cause says why."""


class _PendingHit:
    __slots__ = ("failure", "hit", "taken")

    def __init__(self, hit: Hit) -> None:
        self.hit = hit
        self.taken: Taken | None = None
        self.failure: BaseException | None = None

    @property
    def is_waiting(self) -> bool:
        return self.taken is None and self.failure is None


class HitBatcher:
    """Sends hits in groups: `send` answers for each, in order, or raises."""

    def __init__(self, send: Callable[[list[Hit]], list[Taken]]) -> None:
        self._send = send
        self._in_flight = threading.Lock()
        self._waiting: deque[_PendingHit] = deque()

    def take(self, hit: Hit) -> Taken:
        """Send the hit with whatever group goes first. Raises TripFailed."""
        me = _PendingHit(hit)
        self._waiting.append(me)
        with self._in_flight:
            while me.is_waiting:
                self._send_batch()
        if me.taken is None:
            raise TripFailed(str(me.failure)) from me.failure
        return me.taken

    def _send_batch(self) -> None:
        group = self._leave(_MAX_A_TRIP)
        try:
            answers = self._send([traveller.hit for traveller in group])
        except BaseException as failure:
            # Those who came meanwhile would only wait once more to learn the same.
            for traveller in group + self._leave(len(self._waiting)):
                traveller.failure = failure
            if not isinstance(failure, Exception):
                raise
        else:
            for traveller, taken in zip(group, answers, strict=True):
                traveller.taken = taken

    def _leave(self, at_most: int) -> list[_PendingHit]:
        return [self._waiting.popleft() for _ in range(min(at_most, len(self._waiting)))]
