"""How long may a greenlet wait for a server? So long as its process runs; time in which all stood still does not count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import gevent

#: A wait is measured in so many steps. A process that stood still (a slow disk, a busy machine) finds one step over,
#: not the whole wait, and reads the reply that has come meanwhile; by the clock it would take the server for gone.
_STEPS = 5


class _TimeoutExpired(BaseException):
    """Thrown into a waiting greenlet; no handler on its way may take it for an error of its own."""


@contextmanager
def stall_tolerant_timeout(seconds: float) -> Iterator[None]:
    """Bound everything the block waits for, together. Raises TimeoutError."""
    greenlet, left = gevent.getcurrent(), _STEPS

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            greenlet.throw(_TimeoutExpired())

    # The lowest priority: what has arrived goes first.
    timer = gevent.get_hub().loop.timer(seconds / _STEPS, seconds / _STEPS, priority=-1)
    timer.start(step)
    try:
        yield
    except _TimeoutExpired as overdue:
        raise TimeoutError("no answer in time") from overdue
    finally:
        timer.stop()
        timer.close()
