"""Writer: one greenlet of a process that commits all waiting writes as a group and answers them after the commit."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

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
#: Rows that may wait; a write beyond them is refused (backpressure). About as many as are written before the deadline
#: of the last: 32 clients that send full batches at once, all to one process, are not refused.
QUEUE_SIZE = 40_000


class QueueLength(NamedTuple):
    """Requests that wait, the rows they stand for, and requests in the transaction that is open."""

    waiting: int
    rows: int
    in_flight: int


NOTHING_QUEUED = QueueLength(0, 0, 0)


class Writer:
    """All writes of a process, in the order they came. `open_connection()` returns a verified peewee database.

    `on_commit(seconds)` is told how long each group took, all its tries included.
    """

    def __init__(
        self,
        engine: Engine,
        open_connection: Callable[[], Any],
        on_commit: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        self._connection = WriteConnection(engine, open_connection)
        self._queue: deque[WriteRequest] = deque()
        self._queued_size = 0
        self._has_work = Event()
        self._greenlet: gevent.Greenlet | None = None
        self._in_flight = 0
        self._on_commit = on_commit

    @property
    def length(self) -> QueueLength:
        return QueueLength(len(self._queue), self._queued_size, self._in_flight)

    def submit(self, handler: Handler, item: Any, deadline: float, size: int = 1) -> Any:
        """Queue an item and wait for its result.

        Raises StorageUnavailable when the queue is full, and whatever the write raises.
        """
        if self._queued_size >= QUEUE_SIZE:
            raise StorageUnavailable("too many writes are waiting")
        request = WriteRequest(handler, item, deadline, size)
        self._queue.append(request)
        self._queued_size += size
        if self._greenlet is None or self._greenlet.dead:
            self._greenlet = gevent.spawn(self._serve)
        self._has_work.set()
        return request.wait()

    def close(self) -> None:
        """Commit the requests that are still waited for, then close the connection."""
        while self._is_needed() and self._greenlet is not None and not self._greenlet.dead:
            yield_to_others()
        if self._greenlet is not None:
            self._greenlet.kill()
        self._connection.close()

    def _is_needed(self) -> bool:
        return self._in_flight > 0 or any(not request.is_taken for request in self._queue)

    def _serve(self) -> None:
        while True:
            self._has_work.wait()
            self._has_work.clear()
            while self._queue:
                self._write_group()

    def _write_group(self) -> None:
        if not self._take_lock():
            return
        requests = self._take_requests()
        if requests:
            self._commit(requests)
        else:
            self._connection.rollback()

    def _commit(self, requests: list[WriteRequest]) -> None:
        """Commit a group. An unexpected failure must not leave callers waiting, nor the lock taken."""
        self._in_flight, began = len(requests), time.perf_counter()
        try:
            GroupCommit(self._connection, requests).commit()
        except Exception as failure:  # noqa: BLE001  the callers learn of it
            self._connection.close()
            for request in requests:
                request.finish(failure)
        finally:
            self._in_flight = 0
        self._on_commit(time.perf_counter() - began)
        self._connection.checkpoint()

    def _take_lock(self) -> bool:
        """Open the transaction before taking requests: those that arrive while it waits for the lock join the group."""
        try:
            if self._connection.begin():
                return True
            yield_to_others()
        except Exception as failure:  # noqa: BLE001  the requests stay queued: a restart may be over before their deadlines
            self._connection.close()
            if self._is_lasting(failure):
                self._fail_all(failure)
            self._drop_abandoned()
            gevent.sleep(RECONNECT_PAUSE)
        return False

    def _drop_abandoned(self) -> None:
        """Drop requests whose deadline has passed: they are no reason to try to reach a database that is away."""
        while self._queue and self._queue[0].is_taken:
            self._next_request()

    def _is_lasting(self, failure: Exception) -> bool:
        """Return whether waiting is of no use: a fault of Tracker, or a database that an operator has to repair first."""
        if isinstance(failure, StorageUnavailable):
            return isinstance(failure, IncompatibleDatabase)
        return self._connection.error_kind(failure) is ErrorKind.PERMANENT

    def _take_requests(self) -> list[WriteRequest]:
        """Return the first requests of one handler that are still waited for."""
        requests: list[WriteRequest] = []
        room = GROUP_SIZE
        while self._queue and room > 0 and (not requests or self._queue[0].handler is requests[0].handler):
            request = self._next_request()
            if not request.is_taken:
                request.is_taken = True
                requests.append(request)
                room -= request.size
        return requests

    def _next_request(self) -> WriteRequest:
        request = self._queue.popleft()
        self._queued_size -= request.size
        return request

    def _fail_all(self, failure: BaseException) -> None:
        while self._queue:
            self._next_request().finish(failure)
