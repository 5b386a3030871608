"""Is the suite able to fail? Faults are planted into the write path, and each is caught."""

from __future__ import annotations

import random

import pytest

from tests.faults.checker import Decision, check
from tests.faults.harness import Harness, Load
from tests.faults.planted import FAULTS
from tests.faults.run_length import IS_LONG, SEED
from tests.faults.tables import Report
from tests.faults.test_mariadb import freeze, lose_replies
from tests.processes import until
from tests.servers import MariaDB
from tests.storage.proxy import Proxy

#: Several in one server; in the long form each has one of its own.
TOGETHER = [[name] for name in FAULTS] if IS_LONG else [list(FAULTS)[::2], list(FAULTS)[1::2]]


def _killed_in_commits(fault: str, call: str, moment: str, count: int) -> Decision:
    """All processes die `count` times at a system call of a commit."""
    rng = random.Random(SEED)
    with (
        Harness(planted=[fault], is_trapped=True) as tracker,
        Load(tracker, SEED, new_name_share=0.5) as load,
    ):
        for _ in range(count):
            load.until_more(40)
            tracker.trap.set(rng.randint(1, 20), call, moment, "group")
            until(lambda: tracker.running.exit_code is not None, 20, "the end of all processes")
            tracker.kill_and_start()
        story = load.finish()
        tracker.stop()
        return check(tracker.database_url, story)


@pytest.mark.parametrize("planted", TOGETHER, ids=", ".join)
def test_a_server_with_faults_in_it_works_until_something_happens(planted: list[str]) -> None:
    """What is planted follows what it replaces; whether it is caught takes longer to see."""
    with Harness(workers=1, planted=planted) as tracker, Load(tracker, SEED, most_events=40) as load:
        story = load.complete()
    outcomes = {outcome for sent in story.events.values() for outcome in sent.outcomes}
    assert {kind for kind, _ in outcomes} <= {"ack", "duplicate", "refused"}, outcomes


def test_an_answer_before_the_commit_is_caught(report: Report) -> None:
    verdict = _killed_in_commits("ack before commit", "write", "before", 3)
    report(
        "ack before commit",
        of="mutation",
        met="3 kills before a page of the log is written",
        found=verdict.summary,
    )
    assert "lost" in verdict.kinds


@pytest.mark.faults
def test_a_catalogue_outside_the_transaction_is_caught(report: Report) -> None:
    verdict = _killed_in_commits("catalogue outside the transaction", "sync", "after", 6)
    report(
        "catalogue outside the transaction", of="mutation", met="6 kills after a sync", found=verdict.summary
    )
    assert verdict.kinds == {"catalogue"}


@pytest.mark.faults
@pytest.mark.parametrize(("call", "moment", "kills"), [("sync", "after", 6), ("write", "before", 3)])
def test_without_a_fault_the_same_kills_find_nothing(call: str, moment: str, kills: int) -> None:
    assert not _killed_in_commits("small log", call, moment, kills).faults


@pytest.mark.faults
def test_event_ids_that_are_not_looked_up_are_caught(report: Report) -> None:
    with Harness(planted=["no unique key"]) as tracker, Load(tracker, SEED, most_events=600) as load:
        story = load.complete()
        tracker.stop()
        verdict = check(tracker.database_url, story)
    report("no unique key", of="mutation", met="repeats of acknowledged events", found=verdict.summary)
    assert "doubled" in verdict.kinds


@pytest.mark.faults
def test_a_retry_without_the_id_is_caught(mariadb: MariaDB, report: Report) -> None:
    with Proxy(mariadb.port) as proxy:
        verdict, _ = lose_replies(mariadb, proxy, 15, ["retry without id"])
    report("retry without id", of="mutation", met="15 lost replies to COMMIT", found=verdict.summary)
    assert "doubled" in verdict.kinds


@pytest.mark.faults
def test_a_commit_error_that_is_taken_for_the_statements_is_caught(mariadb: MariaDB, report: Report) -> None:
    fault = "1180 taken for the statement's"
    with Proxy(mariadb.port) as proxy:
        verdict, _ = lose_replies(mariadb, proxy, 15, [fault], ["denied"])
    report(
        fault, of="mutation", met="15 COMMITs that are stored and answered with 1180", found=verdict.summary
    )
    assert "answers" in verdict.kinds


@pytest.mark.faults
def test_an_answer_without_a_deadline_is_caught(report: Report) -> None:
    with MariaDB() as own, Harness(own.new_database(), planted=["no deadline"]) as tracker:
        with Load(tracker, SEED) as load:
            load.until_more(100)
            freeze(own, load)
            story = load.finish()
        tracker.stop()
        verdict = check(tracker.database_url, story)
    report("no deadline", of="mutation", met="MariaDB frozen 15 s", found=verdict.summary)
    assert "late" in verdict.kinds
