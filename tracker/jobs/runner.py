"""Job runner: the call that begins a job works at it for a while, then a background greenlet of any process goes on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import gevent
from gevent.event import Event

from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.jobs.change_purge import ChangePurge
from tracker.jobs.clock_witness import Witness
from tracker.jobs.lease import STEP_SECONDS, Kind, LeasedJob, new_token
from tracker.storage import job_queue
from tracker.storage.engine import REQUEST_SECONDS, Among, Database, Transaction, in_each_shard
from tracker.storage.job_queue import LEASE_MS, Job
from tracker.storage.shards import do_at_head

#: Rows of one step that a client waits for.
CALL_STEP_ROWS = 500
#: Rows that a call handles before it answers: 10,000 events and rows examined with them. Seconds before its deadline at
#: which it begins no more steps.
CALL_ROWS, ANSWER_SECONDS = 11_000, 1.0
#: Pauses after a step, as shares of the time it took: in the background events go first; in a call a client waits.
BACKGROUND_PAUSE, CALL_PAUSE = 2.0, 0.25
#: Seconds between two searches for free jobs; jobs fetched by one search.
LOOK_SECONDS, LOOKED_UP = 10.0, 20

_log = logging.getLogger("tracker.jobs")


class Jobs:
    """The jobs of one process. Nothing starts by itself: `begin` and `wake` start work, `serve` searches for jobs regularly.

    `kinds` are the steps by the name of a job's kind; `new_id(deadline)` makes row ids; `now()` returns UTC
    milliseconds.
    """

    def __init__(
        self,
        database: Database,
        kinds: Mapping[str, Kind],
        new_id: Callable[[float | None], int],
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._database, self._kinds, self._new_id, self._now = database, kinds, new_id, now
        self._witness, self._purge = Witness(database, now), ChangePurge(database, now)
        self._worker: gevent.Greenlet | None = None
        self._server: gevent.Greenlet | None = None
        self._closing = Event()

    def find(self, list_id: int, kind: str, subject_id: int, deadline: float | None = None) -> Job | None:
        """Return the job of this kind about this subject, finished or not. Raises StorageUnavailable."""
        look = partial(job_queue.find, list_id=list_id, kind=kind, subject_id=subject_id)
        return self._database.read(look, deadline)

    def begin(
        self,
        list_id: int,
        kind: str,
        subject_id: int,
        prepare: Callable[[Transaction], Mapping[str, Any] | None],
        deadline: float | None,
        then: Callable[[], None] | None = None,
    ) -> Job | None:
        """Begin a job and work at it until it is done, CALL_ROWS are handled or `deadline` is near; return it.

        `prepare(transaction)` returns the first state, in the transaction that adds the job; None: there is nothing to
        begin. `then()` is called once the job is there, or was already. The rest is done in the background. Raises
        StorageUnavailable and OutcomeUnknown before the job is stored, never after, and what `then` raises.
        """
        deadline = deadline or time.monotonic() + REQUEST_SECONDS
        token, job_id, now = new_token(), self._new_id(deadline), self._now()

        def work(transaction: Transaction) -> Job | None:
            state = prepare(transaction)
            if state is None:
                return None
            job = Job(list_id, job_id, kind, subject_id, state, 0, now, now)
            job_queue.add(transaction, job, token, now + LEASE_MS)
            return job

        job = self._database.write(work, deadline, list_id)
        if then is not None:
            then()
        return None if job is None else self._work_within(self._claimed(job, token), deadline)

    def claim(self, job: Job, deadline: float | None = None) -> LeasedJob | None:
        """Claim a free job, due or not; return None if another process has it. Raises StorageUnavailable, OutcomeUnknown."""
        return self._take(job.list_id, job.id, is_early=True, deadline=deadline)

    def wake(self) -> None:
        """Have this process search for free jobs, in the background."""
        if not self._closing.is_set() and (self._worker is None or self._worker.dead):
            self._worker = gevent.spawn(self._work_in_background)

    def serve(self) -> None:
        """Search for jobs now and every LOOK_SECONDS: for a process that serves."""
        if self._server is None:
            self._server = gevent.spawn(self._look_again_and_again)

    def close(self) -> None:
        """Stop after the step in progress. Another process continues the job."""
        self._closing.set()
        if self._server is not None:
            self._server.kill()
        if self._worker is not None:
            self._worker.join(STEP_SECONDS)

    def _look_again_and_again(self) -> None:
        while True:
            try:
                self._witness.note()
                self._purge.purge()
                do_at_head(self._database)
            except (StorageUnavailable, OutcomeUnknown) as failure:
                _log.warning(
                    "the time is not written down, or old changes are kept: %s", type(failure).__name__
                )
            self.wake()
            gevent.sleep(LOOK_SECONDS)

    def _work_within(self, claimed: LeasedJob, deadline: float) -> Job:
        """Do steps that a call's client waits for; return the job after them."""
        try:
            while claimed.is_open and claimed.job.rows < CALL_ROWS and _has_time(deadline):
                claimed.step(deadline, CALL_STEP_ROWS)
                claimed.throttle(CALL_PAUSE)
            if claimed.is_open:
                claimed.release(deadline=deadline)
        except Exception as failure:  # noqa: BLE001  the job is stored, and the background continues it
            claimed.record_failure(failure)
        self.wake()
        return claimed.job

    def _work_in_background(self) -> None:
        try:
            while not self._closing.is_set() and self._work_at_due():
                pass
        except (StorageUnavailable, OutcomeUnknown) as failure:
            _log.warning("jobs cannot be looked for: %s", type(failure).__name__)

    def _work_at_due(self) -> bool:
        """Work at due jobs; return whether anything was done. Kinds of a newer Tracker's are left to its instances."""
        done = [worked for among in in_each_shard(self._database, self._work_among) for worked in among]
        return any(done)

    def _work_among(self, among: Among) -> list[bool]:
        kinds = self._kinds.keys()
        look = partial(job_queue.due, now=self._now(), most=LOOKED_UP, kinds=kinds, among=among)
        return [self._work_at(list_id, job_id) for list_id, job_id in self._database.read(look)]

    def _work_at(self, list_id: int, job_id: int) -> bool:
        if self._closing.is_set() or (claimed := self._take(list_id, job_id)) is None:
            return False
        try:
            while claimed.is_open and not self._closing.is_set():
                claimed.step()
                claimed.throttle(BACKGROUND_PAUSE)
            if claimed.is_open:
                claimed.release()
        except Exception as failure:  # noqa: BLE001  the other jobs are not at fault
            claimed.record_failure(failure)
            return False
        return True

    def _take(
        self, list_id: int, job_id: int, is_early: bool = False, deadline: float | None = None
    ) -> LeasedJob | None:
        token, now = new_token(), self._now()
        take = partial(
            job_queue.claim, list_id=list_id, job_id=job_id, claim=token, now=now, is_early=is_early
        )
        job = self._database.write(take, deadline, list_id)
        return None if job is None else self._claimed(job, token)

    def _claimed(self, job: Job, token: bytes) -> LeasedJob:
        return LeasedJob(self._database, self._kinds, job, token, self._now)


def _has_time(deadline: float) -> bool:
    return time.monotonic() < deadline - ANSWER_SECONDS
