"""Exclusive access: a database file that nobody has open, by the locks that SQLite itself takes.

Whoever has a file with a write-ahead log open holds a part of it locked all the while, whether it reads, writes or does
nothing. So no file of ours says that a Tracker is running, which a crash would leave behind.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from tracker.storage.engine.error_kinds import IncompatibleDatabase
from tracker.storage.engine.log_stamp import refuse_foreign_log
from tracker.storage.engine.sqlite_file import has_log

#: Where in a file SQLite locks: who has it open holds some of these bytes.
_LOCKED_FROM, _LOCKED_BYTES = 0x40000002, 510
#: A file that cannot be made whole by opening it.
_DAMAGED = (apsw.CorruptError, apsw.NotADBError, IncompatibleDatabase)


class StillOpen(Exception):
    """Somebody has the file open. The text is one line that says so."""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """The file is whole without its log, unless it is damaged, and nobody opens it meanwhile. Raises StillOpen."""
    if not path.exists():
        yield
        return
    is_whole = _fold_log(path)
    opened = os.open(path, os.O_RDWR)
    try:
        _lock(opened, path)
        if is_whole and has_log(path):
            raise _open_elsewhere(path)
        yield
    finally:
        os.close(opened)


def _fold_log(path: Path) -> bool:
    """Copy the log into the file; False if that cannot be done for what is in them."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        refuse_foreign_log(connection, path)
        connection.pragma("locking_mode", "EXCLUSIVE")
        connection.execute("BEGIN IMMEDIATE; COMMIT")
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    except apsw.BusyError:
        raise _open_elsewhere(path) from None
    except _DAMAGED:
        return False
    finally:
        connection.close()
    return True


def _lock(opened: int, path: Path) -> None:
    try:
        fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCKED_BYTES, _LOCKED_FROM)
    except OSError:
        raise _open_elsewhere(path) from None


def _open_elsewhere(path: Path) -> StillOpen:
    return StillOpen(f"somebody has {path} open: stop Tracker, and whatever else reads it, first")
