"""Lease of a job: steps of the one process that has claimed it, each in a transaction of its own."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import gevent

from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage import job_queue
from tracker.storage.engine import Database, Transaction, run_each
from tracker.storage.job_queue import CLEAN_FROM, LEASE_MS, Job, Step
from tracker.storage.shards import do_at_head

#: A kind of job: `step(transaction, job, now, most)` handles at most `most` rows, and can be run again after a
#: rollback.
Kind = Callable[[Transaction, Job, int, int], Step]

#: Rows of one step in the background: bounds how long it delays events (docs/performance.md).
STEP_ROWS = 100
#: Seconds a background step may take; milliseconds until a job whose step failed is tried again (backoff).
STEP_SECONDS, RETRY_MS = 10.0, 60_000
#: Milliseconds until scrubbing is tried again while a reader needs the write-ahead log.
CLEAN_WAIT_MS = 2_000

_log = logging.getLogger("tracker.jobs")


def new_token() -> bytes:
    """Return a random token that identifies a claim."""
    return os.urandom(16)


class LeasedJob:
    """A job that `token` has claimed. `job` is its last known state, `is_open` says whether a step can be done now."""

    def __init__(
        self,
        database: Database,
        kinds: Mapping[str, Kind],
        job: Job,
        token: bytes,
        now: Callable[[], int],
    ) -> None:
        self._database, self._kinds, self._token, self._now = database, kinds, token, now
        self.job, self.is_open = job, True
        self._took = 0.0

    def step(self, deadline: float | None = None, most: int = STEP_ROWS) -> None:
        """Do one step of at most `most` rows.

        A job that another process has claimed meanwhile is no longer open, nor one that waits for readers of the log.
        Raises StorageUnavailable, OutcomeUnknown.
        """
        started = time.monotonic()
        first = self.job.state.get(CLEAN_FROM)
        if first is not None and not self._database.clean(first):
            self.release(self._now() + CLEAN_WAIT_MS, deadline)
            self.is_open = False
            return
        until = deadline or started + STEP_SECONDS
        stepped: tuple[Job, bool] | None = self._database.submit(
            run_each, partial(self._one, most=most), until, most, self.job.list_id
        )
        if self._database.shards > 1:
            do_at_head(self._database, self.job.list_id)
        self._took = time.monotonic() - started
        self.job, self.is_open = stepped or (self.job, False)

    def throttle(self, share: float) -> None:
        """Pause for a share of the time that the last step took, so that events go first."""
        gevent.sleep(self._took * share)

    def release(self, due_at: int | None = None, deadline: float | None = None) -> None:
        """Release the claim, from `due_at` or now on. Raises StorageUnavailable, OutcomeUnknown."""
        release = partial(job_queue.release, job=self.job, claim=self._token, due_at=due_at or self._now())
        self._database.write(release, deadline, self.job.list_id)

    def record_failure(self, failure: Exception) -> None:
        """Log a failed step and schedule the next try; the next claim finds the job as it was committed."""
        about = (self.job.id, self.job.list_id, self.job.kind, type(failure).__name__)
        if isinstance(failure, (StorageUnavailable, OutcomeUnknown)):
            _log.warning("job %d of list %d (%s) waits: %s", *about)
            return
        _log.error("job %d of list %d (%s) failed, and is tried again: %s", *about)
        try:
            self.release(self._now() + RETRY_MS)
        except (StorageUnavailable, OutcomeUnknown) as trouble:
            self.record_failure(trouble)

    def _one(self, transaction: Transaction, most: int) -> tuple[Job, bool] | None:
        job = job_queue.hold(transaction, self.job.list_id, self.job.id, self._token)
        if job is None:
            return None
        now = self._now()
        done = self._kinds[job.kind](transaction, job, now, most)
        finished_at = now if done.is_finished else None
        after = replace(
            job, state=done.state, rows=job.rows + done.rows, updated_at=now, finished_at=finished_at
        )
        is_open = not done.is_finished and done.again_at is None
        job_queue.keep(transaction, after, done.again_at or now + LEASE_MS, is_claimed=is_open)
        return after, is_open
