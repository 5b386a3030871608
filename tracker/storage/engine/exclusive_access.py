"""Exclusive access to a database file that no process has open, tested with the byte locks that SQLite itself takes.

A connection to a file with a write-ahead log locks part of the file as long as it is open, whether it reads, writes or
idles. So no pid file says that a Tracker runs, which a crash would leave behind.
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

#: Offset and length of the bytes that SQLite locks: each process that has the file open holds some of them.
_LOCKED_FROM, _LOCKED_BYTES = 0x40000002, 510
#: Errors of a file that opening cannot recover.
_DAMAGED = (apsw.CorruptError, apsw.NotADBError, IncompatibleDatabase)


class StillOpen(Exception):
    """Another process has the file open. The text is one line that says so."""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the file exclusively, with its log copied into it unless it is damaged. Raises StillOpen."""
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
    """Checkpoint the write-ahead log into the file; return False if the file or the log is damaged."""
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
    return StillOpen(f"another process has {path} open: stop Tracker, and whatever else reads it, first")
