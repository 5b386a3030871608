"""Error kinds: what a database error means for the write path, in the few kinds it can act on."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from tracker.errors import StorageUnavailable


class ErrorKind(Enum):
    """What a driver's error means for the transaction it hit."""

    RETRY = "rolled back, may succeed at once: deadlock, lock wait, a lost race for a unique key"
    LOST = "the connection is gone before COMMIT was sent: certainly rolled back"
    UNAVAILABLE = "rolled back: no space, read-only, input/output error"
    UNKNOWN = "rolled back for an unknown reason: unavailable, but perhaps to one of several only"
    PERMANENT = "rolled back, and would be again: the statement or its values are at fault"


class Conflict(Exception):
    """Another process changed the rows that this transaction was planned from (optimistic locking): plan it again."""


class IncompatibleDatabase(StorageUnavailable):
    """The server or file cannot keep the promise (weak durability, broken version, wrong schema). The text is one line."""


def causes(failure: BaseException) -> Iterator[BaseException]:
    """Yield `failure` and the exceptions it was raised from: peewee hides SQLITE_FULL behind a failed rollback's context."""
    seen: BaseException | None = failure
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
