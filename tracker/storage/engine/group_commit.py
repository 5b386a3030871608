"""How often is a group of jobs tried, and what does each failure mean for it?"""

from __future__ import annotations

import random
import time
from typing import Any

import gevent

from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage.engine.error_kinds import ErrorKind
from tracker.storage.engine.write_connection import RECONNECT_PAUSE, WriteConnection, yield_to_others
from tracker.storage.engine.write_queue import WriteRequest

#: Tries of one group after a deadlock, a lost race or a COMMIT that was not answered. A connection that was lost before
#: is no try: until the deadline another one is looked for.
MAX_TRIES = 10


class GroupCommit:
    """The attempts to commit some jobs together. The first attempt runs in the transaction that is open."""

    def __init__(self, connection: WriteConnection, jobs: list[WriteRequest]) -> None:
        self._connection, self._jobs = connection, jobs
        self._uncertain: list[Any] | None = None  # results of an attempt whose COMMIT was not answered
        self._last_failure: Exception | None = None
        self._tries = self._losses = 0
        self._has_met_a_key = False

    def commit(self) -> None:
        """Try until the jobs are settled."""
        while self._tries < MAX_TRIES:
            if self._attempt():
                return
            if not self.reopen():
                break
        self.give_up()

    def _attempt(self) -> bool:
        """Whether the jobs are settled; if not, it is worth trying again."""
        try:
            if self._uncertain is not None and self._connection.was_committed(self._jobs):
                self._connection.rollback()
                return self._settle_committed(self._uncertain)
            results = self._connection.apply(self._jobs)
        except Exception as failure:  # noqa: BLE001  the engine says what it means
            return self._after_failure(failure)
        return self._finish(results)

    def _finish(self, results: list[Any]) -> bool:
        try:
            self._connection.commit()
        except Exception as failure:  # noqa: BLE001  the engine says what it means
            if not self._connection.is_commit_lost(failure):
                return self._after_failure(failure)
            self._uncertain = results
            self._tries += 1
            return self._lose()  # no new group is sent on a connection whose COMMIT is open
        return self._settle_committed(results)

    def _settle_committed(self, results: list[Any]) -> bool:
        if committed := getattr(self._jobs[0].handler, "committed", None):
            committed()
        return self._settle(results)

    def _settle(self, results: list[Any]) -> bool:
        for job, result in zip(self._jobs, results, strict=True):
            job.settle(result)
        return True

    def _after_failure(self, failure: Exception) -> bool:
        self._connection.rollback()
        self._last_failure = failure
        trouble = self._connection.trouble(failure)
        if trouble is ErrorKind.LOST:
            return self._lose()
        if trouble is ErrorKind.RETRY:
            self._tries += 1
            gevent.sleep(random.uniform(0.001, 0.02))  # noqa: S311 - jitter, not a secret
            return False
        if trouble in (ErrorKind.UNAVAILABLE, ErrorKind.UNKNOWN):
            self._connection.recheck_primary()
        if self._uncertain is not None:  # this try was rolled back; of the one before nobody knows
            return self._settle([OutcomeUnknown("the reply to COMMIT was lost")] * len(self._jobs))
        if trouble is ErrorKind.UNAVAILABLE or isinstance(failure, (StorageUnavailable, OutcomeUnknown)):
            return self._settle([_as_unavailable(failure)] * len(self._jobs))
        if len(self._jobs) == 1 and self._connection.is_duplicate_key(failure) and not self._has_met_a_key:
            self._has_met_a_key = True  # a second try can look for what is in the way of the first
            return False
        return self._one_by_one(_as_unavailable(failure) if trouble is ErrorKind.UNKNOWN else failure)

    def _lose(self) -> bool:
        """Give the connection up. The next one may be good at once; where it is not, there is a pause between them."""
        self._connection.close()
        self._losses += 1
        if self._losses > 1:
            gevent.sleep(RECONNECT_PAUSE)
        return False

    def _one_by_one(self, failure: Exception) -> bool:
        """Commit each job alone: the one at fault fails alone, its neighbours are stored."""
        if len(self._jobs) == 1:
            return self._settle([failure])
        for job in self._jobs:
            alone = GroupCommit(self._connection, [job])
            if alone.reopen():
                alone.commit()
            else:
                alone.give_up()
        return True

    def reopen(self) -> bool:
        """Open a transaction for another try; False when the last job's deadline has passed."""
        last = max(job.deadline for job in self._jobs)
        while time.monotonic() < last:
            try:
                if self._connection.begin():
                    return True
                yield_to_others()
            except Exception as failure:  # noqa: BLE001  until the deadline, whatever it is
                self._last_failure = failure
                self._connection.close()
                gevent.sleep(RECONNECT_PAUSE)
        return False

    def give_up(self) -> None:
        if self._uncertain is not None:
            self._settle([OutcomeUnknown("the reply to COMMIT was lost")] * len(self._jobs))
        elif self._last_failure is not None and self._connection.is_duplicate_key(self._last_failure):
            self._settle([self._last_failure] * len(self._jobs))
        else:
            self._settle([StorageUnavailable(f"gave up: {self._last_failure}")] * len(self._jobs))


def _as_unavailable(failure: Exception) -> Exception:
    is_told = isinstance(failure, (StorageUnavailable, OutcomeUnknown))
    return failure if is_told else StorageUnavailable(str(failure))
