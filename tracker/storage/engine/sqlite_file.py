"""Database file: made once and its owner's alone, then the same one for as long as a process lives.

A file that was deleted or replaced goes on taking commits for whoever has it open, and none of them is found again. So
a process remembers which file it has opened, looks before and after each commit whether the path still leads there, and
makes none but by an upgrade.
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
#: What SQLite keeps beside a database file. It gives them the mode of the file when it makes them.
LOG, LOG_INDEX = "-wal", "-shm"
#: Bytes of a write-ahead log that has no pages in it.
_EMPTY_LOG = 32

_log = logging.getLogger("tracker.storage")


def beside(path: Path, ending: str) -> Path:
    """The file that is named like the database with `ending` added."""
    return path.with_name(path.name + ending)


def has_log(path: Path) -> bool:
    """Whether there are pages in a write-ahead log beside this path."""
    with suppress(FileNotFoundError):
        return beside(path, LOG).stat().st_size > _EMPTY_LOG
    return False


def identity(path: Path) -> Identity | None:
    """Which file is at this path; None if there is none."""
    with suppress(FileNotFoundError, NotADirectoryError):
        found = os.stat(path)
        return found.st_dev, found.st_ino
    return None


def identity_of(url: str) -> Identity | None:
    """Which file a database's URL leads to now; None if there is none yet, or it is a server's."""
    parsed = DatabaseURL.parse(url)
    return identity(parsed.path) if parsed.kind == "sqlite" else None


def sync_folder(folder: Path) -> None:
    """See that the disk knows which names are in a folder."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


class DatabaseFile:
    """The file at `path`, as one process knows it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._identity: Identity | None = None

    def make(self) -> None:
        """Make the file if there is none; take a file that others may read away from them. Raises IncompatibleDatabase."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if identity(self.path) is not None:
            self._tighten()
            return
        self._refuse_missing()
        # With O_EXCL: to close a file that SQLite has open in this process would take its locks away.
        with suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, OWNERS_ONLY))

    def expect(self, found: Identity | None) -> None:
        """Know which file it is from somebody who has looked earlier."""
        self._identity = found or self._identity

    def verify(self) -> None:
        """Raises IncompatibleDatabase unless the path leads to the file that was opened first, or to any if none was."""
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
    """A server's files are its own to make, to find, and to know which log is whose."""

    def make(self) -> None:
        """There is nothing to do."""

    def expect(self, found: Identity | None) -> None:
        """Nothing is found."""

    def verify(self) -> None:
        """Nothing can be seen."""

    def settle(self, database: Any) -> None:
        """Nothing can be copied by mistake."""


def _take_from_others(path: Path, mode: int) -> None:
    try:
        path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
    except PermissionError:
        _log.warning("%s can be read by others, and is another user's to change: chmod 600 it", path)
    else:
        _log.warning(
            "%s could be read by others (%s): it is its owner's alone now", path, stat.filemode(mode)
        )
