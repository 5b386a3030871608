"""Memory budget (backpressure): bounds the bytes of unanswered requests of a process; the largest is refused beyond it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

#: Bytes of heads and bodies that are arriving, queueing or being answered: 64 of the largest batches, of which four are
#: worked on at once (`large_bodies.py`), or a thousand times the largest single event.
MAX_BYTES = 64 * 1024 * 1024
#: Bytes that a request may always have: an event of the usual size is not refused because of others' bodies.
SMALL_BYTES = 4 * 1024


class OverBudget(Exception):
    """The budget has no room for the rest of this request. Nothing of it was stored."""


class Holder(Protocol):
    """A connection with an unanswered request. `held` are the bytes of it that have arrived."""

    held: int

    def refuse(self, failure: Exception) -> None:
        """Make the connection raise `failure` where it waits for more of its request."""


class Budget:
    """The bytes of all requests of a process that have begun and are not answered yet."""

    def __init__(self, most: int = MAX_BYTES) -> None:
        self.most, self.taken = most, 0

    def take(self, holder: Holder, size: int, unfinished: Collection[Holder]) -> None:
        """Count `size` more bytes. Beyond the budget the largest unfinished request is refused, whichever grew."""
        holder.held += size
        self.taken += size
        if self.taken > self.most and unfinished:
            largest = max(unfinished, key=lambda other: other.held)
            if largest.held > SMALL_BYTES:
                self.give_back(largest)
                largest.refuse(OverBudget())

    def give_back(self, holder: Holder) -> None:
        """Give back the bytes of a request that is answered, or will not be."""
        self.taken -= holder.held
        holder.held = 0
