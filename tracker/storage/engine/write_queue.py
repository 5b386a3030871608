"""What waits to be written, who applies it, and how does its sender learn what became of it?"""

from __future__ import annotations

import time
from typing import Any, Protocol

import gevent
from gevent.hub import Waiter

from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage.engine.transaction import Transaction


class Handler(Protocol):
    """Applies items in one transaction: one result an item, or an exception in its place (that item stored nothing).

    It may be called again for the same items after a rollback. A handler with `was_committed(transaction, items)`
    can tell after a lost reply to COMMIT whether the group is there; one with `committed()` is told of each commit.
    """

    def __call__(self, transaction: Transaction, items: list[Any]) -> list[Any]: ...


class WriteRequest:
    """One item on its way. `size` is the number of rows it stands for."""

    __slots__ = ("_outcome", "_waiter", "deadline", "handler", "is_settled", "is_taken", "item", "size")

    def __init__(self, handler: Handler, item: Any, deadline: float, size: int) -> None:
        self.handler, self.item, self.deadline, self.size = handler, item, deadline, size
        self.is_taken = self.is_settled = False
        self._outcome: Any = None
        self._waiter: Waiter | None = None

    def settle(self, result: Any) -> None:
        """Hand over the result; the first one counts."""
        if self.is_settled:
            return
        self._outcome, self.is_settled = result, True
        if self._waiter is not None:
            gevent.get_hub().loop.run_callback(self._waiter.switch, None)

    def wait(self) -> Any:
        """The result; raises it if it is an exception. At the deadline: never handed to the database → unavailable, else
        → unknown.
        """
        if not self.is_settled:
            self._sleep(max(0.0, self.deadline - time.monotonic()))
        if self.is_settled:
            if isinstance(self._outcome, BaseException):
                raise self._outcome
            return self._outcome
        if self.is_taken:
            raise OutcomeUnknown("no reply to COMMIT within the deadline")
        self.is_taken = True  # nobody waits for it any more: the writer passes over it
        raise StorageUnavailable("the database could not be written to within the deadline")

    def _sleep(self, seconds: float) -> None:
        """Until it is settled or so many seconds have passed. gevent's AsyncResult with a Timeout costs 5 us more."""
        self._waiter = waiter = Waiter()
        timer = gevent.get_hub().loop.timer(seconds)
        timer.start(waiter.switch, None)
        try:
            waiter.get()
        finally:
            self._waiter = None
            timer.close()
