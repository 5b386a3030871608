"""Why was a write refused, by what is stored already? Nothing was written then."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TypeVar

from tracker.storage.engine.transaction import Transaction

T = TypeVar("T")
#: What goes into the transaction of a write that was not refused; it is given the id of the row.
After = Callable[[Transaction, int], None]


class Refusal(Enum):
    """What stands in the way."""

    GONE = "there is no such row"
    EMAIL_TAKEN = "another subscriber has this address"
    EXTERNAL_ID_TAKEN = "another subscriber has this external id"
    IS_NOBODY = "neither an address nor an external id would be left"
    ALIAS_TAKEN = "another field has this alias"
    HAS_UNIQUE = "another field is the unique identifier"
    TOO_MANY = "the list has as many fields as it may"


class Refused(Exception):
    """Nothing was written."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


def settled(outcome: T | Refusal) -> T:
    """What a transaction came to; raises Refused. Raised after it, for a failure inside would undo its neighbours too."""
    if isinstance(outcome, Refusal):
        raise Refused(outcome)
    return outcome
