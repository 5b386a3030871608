"""Draining: after SIGTERM an instance serves on for a while and says that it is going, so that proxies look away first.

It is a matter of the instance, not of a worker: a worker that ends meanwhile is replaced, and a reload drains nothing.
"""

from __future__ import annotations

import mmap
import signal
from typing import Any


class Drain:
    """The draining of one instance. Made before the fork, so that its workers share what it says."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._begun = mmap.mmap(-1, 1)

    def has_begun(self) -> bool:
        return self._begun[0] == 1

    def precede_stop(self, server: Any) -> None:
        """Have the arbiter drain when it is told to stop, and stop when that is over, or when it is told again."""
        if not self._seconds:
            return
        stop = server.handle_term

        def drain_or_stop() -> None:
            if self.has_begun():
                stop()
                return
            self._begun[0] = 1
            server.log.info("draining for %d s: /ready says so", self._seconds)
            signal.signal(signal.SIGALRM, lambda *_: server.SIG_QUEUE.put_nowait(signal.SIGTERM))
            signal.setitimer(signal.ITIMER_REAL, self._seconds)

        server.handle_term = drain_or_stop
