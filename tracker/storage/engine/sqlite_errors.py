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
#: Errors of a COMMIT whose last page was not written, or went into a file that is no longer the database.
ROLLED_BACK = (*BUSY, apsw.FullError, apsw.ConstraintError, apsw.ReadOnlyError, IncompatibleDatabase)


def error_kind(failure: BaseException) -> ErrorKind:
    """Return what a failure means outside COMMIT: the first of its causes that decides."""
    for cause in causes(failure):
        if isinstance(cause, (*BUSY, Conflict)):
            return ErrorKind.RETRY
        if isinstance(cause, UNAVAILABLE):
            return ErrorKind.UNAVAILABLE
    return ErrorKind.PERMANENT


def has_rolled_back(failure: BaseException) -> bool:
    """Return whether a COMMIT that failed with this error has certainly stored nothing. Its causes say nothing about that.

    The last page of a transaction marks it as complete: where there was no room for that page, or it could not be
    written, the transaction is not. When the sync fails, or the log's index cannot grow, that page is in the log. This
    process continues without it, but after a kill the log is read anew, and then the transaction is there.
    """
    is_failed_write = getattr(failure, "extendedresult", None) == apsw.SQLITE_IOERR_WRITE
    return is_failed_write or isinstance(failure, ROLLED_BACK)


def is_duplicate_key(failure: BaseException) -> bool:
    return any(isinstance(c, (apsw.ConstraintError, peewee.IntegrityError)) for c in causes(failure))
