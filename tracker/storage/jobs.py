"""What waits to be written, who applies it, and how does its sender learn what became of it?"""

from __future__ import annotations

import time
from typing import Any, Protocol

import gevent
from gevent.event import AsyncResult

from tracker.storage.failures import OutcomeUnknown, StorageUnavailable
from tracker.storage.transaction import Transaction


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
