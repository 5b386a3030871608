"""What if the database server hangs? Each request is answered in time, and all is well when it goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.client import Reply
from tests.processes import until
from tests.served import Account, Tracker, make_account
from tests.servers import MariaDB

#: The deadline of a request is 5 s after its body was read.
MAX_SECONDS = 6.0
CALLS = 8


@pytest.fixture(scope="module")
def own() -> Iterator[MariaDB]:
    with MariaDB() as server:
        yield server


@pytest.fixture(scope="module")
def tracker(own: MariaDB) -> Iterator[Tracker]:
    with Tracker(own.new_database(), workers=2) as tracker:
        yield tracker


@pytest.fixture(scope="module")
def account(tracker: Tracker) -> Account:
    return make_account(tracker, "owner@example.com", "*")


def track(tracker: Tracker, account: Account, name: str, **params: Any) -> tuple[Reply, float]:
    began = time.monotonic()
    answer = tracker.call("event.track", account.key, Event=name, ListID=account.list_id, **params)
    return answer, time.monotonic() - began


def stored(own: MariaDB, tracker: Tracker, name: str) -> int:
    database = tracker.database_url.rpartition("/")[2]
    [(count,)] = own.execute(f"SELECT COUNT(*) FROM {database}.events WHERE name = %s", name.encode())
    return int(count)


def test_a_frozen_server_is_answered_for_in_time_and_comes_back(
    own: MariaDB, tracker: Tracker, account: Account
) -> None:
    for _ in range(CALLS):
        assert track(tracker, account, "before")[0].status == 200
    own.pause()
    try:
        with ThreadPoolExecutor(CALLS + 3) as pool:
            health = pool.submit(tracker.get, "/health")
            ready = pool.submit(until, lambda: tracker.get("/ready").status == 503, 2 * MAX_SECONDS)
            listing = pool.submit(
                tracker.call, "website_events.properties", account.key, ListID=account.list_id
            )
            calls = [pool.submit(track, tracker, account, f"during {number}") for number in range(CALLS)]
            assert health.result().status == 200
            answers = [call.result() for call in calls]
            assert ready.result(), "what was found a second ago is told no more"
            assert listing.result().status == 503
    finally:
        own.resume()
    assert max(seconds for _, seconds in answers) < MAX_SECONDS
    rows = [answer.body["Errors"][0] for answer, _ in answers]
    assert {answer.status for answer, _ in answers} == {503}
    assert {row["Code"] for row in rows} <= {100012, 100013}
    assert all(answer.headers["Retry-After"] == "1" for answer, _ in answers)
    until(lambda: tracker.get("/ready").status == 200, 15)
    assert track(tracker, account, "after")[0].status == 200
    _nothing_is_lost_or_doubled(own, tracker, account, rows)


def _nothing_is_lost_or_doubled(
    own: MariaDB, tracker: Tracker, account: Account, rows: list[dict[str, Any]]
) -> None:
    """Certainly not stored, or of unknown outcome and then repeated: one row each in the end."""
    for number, row in enumerate(rows):
        name = f"during {number}"
        if row["Code"] == 100012:
            assert stored(own, tracker, name) == 0
        else:
            answer, _ = track(tracker, account, name, EventID=row["EventID"])
            assert answer.status == 200, answer.text
            assert stored(own, tracker, name) == 1


def test_a_killed_server_is_waited_for_until_the_deadline_and_comes_back(
    own: MariaDB, tracker: Tracker, account: Account
) -> None:
    assert track(tracker, account, "alive")[0].status == 200
    own.kill()
    answer, seconds = track(tracker, account, "dead")
    assert seconds < MAX_SECONDS
    assert (answer.status, answer.body["Errors"][0]["Code"]) == (503, 100012)
    ready = tracker.get("/ready")
    assert (ready.status, ready.body["database"]) == (503, "away")
    assert tracker.get("/health").status == 200
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(track, tracker, account, "patient")
        own.start()
        assert waiting.result()[0].status in (200, 503)
    until(lambda: track(tracker, account, "back")[0].status == 200, 15)
    assert stored(own, tracker, "alive") == 1
    assert stored(own, tracker, "dead") == 0
