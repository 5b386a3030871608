"""Log stamp: a number in the header of a database file that says to which file a write-ahead log belongs.

SQLite replays a log over whatever file has the right name. A backup copied over a database whose log was left by a
crash becomes a mixture of both. So each start stamps the file (`application_id`), each backup gets its own stamp, and a
small file beside the database lists the stamps that the log may belong to. If there is a log and the file bears none of
these stamps, nothing is opened.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import apsw

from tracker.storage.engine.error_kinds import IncompatibleDatabase
from tracker.storage.engine.sqlite_file import DatabaseFile, beside, has_log

#: Offset and length of the stamp in a file.
_OFFSET, _BYTES = 68, 4
STAMPS = "-stamp"
#: Milliseconds for which a new stamp waits for other connections to release the log. After that it is copied into the
#: file with their next checkpoint.
_WAIT_MS = 500


class StampedFile(DatabaseFile):
    """A database file whose log cannot be taken for another file's."""

    def renew_stamp(self, database: Any) -> None:
        """Stamp the file anew after an upgrade: copies made until now are other files."""
        _renew(database.connection(), self.path)


def new_stamp() -> int:
    """Return a random stamp, 1 to 2^31 - 1."""
    return secrets.randbelow(2**31 - 1) + 1


def refuse_foreign_log(connection: apsw.Connection, path: Path) -> None:
    """Raise IncompatibleDatabase if the log beside the file belongs to another file.

    Call it before the first statement, which would replay the log.
    """
    known = _read(path)
    if not known or _in_file(connection) in known:
        return
    if not has_log(path):  # the file was replaced while no process had it open: the next log will be its own
        beside(path, STAMPS).unlink(missing_ok=True)
    else:
        raise IncompatibleDatabase(
            f"{beside(path, '-wal')} belongs to another file than {path}, which it would destroy, so nothing was opened:"
            " go back to a backup with 'tracker db restore FILE', not by copying it"
        )


def _renew(connection: apsw.Connection, path: Path) -> None:
    """Give the file another stamp, so that a copy made before is known to be another file.

    Every stamp that the file may bear from now on is written down first: its own, the one in the log, and the new one.
    """
    connection.set_busy_timeout(60_000)
    stamp = new_stamp()
    connection.execute("BEGIN IMMEDIATE")
    try:
        _write(path, {_in_file(connection), int(connection.pragma("application_id")), stamp})
        connection.execute(f"PRAGMA application_id = {stamp}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    connection.set_busy_timeout(_WAIT_MS)
    with suppress(apsw.BusyError):
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        _forget_others(connection, path)


def _forget_others(connection: apsw.Connection, path: Path) -> None:
    """Drop the other stamps, only under the write lock: another process may be about to add its own."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        stamp = _in_file(connection)
        if stamp == connection.pragma("application_id"):
            _write(path, {stamp})
    finally:
        connection.execute("ROLLBACK")


def _in_file(connection: apsw.Connection) -> int:
    """Return the stamp in the file itself, whatever its log has."""
    return int.from_bytes(connection.read("main", 0, _OFFSET, _BYTES)[1], "big")


def _read(path: Path) -> set[int]:
    with suppress(FileNotFoundError, ValueError):
        return {int(line) for line in beside(path, STAMPS).read_text().split()}
    return set()


def _write(path: Path, stamps: Iterable[int]) -> None:
    """Replace the list of stamps atomically, on the disk before the file can bear one of them."""
    handle, name = tempfile.mkstemp(".making", f"{path.name}{STAMPS}.", path.parent)
    with os.fdopen(handle, "w") as file:
        file.write("".join(f"{stamp}\n" for stamp in sorted(stamps)))
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(beside(path, STAMPS))
