"""Database file: created once with access for its owner only, then the same file for as long as a process lives.

A file that was deleted or replaced still takes commits from every process that has it open, and those commits are lost.
So a process remembers the identity of the file it opened, checks before and after each commit that the path still leads
there, and creates a file only in an upgrade.
"""

from __future__ import annotations

import logging
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

from tracker.formats.database_url import DatabaseURL
from tracker.private_file import OWNERS_ONLY
from tracker.storage.engine.error_kinds import IncompatibleDatabase

#: (device, inode)
Identity = tuple[int, int]

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
#: Endings of the files that SQLite makes beside a database file, with its mode: the write-ahead log and the log's
#: index.
LOG, LOG_INDEX = "-wal", "-shm"
#: Bytes of a write-ahead log without pages.
_EMPTY_LOG = 32

_log = logging.getLogger("tracker.storage")


def beside(path: Path, ending: str) -> Path:
    """Return the path of the database's file with `ending` added to its name."""
    return path.with_name(path.name + ending)


def has_log(path: Path) -> bool:
    """Return whether a write-ahead log beside this path has pages."""
    with suppress(FileNotFoundError):
        return beside(path, LOG).stat().st_size > _EMPTY_LOG
    return False


def identity(path: Path) -> Identity | None:
    """Return (device, inode) of the file at this path; None if there is none."""
    with suppress(FileNotFoundError, NotADirectoryError):
        found = os.stat(path)
        return found.st_dev, found.st_ino
    return None


def identity_of(url: str) -> Identity | None:
    """Return the identity of the file that a database's URL leads to now; None if there is none yet, or for a server."""
    parsed = DatabaseURL.parse(url)
    return identity(parsed.path) if parsed.kind == "sqlite" else None


def sync_file(path: Path) -> None:
    """Write what is in a file to the disk."""
    opened = os.open(path, os.O_RDWR)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def sync_folder(folder: Path) -> None:
    """Write the names in a folder to the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


class DatabaseFile:
    """The database file at `path`, as one process knows it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._identity: Identity | None = None

    def make(self) -> None:
        """Create the file if there is none; withdraw others' right to read an existing one. Raises IncompatibleDatabase."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if identity(self.path) is not None:
            self._tighten()
            return
        self._refuse_missing()
        # With O_EXCL: to close a file that SQLite has open in this process would take its locks away.
        with suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, OWNERS_ONLY))

    def expect(self, found: Identity | None) -> None:
        """Take over the identity of the file from a process that opened it earlier."""
        self._identity = found or self._identity

    def verify(self) -> None:
        """Raise IncompatibleDatabase unless the path leads to the file opened first; without one, any file is taken."""
        found = identity(self.path)
        if found is not None and found == self._identity:
            return
        if self._identity is not None:
            what = "was deleted" if found is None else "was replaced"
            raise IncompatibleDatabase(
                f"the database file {self.path} {what} while Tracker had it open, so nothing is stored:"
                " stop Tracker, put the file back or go back to a backup ('tracker db restore'), and start it"
            )
        if found is None:
            self._refuse_missing()
            raise IncompatibleDatabase(f"there is no database {self.path}: run 'tracker db upgrade'")
        self._identity = found

    def _refuse_missing(self) -> None:
        if self._identity is not None:
            self.verify()
        if has_log(self.path):  # SQLite would delete it beside a new file, with every event in it
            raise IncompatibleDatabase(
                f"there is no database {self.path}, but its log {beside(self.path, LOG)} has events: put the file back,"
                " or go back to a backup ('tracker db restore')"
            )

    def _tighten(self) -> None:
        for path in (self.path, beside(self.path, LOG), beside(self.path, LOG_INDEX)):
            with suppress(FileNotFoundError):
                mode = path.stat().st_mode
                if mode & _OTHERS:
                    _take_from_others(path, mode)


class ServersFile:
    """Stand-in for a server, whose files are its own: every method does nothing."""

    def make(self) -> None:
        """Do nothing: the server makes its files."""

    def expect(self, found: Identity | None) -> None:
        """Do nothing: a server's files have no identity here."""

    def verify(self) -> None:
        """Do nothing: a server's files cannot be seen."""

    def renew_stamp(self, database: Any) -> None:
        """Do nothing: no file of a server can be replaced by a copy."""


def _take_from_others(path: Path, mode: int) -> None:
    try:
        path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
    except PermissionError:
        _log.warning("%s can be read by others, and is another user's to change: chmod 600 it", path)
    else:
        _log.warning(
            "%s could be read by others (%s): it is its owner's alone now", path, stat.filemode(mode)
        )
