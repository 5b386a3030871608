"""Errors of SQLite: what each means for the transaction that it hit."""

from __future__ import annotations

import apsw
import peewee

from tracker.storage.engine.error_kinds import Conflict, ErrorKind, IncompatibleDatabase, causes

BUSY = (apsw.BusyError, apsw.LockedError)
UNAVAILABLE = (
    apsw.FullError, apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.CorruptError, apsw.NotADBError, apsw.NoMemError,
    apsw.PermissionsError, apsw.ProtocolError,
)  # fmt: skip
#: Of a COMMIT: its last page was not written, or into a file that is not the database any more.
ROLLED_BACK = (*BUSY, apsw.FullError, apsw.ConstraintError, apsw.ReadOnlyError, IncompatibleDatabase)


def trouble(failure: BaseException) -> ErrorKind:
    """What a failure means outside COMMIT: the first of its causes that tells."""
    for cause in causes(failure):
        if isinstance(cause, (*BUSY, Conflict)):
            return ErrorKind.RETRY
        if isinstance(cause, UNAVAILABLE):
            return ErrorKind.UNAVAILABLE
    return ErrorKind.PERMANENT


def has_rolled_back(failure: BaseException) -> bool:
    """Whether a COMMIT that failed so has certainly stored nothing. What was met before it tells nothing.

    The last page of a transaction says that it is whole: where there was no room for it, or it could not be written, it
    is not. When it is the sync that fails, or the log's index that cannot grow, that page is in the log. This process
    goes on without it, but after a kill the log is read anew, and then the transaction is there.
    """
    is_failed_write = getattr(failure, "extendedresult", None) == apsw.SQLITE_IOERR_WRITE
    return is_failed_write or isinstance(failure, ROLLED_BACK)


def is_duplicate_key(failure: BaseException) -> bool:
    return any(isinstance(c, (apsw.ConstraintError, peewee.IntegrityError)) for c in causes(failure))
