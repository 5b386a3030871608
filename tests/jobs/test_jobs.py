"""Is a long job done once, whoever dies meanwhile? Steps, leases, and how far a call goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gevent
import pytest

from tests.jobs.counting import LIST_ID, SUBJECT, count_up, jobs_on, numbers
from tests.processes import start_module, until
from tracker.jobs.runner import CALL_ROWS, Jobs
from tracker.storage import job_queue
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction
from tracker.storage.job_queue import LEASE_MS, Job, Step
from tracker.storage.schema.own_database import own_database


class Clock:
    """UTC milliseconds that pass when they are told to."""

    def __init__(self) -> None:
        self.ms = time.time_ns() // 1_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = own_database(database_url)
    database.upgrade()
    yield database
    database.close()


def begin(jobs: Jobs, last: int, seconds: float = 5.0) -> Job:
    """A job of `last` steps."""
    prepare = lambda transaction: {"next": 1, "last": last}  # noqa: E731
    job = jobs.begin(LIST_ID, "count", SUBJECT, prepare, time.monotonic() + seconds)
    assert job is not None
    return job


def finished(jobs: Jobs) -> Job | None:
    job = jobs.find(LIST_ID, "count", SUBJECT)
    return job if job is not None and job.finished_at is not None else None


def test_a_short_job_is_done_within_the_call(database: Database) -> None:
    jobs = jobs_on(database)
    job = begin(jobs, last=3)
    assert job == jobs.find(LIST_ID, "count", SUBJECT)
    assert job.finished_at is not None
    assert (job.rows, numbers(database)) == (1500, [1, 2, 3])


def test_nothing_is_begun_where_there_is_nothing_to_do(database: Database) -> None:
    jobs = jobs_on(database)
    assert jobs.begin(LIST_ID, "count", SUBJECT, lambda transaction: None, time.monotonic() + 5) is None
    assert jobs.find(LIST_ID, "count", SUBJECT) is None


def test_a_call_handles_so_many_rows_and_the_rest_is_done_in_the_background(database: Database) -> None:
    jobs = jobs_on(database)
    job = begin(jobs, last=30, seconds=30.0)
    assert (job.finished_at, job.rows) == (None, CALL_ROWS)
    done = _until(lambda: finished(jobs))
    assert (done.rows, numbers(database)) == (15_000, list(range(1, 31)))


def test_a_call_answers_at_its_deadline(database: Database) -> None:
    """With no time left the job is there, and goes on by itself."""
    jobs = jobs_on(database)
    job = begin(jobs, last=3, seconds=0.9)
    assert (job.finished_at, job.rows) == (None, 0)
    assert _until(lambda: finished(jobs)).rows == 1500


def test_a_claimed_job_is_left_alone_until_its_lease_runs_out(database: Database) -> None:
    clock = Clock()
    mine, others = jobs_on(database, now=clock), jobs_on(database, now=clock)
    begin(mine, last=30, seconds=30.0)
    job = mine.find(LIST_ID, "count", SUBJECT)
    assert job is not None
    mine.close()
    held = _until(lambda: mine.claim(job))
    assert others.claim(job) is None
    clock.ms += LEASE_MS
    taken = others.claim(job)
    assert taken is not None
    before = numbers(database)
    held.step()  # it was away for too long: the job is another's, and it does nothing
    assert not held.is_open
    assert numbers(database) == before
    taken.step()
    assert numbers(database) == [*before, before[-1] + 1]


def test_a_step_that_fails_is_rolled_back_and_tried_again_later(database: Database) -> None:
    clock, faults = Clock(), ["once"]

    def step(transaction: Transaction, job: Job, now: int, most: int) -> Step:
        after = count_up(transaction, job, now, most)
        if faults:
            raise ValueError(faults.pop())
        return after

    jobs = Jobs(database, {"count": step}, lambda deadline: 1, now=clock)
    job = begin(jobs, last=1)
    assert (job.finished_at, numbers(database)) == (None, [])
    clock.ms += 10 * LEASE_MS
    jobs.wake()
    assert _until(lambda: finished(jobs)).rows == 500
    assert numbers(database) == [1]


def test_a_job_that_waits_for_its_time_is_due_again(database: Database) -> None:
    clock = Clock()

    def step(transaction: Transaction, job: Job, now: int, most: int) -> Step:
        transaction.insert("write_probe", ("number", "asked_at"), [(job.state["next"], now)])
        return Step({"next": job.state["next"] + 1}, 1, again_at=now + 1000)

    jobs = Jobs(database, {"count": step}, lambda deadline: 1, now=clock)
    begin(jobs, last=0)
    assert numbers(database) == [1]
    assert database.read(partial(job_queue.due, now=clock.ms + 999, most=1, kinds=["count"])) == []
    clock.ms += 1000
    jobs.wake()
    _until(lambda: numbers(database) == [1, 2])


def test_a_job_of_a_kind_that_only_a_newer_tracker_knows_is_left_to_it(database: Database) -> None:
    """Claimed here it could not be worked at, and would be nobody's for a minute."""
    for number, kind in enumerate(("newer", "count"), start=1):
        queued = Job(LIST_ID, number, kind, SUBJECT, {"next": number, "last": number}, 0, 0, 0)
        database.write(partial(job_queue.add, job=queued, claim=None, due_at=number))
    older, newer = jobs_on(database), Jobs(database, {"newer": count_up}, lambda deadline: 1)
    older.wake()
    _until(lambda: finished(older))
    newer.wake()
    _until(lambda: numbers(database) == [1, 2])


def test_what_a_killed_process_leaves_another_does_to_the_end(database_url: str, tmp_path: Path) -> None:
    """Killed in the middle of its steps three times: no step is lost, and none is done twice."""
    database = own_database(database_url)
    database.upgrade()
    jobs = jobs_on(database)
    begin(jobs, last=200, seconds=0.9)
    jobs.close()
    _release(database)
    for number in (1, 2, 3):
        before = len(numbers(database))
        program = start_module("tests.jobs.counting", database_url, "60", log=tmp_path / f"{number}.log")
        until(lambda: len(numbers(database)) > before + 3, what="steps of another process")  # noqa: B023
        program.kill()
        _release(database)
    last = jobs_on(database)
    last.wake()
    assert _until(lambda: finished(last), 60).rows == 200 * 500
    assert numbers(database) == list(range(1, 201))
    database.close()


def _release(database: Database) -> None:
    """Let the lease run out."""
    database.write(lambda transaction: transaction.execute("UPDATE jobs SET due_at = 0"))


def _until(condition: Any, seconds: float = 20) -> Any:
    """The first true value; greenlets of this process run meanwhile."""
    with gevent.Timeout(seconds):
        while not (value := condition()):
            gevent.sleep(0.005)
        return value
