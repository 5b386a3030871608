"""When is a write safe? One writer per process commits what is waiting as a group and answers after the commit."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import gevent
from gevent.event import AsyncResult, Event

from tracker.storage.failures import OutcomeUnknown, StorageUnavailable, Trouble
from tracker.storage.transaction import Transaction

#: Rows committed together, unless one item has more: bounds how long one group holds the write lock.
GROUP_SIZE = 500
#: Rows waiting at most; what comes when there are more is refused.
QUEUE_SIZE = 10_000
#: Tries of one group after a deadlock or a lost race, each after a random pause.
MOST_TRIES = 10
#: Seconds: how long a worker with nothing else to do naps between tries for the write lock (measured against others:
#: docs/decisions/storage-layout.md), and the pause before a server is tried again.
LOCK_NAP, RECONNECT_PAUSE = 0.00005, 0.05


class Handler(Protocol):
    """Applies items in one transaction: one result an item, or an exception in its place (that item stored nothing).

    It may be called again for the same items after a rollback. A handler with `was_committed(transaction, items)`
    can tell after a lost reply to COMMIT whether the group is there; one with `committed()` is told of each commit.
    """

    def __call__(self, transaction: Transaction, items: list[Any]) -> list[Any]: ...


class Job:
    """One item on its way. `size` is the number of rows it stands for."""

    __slots__ = ("_outcome", "deadline", "handler", "is_taken", "item", "size")

    def __init__(self, handler: Handler, item: Any, deadline: float, size: int) -> None:
        self.handler, self.item, self.deadline, self.size = handler, item, deadline, size
        self.is_taken = False
        self._outcome: AsyncResult = AsyncResult()

    def settle(self, result: Any) -> None:
        """Hand over the result; the first one counts."""
        if self._outcome.ready():
            return
        if isinstance(result, BaseException):
            self._outcome.set_exception(result)
        else:
            self._outcome.set(result)

    def wait(self) -> Any:
        """The result. At the deadline: never handed to the database → unavailable, else → unknown."""
        try:
            return self._outcome.get(timeout=max(0.0, self.deadline - time.monotonic()))
        except gevent.Timeout:
            if self.is_taken:
                raise OutcomeUnknown("no reply to COMMIT within the deadline") from None
            self.is_taken = True  # nobody waits for it any more: the writer passes over it
            raise StorageUnavailable("the database could not be written to within the deadline") from None


class Writer:
    """The only writing connection of a process. `open_connection()` gives a checked peewee database."""

    def __init__(self, engine: Any, open_connection: Callable[[], Any]) -> None:
        self._engine, self._open = engine, open_connection
        self._queue: deque[Job] = deque()
        self._queued_size = 0
        self._has_work = Event()
        self._database: Any = None
        self._greenlet: gevent.Greenlet | None = None
        self._is_in_group = False

    def submit(self, handler: Handler, item: Any, deadline: float, size: int = 1) -> Any:
        if self._queued_size >= QUEUE_SIZE:
            raise StorageUnavailable("too many writes are waiting")
        job = Job(handler, item, deadline, size)
        self._queue.append(job)
        self._queued_size += size
        if self._greenlet is None or self._greenlet.dead:
            self._greenlet = gevent.spawn(self._serve)
        self._has_work.set()
        return job.wait()

    def close(self) -> None:
        """Commit what somebody waits for, then close the connection."""
        while self._is_needed() and self._greenlet is not None and not self._greenlet.dead:
            let_others_run()
        if self._greenlet is not None:
            self._greenlet.kill()
        self.disconnect()

    def _is_needed(self) -> bool:
        return self._is_in_group or any(not job.is_taken for job in self._queue)

    def _serve(self) -> None:
        while True:
            self._has_work.wait()
            self._has_work.clear()
            while self._queue:
                self._write_group()

    def _write_group(self) -> None:
        if not self._take_lock():
            return
        jobs = self._take_jobs()
        if jobs:
            self._commit(jobs)
        else:
            self.rollback()

    def _commit(self, jobs: list[Job]) -> None:
        """A fault of ours must not leave callers waiting, nor the lock taken."""
        self._is_in_group = True
        try:
            Group(self, jobs).commit()
        except Exception as failure:
            self.disconnect()
            for job in jobs:
                job.settle(failure)
        finally:
            self._is_in_group = False

    def _take_lock(self) -> bool:
        """Open the transaction before taking jobs: what arrives while we wait for the lock joins the group."""
        try:
            if self.begin():
                return True
            let_others_run()
        except Exception as failure:  # the jobs stay queued: a restart may be over before their deadlines
            self.disconnect()
            if (
                not isinstance(failure, StorageUnavailable)
                and self._engine.trouble(failure) is Trouble.PERMANENT
            ):
                self._settle_all(failure)
            gevent.sleep(RECONNECT_PAUSE)
        return False

    def begin(self) -> bool:
        if self._database is None:
            self._database = self._open()
        return self._engine.begin(self._database)  # type: ignore[no-any-return]

    def _take_jobs(self) -> list[Job]:
        """The first jobs of one handler that somebody still waits for."""
        jobs: list[Job] = []
        room = GROUP_SIZE
        while self._queue and room > 0 and (not jobs or self._queue[0].handler is jobs[0].handler):
            job = self._next_job()
            if not job.is_taken:
                job.is_taken = True
                jobs.append(job)
                room -= job.size
        return jobs

    def _next_job(self) -> Job:
        job = self._queue.popleft()
        self._queued_size -= job.size
        return job

    def _settle_all(self, failure: BaseException) -> None:
        while self._queue:
            self._next_job().settle(failure)

    def apply(self, jobs: list[Job]) -> list[Any]:
        transaction = Transaction(self._database, self._engine)
        return jobs[0].handler(transaction, [job.item for job in jobs])

    def was_committed(self, jobs: list[Job]) -> bool:
        """Whether an earlier attempt of this group is in the database; raises OutcomeUnknown if that cannot be told."""
        look = getattr(jobs[0].handler, "was_committed", None)
        if look is None:
            raise OutcomeUnknown("the reply to COMMIT was lost")
        return look(Transaction(self._database, self._engine), [job.item for job in jobs])  # type: ignore[no-any-return]

    def commit(self) -> None:
        self._engine.commit(self._database)

    def rollback(self) -> None:
        """End the transaction; a connection on which even that fails is given up, which ends it too."""
        try:
            self._engine.rollback(self._database)
        except Exception:
            self.disconnect()

    def disconnect(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()

    def is_commit_lost(self, failure: BaseException) -> bool:
        return not self._engine.is_commit_outcome_known(failure)

    def trouble(self, failure: BaseException) -> Trouble:
        return self._engine.trouble(failure)  # type: ignore[no-any-return]

    def is_duplicate_key(self, failure: BaseException) -> bool:
        return self._engine.is_duplicate_key(failure)  # type: ignore[no-any-return]


def let_others_run() -> None:
    """Serve other requests while another process holds the write lock. gevent's timers are too coarse for the nap."""
    started = time.perf_counter()
    gevent.sleep(0)
    if time.perf_counter() - started < LOCK_NAP:
        time.sleep(LOCK_NAP)


class Group:
    """The attempts to commit some jobs together. The first attempt runs in the transaction the writer has opened."""

    def __init__(self, writer: Writer, jobs: list[Job]) -> None:
        self._writer, self._jobs = writer, jobs
        self._uncertain: list[Any] | None = None  # results of an attempt whose COMMIT was not answered
        self._last_failure: Exception | None = None

    def commit(self) -> None:
        """Try until the jobs are settled."""
        for _ in range(MOST_TRIES):
            if self._attempt():
                return
            if not self.reopen():
                break
        self.give_up()

    def _attempt(self) -> bool:
        """Whether the jobs are settled; if not, it is worth trying again."""
        try:
            if self._uncertain is not None and self._writer.was_committed(self._jobs):
                self._writer.rollback()
                return self._settle(self._uncertain)
            results = self._writer.apply(self._jobs)
        except Exception as failure:
            return self._after_failure(failure)
        return self._finish(results)

    def _finish(self, results: list[Any]) -> bool:
        try:
            self._writer.commit()
        except Exception as failure:
            if not self._writer.is_commit_lost(failure):
                return self._after_failure(failure)
            self._uncertain = results
            self._writer.disconnect()  # no new group is sent on a connection whose COMMIT is open
            return False
        if committed := getattr(self._jobs[0].handler, "committed", None):
            committed()
        return self._settle(results)

    def _settle(self, results: list[Any]) -> bool:
        for job, result in zip(self._jobs, results, strict=True):
            job.settle(result)
        return True

    def _after_failure(self, failure: Exception) -> bool:
        self._writer.rollback()
        self._last_failure = failure
        trouble = self._writer.trouble(failure)
        if trouble is Trouble.LOST:
            self._writer.disconnect()
            return False
        if trouble is Trouble.RETRY:
            gevent.sleep(random.uniform(0.001, 0.02))  # noqa: S311 - jitter, not a secret
            return False
        if trouble is Trouble.UNAVAILABLE or isinstance(failure, (StorageUnavailable, OutcomeUnknown)):
            return self._settle([_as_unavailable(failure)] * len(self._jobs))
        return self._one_by_one(failure)

    def _one_by_one(self, failure: Exception) -> bool:
        """Commit each job alone: the one at fault fails alone, its neighbours are stored."""
        if len(self._jobs) == 1:
            return self._settle([failure])
        for job in self._jobs:
            alone = Group(self._writer, [job])
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
                if self._writer.begin():
                    return True
                let_others_run()
            except Exception as failure:
                self._last_failure = failure
                self._writer.disconnect()
                gevent.sleep(RECONNECT_PAUSE)
        return False

    def give_up(self) -> None:
        if self._uncertain is not None:
            self._settle([OutcomeUnknown("the reply to COMMIT was lost")] * len(self._jobs))
        elif self._last_failure is not None and self._writer.is_duplicate_key(self._last_failure):
            self._settle([self._last_failure] * len(self._jobs))
        else:
            self._settle([StorageUnavailable(f"gave up: {self._last_failure}")] * len(self._jobs))


def _as_unavailable(failure: Exception) -> Exception:
    is_told = isinstance(failure, (StorageUnavailable, OutcomeUnknown))
    return failure if is_told else StorageUnavailable(str(failure))
