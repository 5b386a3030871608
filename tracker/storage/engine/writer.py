"""When is a write safe? One writer per process commits what is waiting as a group and answers after the commit."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event

from tracker.errors import StorageUnavailable
from tracker.storage.engine.engine_protocol import Engine
from tracker.storage.engine.error_kinds import ErrorKind, IncompatibleDatabase
from tracker.storage.engine.group_commit import GroupCommit
from tracker.storage.engine.write_connection import RECONNECT_PAUSE, WriteConnection, yield_to_others
from tracker.storage.engine.write_queue import Handler, WriteRequest

#: Rows committed together, unless one item has more: bounds how long one group holds the write lock.
GROUP_SIZE = 500
#: Rows waiting at most; what comes when there are more is refused. About as many as are written before the deadline of
#: the last: 32 clients that send full batches at once, all to one process, are not refused.
QUEUE_SIZE = 40_000


class Writer:
    """All writes of a process, in the order they came. `open_connection()` gives a checked peewee database."""

    def __init__(self, engine: Engine, open_connection: Callable[[], Any]) -> None:
        self._connection = WriteConnection(engine, open_connection)
        self._queue: deque[WriteRequest] = deque()
        self._queued_size = 0
        self._has_work = Event()
        self._greenlet: gevent.Greenlet | None = None
        self._is_in_group = False

    def submit(self, handler: Handler, item: Any, deadline: float, size: int = 1) -> Any:
        if self._queued_size >= QUEUE_SIZE:
            raise StorageUnavailable("too many writes are waiting")
        job = WriteRequest(handler, item, deadline, size)
        self._queue.append(job)
        self._queued_size += size
        if self._greenlet is None or self._greenlet.dead:
            self._greenlet = gevent.spawn(self._serve)
        self._has_work.set()
        return job.wait()

    def close(self) -> None:
        """Commit what somebody waits for, then close the connection."""
        while self._is_needed() and self._greenlet is not None and not self._greenlet.dead:
            yield_to_others()
        if self._greenlet is not None:
            self._greenlet.kill()
        self._connection.close()

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
            self._connection.rollback()

    def _commit(self, jobs: list[WriteRequest]) -> None:
        """A fault of ours must not leave callers waiting, nor the lock taken."""
        self._is_in_group = True
        try:
            GroupCommit(self._connection, jobs).commit()
        except Exception as failure:  # noqa: BLE001  the callers learn of it
            self._connection.close()
            for job in jobs:
                job.settle(failure)
        finally:
            self._is_in_group = False
        self._connection.checkpoint()

    def _take_lock(self) -> bool:
        """Open the transaction before taking jobs: what arrives while we wait for the lock joins the group."""
        try:
            if self._connection.begin():
                return True
            yield_to_others()
        except Exception as failure:  # noqa: BLE001  the jobs stay queued: a restart may be over before their deadlines
            self._connection.close()
            if self._is_lasting(failure):
                self._settle_all(failure)
            self._drop_abandoned()
            gevent.sleep(RECONNECT_PAUSE)
        return False

    def _drop_abandoned(self) -> None:
        """What nobody waits for any more is no reason to go on trying to reach a database that is away."""
        while self._queue and self._queue[0].is_taken:
            self._next_job()

    def _is_lasting(self, failure: Exception) -> bool:
        """Whether waiting is of no use: a fault of ours, or a database that somebody has to put right first."""
        if isinstance(failure, StorageUnavailable):
            return isinstance(failure, IncompatibleDatabase)
        return self._connection.trouble(failure) is ErrorKind.PERMANENT

    def _take_jobs(self) -> list[WriteRequest]:
        """The first jobs of one handler that somebody still waits for."""
        jobs: list[WriteRequest] = []
        room = GROUP_SIZE
        while self._queue and room > 0 and (not jobs or self._queue[0].handler is jobs[0].handler):
            job = self._next_job()
            if not job.is_taken:
                job.is_taken = True
                jobs.append(job)
                room -= job.size
        return jobs

    def _next_job(self) -> WriteRequest:
        job = self._queue.popleft()
        self._queued_size -= job.size
        return job

    def _settle_all(self, failure: BaseException) -> None:
        while self._queue:
            self._next_job().settle(failure)
