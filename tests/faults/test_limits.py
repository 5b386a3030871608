"""Is a limit one limit over all workers and instances, whatever becomes of the store it is counted in?"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import redis

from tests.cli.shell import Shell
from tests.faults.acked_events import Story
from tests.faults.checker import check
from tests.faults.harness import Harness, Load
from tests.faults.run_length import SEED, run_length
from tests.faults.tables import Report, figures
from tests.processes import until
from tests.servers import MariaDB, Redis

LIMIT, SENT = run_length(short=1_000, long=5_000), run_length(short=1_200, long=6_000)
WORKERS = run_length(short=2, long=4)
#: Of two workers without their Redis, and of two instances.
FEW = run_length(short=400, long=800)
#: The calls of one test take 10 s where nothing else runs. Its window is longer than this.
MAX_SECONDS = 300.0
#: Seconds that a store which does not answer may add to a request, once in each worker; twice that on a busy machine.
MAX_ADDED_SECONDS = 0.6


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    with Redis() as server:
        yield server


def _settings(limit: int, server: Redis | None) -> dict[str, str]:
    """The window is longer than the registered one, so that it does not end on a busy machine: 600 s for some 10 s of calls."""
    store = {"TRACKER_RATELIMIT_URL": server.url} if server else {}
    return {"TRACKER_LIMITS": f"event.track={limit}/600", **store}


def _send(tracker: Harness, count: int, **settings: Any) -> tuple[Story, int]:
    """So many requests over 64 connections, none of them repeated; how many were accepted."""
    quiet = {
        "batch_share": 0.0,
        "repeat_share": 0.0,
        "is_patient": False,
        "connections": 64,
        "seconds": MAX_SECONDS,
        **settings,
    }
    with Load(tracker, most_events=count, **{"seed": SEED, **quiet}) as load:
        story = load.complete(MAX_SECONDS)
    refused = sum(("certain", 429) in sent.outcomes for sent in story.events.values())
    assert len(story.events) == count
    return story, count - refused


@pytest.mark.parametrize("store", ["embedded", "redis"])
def test_exactly_the_limit_gets_through(store: str, own_redis: Redis, report: Report) -> None:
    settings = _settings(LIMIT, own_redis if store == "redis" else None)
    with Harness(workers=WORKERS, settings=settings, planted=["patient with Redis"]) as tracker:
        story, accepted = _send(tracker, SENT)
        tracker.stop()
        verdict = check(tracker.database_url, story)
    report(
        f"{SENT} calls, {WORKERS} workers, limit {LIMIT}: {store}", **figures(story), verdict=verdict.summary
    )
    assert accepted == LIMIT
    assert not verdict.faults, str(verdict)


@pytest.mark.faults
def test_limits_of_each_worker_alone_are_seen(report: Report) -> None:
    """The control."""
    with Harness(workers=4, settings=_settings(500, None), planted=["limits per process"]) as tracker:
        _, accepted = _send(tracker, 1_500)
    report(
        "limits counted by each worker",
        of="mutation",
        met="1500 calls, limit 500",
        found=f"{accepted} accepted",
    )
    assert accepted > 500


@pytest.mark.parametrize("trouble", ["frozen", "stopped"])
def test_tracking_goes_on_without_redis(own_redis: Redis, trouble: str, report: Report) -> None:
    workers, limit = 2, FEW
    connections = 16  # enough that no worker gets none of them
    with Harness(workers=workers, settings=_settings(limit, own_redis)) as tracker:
        usual, accepted = _send(tracker, 100, connections=connections)
        assert accepted == 100
        own_redis.pause() if trouble == "frozen" else own_redis.stop()
        story, accepted = _send(tracker, 3 * FEW // 2, connections=connections, seed=SEED + 1)
        own_redis.resume() if trouble == "frozen" else own_redis.start()
        until(
            lambda: tracker.logs().count("rate-limit store reachable again") == workers,
            10,
            "the way back in every worker",
        )
        assert _is_counted(own_redis, tracker)
        said = tracker.logs().count("rate-limit store unreachable")
    assert said == workers, "each worker notices it once"
    most, typical = max(story.seconds), statistics.median(usual.seconds)
    held_up = sum(seconds > max(typical + 0.2, *usual.seconds) for seconds in story.seconds)
    report(
        f"Redis {trouble}, 2 workers, limit {limit}", **figures(story), verdict=f"{held_up} requests held up"
    )
    assert most <= typical + MAX_ADDED_SECONDS + max(usual.seconds)
    assert held_up <= connections * run_length(short=3, long=1), (
        "those under way; others where more is at work"
    )
    assert limit // workers <= accepted <= limit, "each worker allows its share"


def _is_counted(server: Redis, tracker: Harness) -> bool:
    """Whether a call is one more in Redis."""
    before = _total(server)
    with tracker.connection() as connection:
        status, _ = connection.call({"Event": "again"})
    return _total(server) == before + 1 and status in (200, 429)


def _total(server: Redis) -> int:
    """What all windows in Redis have counted."""
    with redis.Redis(port=server.port, socket_timeout=5, decode_responses=True) as client:
        return sum(int(client.get(name)) for name in client.keys("*"))


@pytest.fixture
def instances(own_redis: Redis, mariadb: MariaDB) -> Iterator[list[Harness]]:
    """Two instances on one MariaDB and one Redis."""
    url, settings = mariadb.new_database(), _settings(FEW, own_redis)
    with ExitStack() as stack:
        first, second = (Harness(url, settings=settings, planted=["patient with Redis"]) for _ in range(2))
        stack.enter_context(first)
        second.set_up_like(first)
        yield [first, stack.enter_context(second)]


def test_two_instances_are_one(instances: list[Harness], report: Report) -> None:
    first, second = instances
    story, accepted = _send(first, 3 * FEW // 2, ports=[first.port, second.port])
    session = first.call("user.login", Username=first.shop.email, Password=first.shop.password).body[
        "SessionID"
    ]
    _until_answered(second, session, 200)
    second.call("user.logout", SessionID=session)
    _until_answered(first, session, 401)
    _revoke_key(first)
    until(lambda: [_track(each) for each in instances] == [401, 401], 10, "the key's end in both")
    for each in instances:
        each.stop()
    verdict = check(first.database_url, story)
    report(f"two instances, {3 * FEW // 2} calls, limit {FEW}", **figures(story), verdict=verdict.summary)
    assert accepted == FEW
    assert not verdict.faults, str(verdict)


def _until_answered(tracker: Harness, session: str, status: int) -> None:
    """A look-up is remembered for 5 s at most."""
    until(lambda: tracker.call("lists.get", SessionID=session).status == status, 10, f"status {status}")


def _track(tracker: Harness) -> int:
    with tracker.connection() as connection:
        return connection.call({"Event": "late"})[0]


def _revoke_key(tracker: Harness) -> None:
    shell = Shell(tracker.folder, TRACKER_DATABASE_URL=tracker.database_url)
    prefix = shell.ok("key", "list", tracker.shop.email).splitlines()[1].split()[0]
    shell.ok("key", "revoke", prefix)


@pytest.mark.faults
def test_two_instances_that_count_by_themselves_are_seen(mariadb: MariaDB, report: Report) -> None:
    """The control: without a Redis each instance has the limit for itself, as its documentation says."""
    url, settings = mariadb.new_database(), _settings(300, None)
    with Harness(url, settings=settings) as first:
        second = Harness(url, settings=settings)
        second.set_up_like(first)
        with second:
            _, accepted = _send(first, 800, ports=[first.port, second.port])
    report(
        "two instances without a Redis",
        of="mutation",
        met="800 calls, limit 300",
        found=f"{accepted} accepted",
    )
    assert accepted > 300
