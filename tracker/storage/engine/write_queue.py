"""Write queue: requests that wait for the writer, the handlers that apply them, and the way their outcome returns."""

from __future__ import annotations

import time
from typing import Any, Protocol

import gevent
from gevent.hub import Waiter

from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage.engine.transaction import Transaction


class Handler(Protocol):
    """Applies items in one transaction: returns one result an item, or an exception in its place (that item stored nothing).

    It may be called again for the same items after a rollback. A handler with `was_committed(transaction, items)` can
    find out after a lost reply to COMMIT whether the group is stored; one with `committed()` is called after each
    commit.
    """

    def __call__(self, transaction: Transaction, items: list[Any]) -> list[Any]: ...


class WriteRequest:
    """One item that waits to be written. `size` is the number of rows it stands for."""

    __slots__ = ("_outcome", "_waiter", "deadline", "handler", "is_done", "is_taken", "item", "size")

    def __init__(self, handler: Handler, item: Any, deadline: float, size: int) -> None:
        self.handler, self.item, self.deadline, self.size = handler, item, deadline, size
        self.is_taken = self.is_done = False
        self._outcome: Any = None
        self._waiter: Waiter | None = None

    def finish(self, result: Any) -> None:
        """Set the result and wake the waiting greenlet; the first result counts."""
        if self.is_done:
            return
        self._outcome, self.is_done = result, True
        if self._waiter is not None:
            gevent.get_hub().loop.run_callback(self._waiter.switch, None)

    def wait(self) -> Any:
        """Return the result, or raise it if it is an exception.

        At the deadline raises StorageUnavailable if the request never reached the database, else OutcomeUnknown.
        """
        if not self.is_done:
            self._sleep(max(0.0, self.deadline - time.monotonic()))
        if self.is_done:
            if isinstance(self._outcome, BaseException):
                raise self._outcome
            return self._outcome
        if self.is_taken:
            raise OutcomeUnknown("no reply to COMMIT within the deadline")
        self.is_taken = True  # abandoned: the writer skips it
        raise StorageUnavailable("the database could not be written to within the deadline")

    def _sleep(self, seconds: float) -> None:
        """Wait until there is a result or `seconds` have passed. gevent's AsyncResult with a Timeout costs 5 us more."""
        self._waiter = waiter = Waiter()
        timer = gevent.get_hub().loop.timer(seconds)
        timer.start(waiter.switch, None)
        try:
            waiter.get()
        finally:
            self._waiter = None
            timer.close()
