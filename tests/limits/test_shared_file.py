"""Does the embedded store count exactly, over all processes, and survive what can happen to it?"""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from tracker.limits import Limiter, RateLimit, build_limiter, empty

FIVE = RateLimit(5, 60)


class Clock:
    def __init__(self, at: float = 1_700_000_000.25) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tracker.db-limits"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(path: Path, clock: Clock) -> Limiter:
    return build_limiter(None, path, workers=2, now=clock)


def test_the_window_opens_at_the_first_call_and_ends_with_its_seconds(limiter: Limiter, clock: Clock) -> None:
    first = limiter.hit("event.track", "user 1", FIVE)
    clock.at += 59.9
    assert [limiter.hit("event.track", "user 1", FIVE).is_allowed for _ in range(5)] == [True] * 4 + [False]
    clock.at += 0.1
    again = limiter.hit("event.track", "user 1", FIVE)
    assert (first.remaining, first.reset_at) == (4, 1_700_000_061)
    assert (again.is_allowed, again.remaining, again.reset_at) == (True, 4, 1_700_000_121)


def test_a_refused_hit_consumes_nothing(limiter: Limiter) -> None:
    limiter.hit("event.batch", "user 1", FIVE, cost=3)
    assert not limiter.hit("event.batch", "user 1", FIVE, cost=3).is_allowed
    assert limiter.hit("event.batch", "user 1", FIVE, cost=2).remaining == 0


def _hit_many(path: Path, times: int, start: object, answers: object) -> None:
    limiter = build_limiter(None, path, workers=4)
    start.wait()
    answers.put(sum(limiter.hit("event.track", "all", RateLimit(5000, 600)).is_allowed for _ in range(times)))


def test_the_limit_holds_exactly_over_four_processes(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start, answers = context.Barrier(4), context.Queue()
    processes = [context.Process(target=_hit_many, args=(path, 1500, start, answers)) for _ in range(4)]
    for process in processes:
        process.start()
    assert sum(answers.get(timeout=60) for _ in processes) == 5000
    for process in processes:
        process.join(10)


def test_emptying_forgets_all_and_takes_any_file(path: Path, clock: Clock) -> None:
    limiter = build_limiter(None, path, 1, now=clock)
    limiter.hit("event.track", "user 1", FIVE)
    empty(path)
    assert build_limiter(None, path, 1, now=clock).hit("event.track", "user 1", FIVE).remaining == 4
    path.write_bytes(os.urandom(10_000))
    assert build_limiter(None, path, 1, now=clock).hit("event.track", "user 1", FIVE).remaining == 4
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
