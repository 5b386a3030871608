"""What do requests notice of a Redis that is frozen, gone, or answers errors, and what of its return?"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from tests.processes import until
from tests.servers import Redis
from tracker.rate_limits import Decision, Limiter, RateLimit, build_limiter

TEN = RateLimit(10, 60)
#: A quarter second is what a request may wait; tests allow for a busy machine.
PATIENCE_SECONDS = 0.3 * 2


@pytest.fixture(scope="module")
def _own() -> Iterator[Redis]:
    with Redis() as server:
        yield server


@pytest.fixture
def server(_own: Redis) -> Redis:
    """A Redis this file may stop and freeze."""
    _own.flush()
    return _own


def say(server: Redis, *command: str) -> None:
    with redis.Redis(port=server.port, password="secret", username="default") as client:
        client.execute_command(*command)


Fault = tuple[Callable[[Redis], None], Callable[[Redis], object]]
FAULTS: dict[str, Fault] = {
    "frozen": (Redis.pause, Redis.resume),
    "killed": (Redis.kill, Redis.start),
    "read-only": (
        lambda server: say(server, "REPLICAOF", "127.0.0.1", "1"),
        lambda server: say(server, "REPLICAOF", "NO", "ONE"),
    ),
    "full": (
        lambda server: say(server, "CONFIG", "SET", "maxmemory", "1"),
        lambda server: say(server, "CONFIG", "SET", "maxmemory", "0"),
    ),
    "forbidding": (
        lambda server: say(server, "ACL", "SETUSER", "default", "-eval", "-evalsha"),
        lambda server: say(server, "ACL", "SETUSER", "default", "+@all"),
    ),
}


def hit_at_once(limiter: Limiter, times: int) -> list[Decision]:
    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(lambda _: limiter.hit("event.track", "user 1", TEN), range(times)))


@pytest.mark.parametrize(("begin", "end"), FAULTS.values(), ids=FAULTS)
def test_a_share_is_allowed_until_redis_is_back(server: Redis, begin: Fault, end: Fault) -> None:
    limiter = build_limiter(server.url, "unused", workers=2)
    assert limiter.hit("event.track", "user 1", TEN).limit == 10
    begin(server)
    try:
        began = time.monotonic()
        verdicts = hit_at_once(limiter, 12)
        verdicts += [limiter.hit("event.track", "user 1", TEN) for _ in range(200)]
        waited = time.monotonic() - began
    finally:
        end(server)
    assert sum(verdict.is_allowed for verdict in verdicts) == 5
    assert {verdict.limit for verdict in verdicts} == {5}
    assert waited < PATIENCE_SECONDS
    until(lambda: limiter.hit("event.track", "user 1", TEN, 0).limit == 10)
    assert hit_at_once(limiter, 3)[0].limit == 10


def test_a_redis_that_was_never_there_is_found_when_it_comes(server: Redis) -> None:
    server.kill()
    try:
        limiter = build_limiter(server.url, "unused", workers=4)
        assert hit_at_once(limiter, 4)[0].limit == 2
    finally:
        server.start()
    until(lambda: limiter.hit("event.track", "user 1", TEN, 0).limit == 10)


def test_a_restart_between_two_hits_is_not_noticed(server: Redis) -> None:
    limiter = build_limiter(server.url, "unused", workers=2)
    limiter.hit("event.track", "user 1", TEN)
    server.stop()
    server.start()
    assert limiter.hit("event.track", "user 1", TEN).limit == 10


def test_an_outage_is_logged_once_with_its_end_and_without_the_url(
    server: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tracker.rate_limits")
    limiter = build_limiter(f"redis://default:secret@127.0.0.1:{server.port}/0", "unused", workers=2)
    server.kill()
    try:
        hit_at_once(limiter, 5)
    finally:
        server.start()
    until(lambda: limiter.hit("event.track", "user 1", TEN, 0).limit == 10)
    lines = [record.getMessage() for record in caplog.records]
    assert [" unreachable " in line for line in lines] == [True, False]
    assert "reachable again after" in lines[1]
    assert "secret" not in "".join(lines)


def test_a_share_is_never_nothing_and_lasts_over_outages(server: Redis) -> None:
    limiter = build_limiter(server.url, "unused", workers=8)
    allowed = 0
    for _ in range(2):
        server.kill()
        try:
            allowed += sum(limiter.hit("user.login", "::1", RateLimit(3, 60)).is_allowed for _ in range(5))
        finally:
            server.start()
        until(lambda: limiter.hit("event.track", "user 1", TEN, 0).limit == 10)
    assert allowed == 1


@pytest.mark.parametrize("url", ["memory://", "http://127.0.0.1", "redis", "redis://127.0.0.1:port/0"])
def test_a_url_that_names_no_redis_stops_the_start(url: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        build_limiter(url, "unused", 1)
