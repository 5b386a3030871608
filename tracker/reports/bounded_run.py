"""Bounded run: work that is not ours gets some seconds, so that whoever waits for it has an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import gevent

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return what `work` returns. Raises TimeoutError when it waits for longer; what computes without a pause is not interrupted."""
    timer = gevent.Timeout(seconds)
    timer.start()
    try:
        return work()
    except gevent.Timeout as over:
        if over is not timer:
            raise
        raise TimeoutError(f"it took longer than {seconds} s") from None
    finally:
        timer.close()
