"""Memory budget: how many bytes of requests may be under way in this process, and who is refused beyond it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

#: Of heads and bodies that are arriving, waiting or being answered. 64 of the largest batches, of which four are worked
#: on at once (`large_bodies.py`), or a thousand times the largest single event.
MAX_BYTES = 64 * 1024 * 1024
#: As much as a request may always have: an event of the usual size is not refused because of others' bodies.
SMALL_BYTES = 4 * 1024


class OverBudget(Exception):
    """There is no memory for the rest of this request now. Nothing of it was stored."""


class Holder(Protocol):
    """A connection whose request is under way. `held` is how much of it is here."""

    held: int

    def refuse(self, failure: Exception) -> None:
        """Have it raise `failure` where it waits for more of its request."""


class Budget:
    """The bytes of all requests of a process that have begun and are not answered yet."""

    def __init__(self, most: int = MAX_BYTES) -> None:
        self.most, self.taken = most, 0

    def take(self, holder: Holder, size: int, unfinished: Collection[Holder]) -> None:
        """Note `size` more bytes. Beyond the budget the largest of the unfinished requests is refused, whoever grew."""
        holder.held += size
        self.taken += size
        if self.taken > self.most and unfinished:
            largest = max(unfinished, key=lambda other: other.held)
            if largest.held > SMALL_BYTES:
                self.give_back(largest)
                largest.refuse(OverBudget())

    def give_back(self, holder: Holder) -> None:
        """Its request is answered, or will not be."""
        self.taken -= holder.held
        holder.held = 0
