"""Refusals: reasons of stored state for which a write to a subscriber or field changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TypeVar

from tracker.storage.engine.transaction import Transaction

T = TypeVar("T")
#: A callback that runs in the transaction of a write that was not refused; it gets the id of the row.
After = Callable[[Transaction, int], None]


class Refusal(Enum):
    """The reason of a refusal."""

    GONE = "there is no such row"
    EMAIL_TAKEN = "another subscriber has this address"
    EXTERNAL_ID_TAKEN = "another subscriber has this external id"
    IS_NOBODY = "neither an address nor an external id would be left"
    ALIAS_TAKEN = "another field has this alias"
    HAS_UNIQUE = "another field is the unique identifier"
    TOO_MANY = "the list has as many fields as it may"


class Refused(Exception):
    """A write was refused, and nothing was written."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


def unwrap(outcome: T | Refusal) -> T:
    """Return a transaction's outcome, or raise Refused. Raised inside, it would roll back the neighbours in the group too."""
    if isinstance(outcome, Refusal):
        raise Refused(outcome)
    return outcome
