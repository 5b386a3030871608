"""Is a window what the documentation says: opened by the first call, exact, and never charged for a refused one?"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Thread

import pytest
import redis
from hypothesis import example, given
from hypothesis import strategies as st

from tests.rate_limits.clock import Clock
from tests.servers import Redis
from tracker.rate_limits import Decision, Limiter, RateLimit, build_limiter
from tracker.rate_limits.circuit_breaker import LocalFallback
from tracker.rate_limits.shared_memory import SharedFileStorage

FIVE = RateLimit(5, 60)
CALLS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9), st.integers(0, 90_000)), max_size=30)


class Reference:
    """Fixed windows in the plainest words."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.windows: dict[str, tuple[float, int]] = {}

    def hit(self, who: str, limit: RateLimit, cost: int) -> Decision:
        end, count = self.windows.get(who, (0.0, 0))
        if self.clock() >= end:
            end, count = self.clock() + limit.seconds, 0
        cost = min(cost, limit.hits)
        is_allowed = count + cost <= limit.hits
        if is_allowed and cost:
            count += cost
            self.windows[who] = end, count
        return Decision(is_allowed, limit.hits, limit.hits - count, round(end * 1000))


@contextmanager
def _new_limiter(clock: Clock) -> Iterator[Limiter]:
    with tempfile.TemporaryDirectory() as folder:
        yield build_limiter(None, Path(folder) / "limits", 1, now=clock)


@given(CALLS)
def test_the_embedded_store_answers_as_the_reference(calls: list[tuple[str, int, int]]) -> None:
    clock = Clock(1_700_000_000)
    reference = Reference(clock)
    with _new_limiter(clock) as limiter:
        for who, cost, later_ms in calls:
            clock.at = round(clock.at + later_ms / 1000, 3) if later_ms else clock.at
            assert limiter.hit("event.track", who, FIVE, cost) == reference.hit(who, FIVE, cost)


@example([("a", 0, 0), ("a", 1, 1), ("a", 0, 59_999)])
@given(CALLS)
def test_a_process_by_itself_answers_as_the_reference(calls: list[tuple[str, int, int]]) -> None:
    clock = Clock(1_700_000_000)
    reference, own = Reference(clock), LocalFallback(clock)
    for who, cost, later_ms in calls:
        clock.at = round(clock.at + later_ms / 1000, 3) if later_ms else clock.at
        is_allowed, count, _ = own.take(who, FIVE.hits, FIVE.seconds * 1000, min(cost, FIVE.hits))
        expected = reference.hit(who, FIVE, cost)
        assert (is_allowed, FIVE.hits - count) == (expected.is_allowed, expected.remaining)


def test_redis_counts_as_the_reference(redis_server: Redis) -> None:
    limiter = build_limiter(redis_server.url, "unused", 1)

    @given(CALLS)
    def check(calls: list[tuple[str, int, int]]) -> None:
        redis_server.flush()
        reference = Reference(Clock())
        for who, cost, _ in calls:
            verdict, expected = limiter.hit("event.track", who, FIVE, cost), reference.hit(who, FIVE, cost)
            assert (verdict.is_allowed, verdict.remaining) == (expected.is_allowed, expected.remaining)

    check()


def test_the_window_opens_at_the_first_call_and_ends_with_its_seconds(path: Path, clock: Clock) -> None:
    limiter = build_limiter(None, path, 1, now=clock)
    first = limiter.hit("event.track", "user 1", FIVE)
    clock.at += 59.9
    assert [limiter.hit("event.track", "user 1", FIVE).is_allowed for _ in range(5)] == [True] * 4 + [False]
    clock.at += 0.1
    again = limiter.hit("event.track", "user 1", FIVE)
    assert (first.remaining, first.reset_at) == (4, 1_700_000_061)
    assert (again.is_allowed, again.remaining, again.reset_at) == (True, 4, 1_700_000_121)


def test_a_refused_hit_consumes_nothing(url: str | None, path: Path) -> None:
    limiter = build_limiter(url, path, 1)
    limiter.hit("event.batch", "user 1", FIVE, cost=3)
    assert not limiter.hit("event.batch", "user 1", FIVE, cost=6).is_allowed
    assert not limiter.hit("event.batch", "user 1", FIVE, cost=3).is_allowed
    assert limiter.hit("event.batch", "user 1", FIVE, cost=2).remaining == 0


def test_what_costs_more_than_the_limit_takes_all_of_a_window(url: str | None, path: Path) -> None:
    limiter = build_limiter(url, path, 1)
    taken = limiter.hit("event.batch", "user 1", FIVE, cost=1000)
    assert (taken.is_allowed, taken.remaining) == (True, 0)
    assert not limiter.hit("event.batch", "user 1", FIVE).is_allowed


@pytest.mark.parametrize(
    ("now", "seconds"), [(0, 60), (1, 60), (999, 60), (1000, 59), (59_000, 1), (59_999, 1), (60_000, 1), (90_000, 1)]
)  # fmt: skip
def test_how_long_to_wait_is_told_to_the_second(now: int, seconds: int) -> None:
    began = 1_700_000_000_123
    assert Decision(False, 5, 0, began + 60_000).seconds_left(began + now) == seconds


def test_commands_and_callers_have_windows_of_their_own(url: str | None, path: Path) -> None:
    limiter = build_limiter(url, path, 1)
    pairs = [("event.track", "1"), ("event.track", "11"), ("event.track", "2001:db8::1"), ("list.get", "1")]
    assert {limiter.hit(command, who, FIVE).remaining for command, who in pairs} == {4}
    assert limiter.hit("Event.Track", "1", FIVE).remaining == 3


def test_an_override_takes_the_place_of_the_commands_own_limit(url: str | None, path: Path) -> None:
    limiter = build_limiter(url, path, 1, {"Event.Track": RateLimit(7, 60)})
    assert limiter.hit("event.track", "1", FIVE).limit == 7
    assert limiter.hit("list.get", "1", FIVE).limit == 5


@pytest.mark.parametrize(
    ("command", "who", "cost"), [("", "1", 1), ("event.track", "", 1), ("event.track", "1", -1)]
)
def test_what_would_pass_uncounted_is_refused(path: Path, command: str, who: str, cost: int) -> None:
    with pytest.raises(ValueError, match="cannot count"):
        build_limiter(None, path, 1).hit(command, who, FIVE, cost)


def test_threads_of_one_process_are_counted_exactly(url: str | None, path: Path) -> None:
    limiter, start, allowed = build_limiter(url, path, 1), Barrier(4), []

    def call() -> None:
        start.wait()
        allowed.extend(limiter.hit("event.track", "all", RateLimit(1000, 600)).is_allowed for _ in range(300))

    threads = [Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(allowed), len(allowed)) == (1000, 1200)


def test_a_clock_set_back_locks_nobody_out(path: Path, clock: Clock) -> None:
    limiter = build_limiter(None, path, 1, now=clock)
    limiter.hit("event.track", "user 1", FIVE, cost=5)
    clock.at -= 3600
    refused = limiter.hit("event.track", "user 1", FIVE)
    assert (refused.is_allowed, refused.reset_at) == (False, math.ceil(clock.at + 60))
    clock.at += 60
    assert limiter.hit("event.track", "user 1", FIVE).is_allowed


def test_the_server_ends_a_window_in_redis(redis_server: Redis) -> None:
    limiter = build_limiter(redis_server.url, "unused", 1)
    limiter.hit("event.track", "user 1", FIVE, cost=5)
    with redis.Redis(port=redis_server.port) as client:
        assert 59_000 < int(client.pttl("tracker-limit:event.track/user 1")) <= 60_000
        client.pexpire("tracker-limit:event.track/user 1", 0)
    assert limiter.hit("event.track", "user 1", FIVE).remaining == 4


@pytest.mark.parametrize(
    "spoil", ["del {0}", "lpush {0} x", "set {0} many", "set {0} 5", "set {0} -5 ex 600"]
)
def test_a_key_that_is_no_window_becomes_one(redis_server: Redis, spoil: str) -> None:
    limiter, key = build_limiter(redis_server.url, "unused", 1), "tracker-limit:event.track/1"
    with redis.Redis(port=redis_server.port) as client:
        client.execute_command(*spoil.format(key).split())
        assert [limiter.hit("event.track", "1", FIVE).remaining for _ in range(2)] == [4, 3]
        assert 0 < int(client.ttl(key)) <= 60


def test_an_own_window_store_stays_small(clock: Clock) -> None:
    own = LocalFallback(clock)
    own.take("heavy", 10, 60_000, 10)
    for number in range(120_000):
        own.take(f"address {number}", 10, 60_000, 1)
    assert len(own) <= 50_000
    assert own.take("heavy", 10, 60_000, 1)[0] is False


def _storage_of(limiter: Limiter) -> SharedFileStorage:
    storage = limiter.extension.storage
    assert isinstance(storage, SharedFileStorage)
    return storage


@pytest.mark.parametrize(
    "forget", [lambda storage: storage.clear("key"), lambda storage: storage.reset()], ids=["clear", "reset"]
)
def test_what_limits_asks_of_a_storage_is_answered(
    path: Path, clock: Clock, forget: Callable[[SharedFileStorage], None]
) -> None:
    storage = _storage_of(build_limiter(None, path, 1, now=clock))
    assert [storage.incr("key", 60), storage.incr("key", 60, 2), storage.get("key")] == [1, 3, 3]
    assert storage.get_expiry("key") == clock.at + 60
    assert storage.check()
    forget(storage)
    assert storage.get("key") == 0
