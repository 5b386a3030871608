"""One scrape tells of all workers of an instance, and no counter goes back when one of them is killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import count, pairwise

import pytest

from tests.metrics.exposition import Exposition
from tests.processes import until
from tests.served import Account, StartTracker, Tracker, make_account
from tracker.api.health_checks import health
from tracker.app import build_services, open_database
from tracker.registry import Registry

CLIENTS = 4


@pytest.fixture(scope="module")
def pair(start_tracker: StartTracker) -> Tracker:
    """Two workers on one file."""
    settings = {"TRACKER_METRICS_FOR": "127.0.0.1", "TRACKER_LIMITS": "event.track=1000000/60"}
    tracker = start_tracker(workers=2, settings=settings)
    until(lambda: _workers(tracker) == (2, 2), 60, "both workers")
    return tracker


@pytest.fixture(scope="module")
def seller(pair: Tracker) -> Account:
    return make_account(pair, "seller@example.com", "*")


def scrape(tracker: Tracker) -> Exposition:
    reply = tracker.get("/metrics")
    assert reply.status == 200, reply.text
    return Exposition(reply.text)


def checks(tracker: Tracker) -> dict[str, tuple[str, str]]:
    """The states and texts of the checks that a program beside the server finds."""
    settings = tracker.read_settings()
    with closing(build_services(settings, open_database(settings, Registry()))) as services:
        return {each.name: (each.state, each.detail) for each in health(services, 0, None)}


class Seller:
    """A client that tracks until it is told to end. Who is not answered sends no other event in its place."""

    def __init__(self, tracker: Tracker, account: Account, number: int) -> None:
        self._tracker, self._account, self._number = tracker, account, number
        self.acknowledged = 0

    def run(self, ended: threading.Event) -> None:
        for event in count():
            if ended.is_set():
                return
            sent = {"ListID": self._account.list_id, "Event": "sold", "EventID": f"{self._number}-{event}"}
            try:
                self.acknowledged += (
                    self._tracker.call("event.track", self._account.key, **sent).status == 200
                )
            except OSError:
                continue  # the worker was killed


def stored(tracker: Tracker) -> int:
    path = tracker.read_settings().metrics_file.with_suffix(".db")
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("SELECT COUNT(*) FROM events WHERE name = ?", (b"sold",)).fetchone()[0])


def test_a_killed_worker_takes_no_count_with_it(pair: Tracker, seller: Account) -> None:
    """Scraped all the while, each counter rises or stays; each acknowledged event is counted, and no event that is not stored."""
    sellers = [Seller(pair, seller, number) for number in range(CLIENTS)]
    ended, before = threading.Event(), scrape(pair)
    seen = [before]
    with ThreadPoolExecutor(CLIENTS) as pool:
        running = [pool.submit(each.run, ended) for each in sellers]
        try:
            _until_acknowledged(sellers, 10)
            seen.append(scrape(pair))
            os.kill(pair.running.children()[0], signal.SIGKILL)
            seen.extend(_until_started(pair, before.of("tracker_worker_starts_total") + 1))
            _until_acknowledged(sellers, 10)
        finally:
            ended.set()
        for each in running:
            each.result(60)
    seen.append(scrape(pair))
    for earlier, later in pairwise(seen):
        assert {key for key, value in earlier.counters.items() if later.counters.get(key, 0) < value} == set()
    counted = seen[-1].of("tracker_events_stored_total") - before.of("tracker_events_stored_total")
    assert 0 < sum(each.acknowledged for each in sellers) <= counted <= stored(pair)
    answered = seen[-1].of("tracker_requests_total", command="event.track", status="2xx")
    assert answered >= sum(each.acknowledged for each in sellers)


def _until_acknowledged(sellers: list[Seller], more: int) -> None:
    least = sum(each.acknowledged for each in sellers) + more
    until(lambda: sum(each.acknowledged for each in sellers) >= least, 60, f"{more} more events")


def _until_started(tracker: Tracker, starts: float) -> Iterator[Exposition]:
    """Scrape until so many workers have been started and two live."""
    found: list[Exposition] = []

    def is_whole() -> bool:
        try:
            found.append(scrape(tracker))
        except OSError:  # it was the one that was killed
            return False
        return (found[-1].of("tracker_worker_starts_total"), found[-1].of("tracker_workers")) == (starts, 2)

    until(is_whole, 60, "a successor")
    return iter(found)


def test_each_worker_is_told_and_the_health_of_both(pair: Tracker) -> None:
    found = scrape(pair)
    assert (found.of("tracker_workers"), found.of("tracker_workers_asked")) == (2, 2)
    assert found.labels("tracker_worker_memory_bytes", "worker") == {"0", "1"}
    told = checks(pair)
    assert told["Workers"][0] == "ok"
    assert told["Workers"][1].startswith("2 of 2 workers live, since ")
    assert told["Queue"][0] == "ok"


def test_what_waits_to_be_written_is_told(pair: Tracker, seller: Account) -> None:
    """While another program has the file locked."""
    with ThreadPoolExecutor(2) as pool:
        with locked(pair):
            sent = {"ListID": seller.list_id, "Event": "waiting"}
            waiting = [pool.submit(pair.call, "event.track", seller.key, **sent) for _ in range(2)]
            found = until(
                lambda: told if (told := scrape(pair)).of("tracker_write_queue_requests") else None, 4
            )
            assert found.of("tracker_write_queue_rows") >= 1
        assert {each.result(30).status for each in waiting} <= {200, 503}


@contextmanager
def locked(tracker: Tracker) -> Iterator[None]:
    path = tracker.read_settings().metrics_file.with_suffix(".db")
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


def test_another_number_of_workers_is_known(pair: Tracker) -> None:
    for number, asked in ((signal.SIGTTIN, 3), (signal.SIGTTOU, 2)):
        pair.running.send(number)
        until(lambda asked=asked: _workers(pair)[1] == asked)  # type: ignore[misc]


def _workers(tracker: Tracker) -> tuple[float, float]:
    found = scrape(tracker)
    return found.of("tracker_workers"), found.of("tracker_workers_asked")


def test_an_instance_that_is_gone_is_told_from_one_that_was_stopped(
    pair: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last test of this server."""
    file = pair.read_settings().metrics_file
    pair.kill()
    monkeypatch.setattr("tracker.metrics.totals.SILENT_MS", 0)
    assert [checks(pair)[name][0] for name in ("Workers", "Queue")] == ["bad", "unknown"]
    monkeypatch.undo()
    pair.workers = 1
    pair.start()
    assert checks(pair)["Workers"][1].startswith("1 of 1 workers live")
    assert scrape(pair).of("tracker_events_stored_total") == 0, "counters begin with the instance"
    assert pair.stop() == 0
    assert not file.exists()
    assert checks(pair)["Workers"][0] == "unknown"
