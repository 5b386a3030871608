"""What if the database server is restarted, killed, or freezes? Every request is answered, and it goes on by itself."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from tests.faults.acked_events import Story
from tests.faults.checker import MAX_SECONDS, Decision, check
from tests.faults.harness import Harness, Load
from tests.faults.run_length import SEED, run_length
from tests.faults.tables import Report, figures
from tests.faults.test_kills import kill_a_worker, kill_all
from tests.processes import until
from tests.servers import MariaDB
from tests.storage.proxy import Fate, Proxy

KILLS, FREEZES, RESTARTS = (
    run_length(short=2, long=10),
    run_length(short=1, long=5),
    run_length(short=1, long=3),
)
LOST_REPLIES = run_length(short=10, long=100)
#: Of each of two kinds.
WORKER_KILLS = run_length(short=1, long=5)
FROZEN_SECONDS = 15
#: Acknowledgements between two faults.
BETWEEN = run_length(short=60, long=400)


@dataclass(slots=True)
class Site:
    """A MariaDB of the test's own, and a server on it."""

    mariadb: MariaDB
    tracker: Harness


@pytest.fixture(scope="module")
def own_mariadb() -> Iterator[MariaDB]:
    with MariaDB() as mariadb:
        yield mariadb


@pytest.fixture
def site(own_mariadb: MariaDB) -> Iterator[Site]:
    with Harness(own_mariadb.new_database()) as tracker:
        yield Site(own_mariadb, tracker)


def _end(site: Site, load: Load) -> Story:
    story = load.finish()
    site.tracker.stop()
    return story


def _conclude(report: Report, site: Site, story: Story, what: str, count: int) -> None:
    verdict = check(site.tracker.database_url, story)
    report(what, faults=count, **figures(story), verdict=verdict.summary)
    assert not verdict.faults, f"seed {SEED}\n{verdict}"


def test_a_server_killed_under_load_recovers_and_so_do_we(site: Site, report: Report) -> None:
    with Load(site.tracker, SEED) as load:
        for number in range(KILLS):
            load.until_more(BETWEEN)
            site.mariadb.kill()
            if number % 2:  # one that is back at once is noticed by nobody
                load.until_said("certain", seconds=2 * MAX_SECONDS)
            site.mariadb.start()
        load.until_more(BETWEEN)
        story = _end(site, load)
    assert site.mariadb.logs().count("Starting crash recovery") >= KILLS
    assert story.outcomes["certain"] > 0
    _conclude(report, site, story, "MariaDB killed", KILLS)


def test_killed_workers_leave_nothing_half_done(site: Site, report: Report) -> None:
    """The kills of `test_kills.py` that do not need a trap in the file."""
    rng = random.Random(SEED)
    with Load(site.tracker, SEED) as load:
        for kill in [kill_a_worker, kill_all] * WORKER_KILLS:
            load.until_more(BETWEEN // 2)
            kill(site.tracker, rng)
        load.until_more(BETWEEN // 2)
        story = load.finish()
        healed = site.tracker.until_healed()
        site.tracker.stop()
    verdict = check(site.tracker.database_url, story, is_healed=True)
    seen = {"counts right after, s": healed, "verdict": verdict.summary}
    report("kills of workers and of all, on MariaDB", faults=2 * WORKER_KILLS, **figures(story), **seen)
    assert not verdict.faults, f"seed {SEED}\n{verdict}"


def test_a_server_restarted_under_load_is_waited_for(site: Site, report: Report) -> None:
    with Load(site.tracker, SEED) as load:
        for _ in range(RESTARTS):
            load.until_more(BETWEEN)
            site.mariadb.stop()
            site.mariadb.start()
        load.until_more(BETWEEN)
        story = _end(site, load)
    _conclude(report, site, story, "MariaDB restarted", RESTARTS)


def test_a_frozen_server_holds_up_no_answer(site: Site, report: Report) -> None:
    with Load(site.tracker, SEED) as load:
        for _ in range(FREEZES):
            load.until_more(BETWEEN)
            freeze(site.mariadb, load)
        load.until_more(BETWEEN)
        story = _end(site, load)
    assert story.outcomes["certain"] > 0
    _conclude(report, site, story, "MariaDB frozen 15 s", FREEZES)


def freeze(mariadb: MariaDB, load: Load) -> None:
    """Long enough for every request under way to meet its deadline twice."""
    mariadb.pause()
    try:
        load.until_said("certain", "unknown", seconds=MAX_SECONDS)
        time.sleep(FROZEN_SECONDS)  # the fault's own length
    finally:
        mariadb.resume()


def test_lost_replies_to_commit_lose_nothing_and_double_nothing(own_mariadb: MariaDB, report: Report) -> None:
    with Proxy(own_mariadb.port) as proxy:
        verdict, story = lose_replies(own_mariadb, proxy, LOST_REPLIES)
    report("replies to COMMIT lost", faults=LOST_REPLIES, **figures(story), verdict=verdict.summary)
    assert not verdict.faults, f"seed {SEED}\n{verdict}"


def lose_replies(
    mariadb: MariaDB,
    proxy: Proxy,
    count: int,
    planted: Sequence[str] = (),
    fates: Sequence[Fate] = ("cut", "lost", "hasty", "denied", "refused"),
) -> tuple[Decision, Story]:
    lost = [fates[number % len(fates)] for number in range(count)]
    random.Random(SEED).shuffle(lost)
    url = mariadb.new_database()
    far = url.replace(f":{mariadb.port}/", f":{proxy.port}/")
    with Harness(far, planted=planted) as tracker, Load(tracker, SEED, seconds=60) as load:
        for fate in lost:
            proxy.fates.append(fate)
            until(lambda: not proxy.fates, 20, "a COMMIT")
            load.until_more(5)
        story = load.finish()
        tracker.stop()
    return check(url, story), story
