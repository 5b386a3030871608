"""Is a limit one limit over all processes, on every store, however many start at once?"""

from __future__ import annotations

import multiprocessing
from contextlib import ExitStack
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from tests.rate_limits.children import CHILDREN, running
from tracker.rate_limits import Limiter, RateLimit, build_limiter

PROCESSES, HITS_EACH = 4, 1500
LIMIT = RateLimit(5000, 600)


def _hit(limiter: Limiter, cost: int, start: Barrier, allowed: Queue[int]) -> None:
    start.wait()
    verdicts = [limiter.hit("event.track", "all", LIMIT, cost) for _ in range(HITS_EACH // cost)]
    allowed.put(sum(verdict.is_allowed for verdict in verdicts) * cost)


def _worker(url: str | None, path: Path, cost: int, start: Barrier, allowed: Queue[int]) -> None:
    _hit(build_limiter(url, path, PROCESSES), cost, start, allowed)


def _hit_from_all(url: str | None, path: Path, cost: int) -> int:
    start, allowed = CHILDREN.Barrier(PROCESSES), CHILDREN.Queue()
    with ExitStack() as processes:
        for _ in range(PROCESSES):
            processes.enter_context(running(_worker, url, path, cost, start, allowed))
        return sum(allowed.get(timeout=60) for _ in range(PROCESSES))


@pytest.mark.parametrize("cost", [1, 7])
def test_exactly_the_limit_is_allowed(url: str | None, path: Path, cost: int) -> None:
    assert _hit_from_all(url, path, cost) == LIMIT.hits // cost * cost


def test_processes_that_find_a_foreign_file_agree_on_one_new_file(path: Path) -> None:
    path.write_bytes(b"of another format")
    assert _hit_from_all(None, path, 1) == LIMIT.hits
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def _parent(url: str | None, path: Path, start: Barrier, allowed: Queue[int]) -> None:
    limiter = build_limiter(url, path, PROCESSES)
    limiter.hit("event.track", "somebody else", LIMIT)
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=_hit, args=(limiter, 1, start, allowed)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def test_a_limiter_used_before_the_fork_counts_exactly_after_it(url: str | None, path: Path) -> None:
    start, allowed = CHILDREN.Barrier(PROCESSES), CHILDREN.Queue()
    with running(_parent, url, path, start, allowed) as parent:
        assert sum(allowed.get(timeout=60) for _ in range(PROCESSES)) == LIMIT.hits
        parent.join(10)
