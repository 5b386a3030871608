"""How does a test start processes that count with it, or die meanwhile?"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess

#: Forked from a process that has no threads: quick, and nothing of the test's own state comes along.
CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(["tracker.rate_limits", "pytest"])


@contextmanager
def running(target: Callable[..., None], *arguments: object) -> Iterator[ForkServerProcess]:
    """A process that runs `target` and is surely gone afterwards."""
    process = CHILDREN.Process(target=target, args=arguments)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()
