"""Backup folder: verified backups, one a night, of which the newest are kept.

A backup gets its name after it was checked and is on the disk, and older ones go only then: whatever happens in between, the
folder has the backups that it had. Files of other names are left alone, and so is all that has such a name and is no backup.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import apsw

from tracker.formats.database_url import DatabaseURL
from tracker.storage.engine.secrets import EVENT_IDS
from tracker.storage.engine.sqlite_file import LOG, beside
from tracker.storage.recovery.backup import CannotBackUp, Progress, back_up, unfinished_of

HOUR_MS, DAY_MS = 3_600_000, 24 * 3_600_000
#: Milliseconds after midnight (UTC) from which the backup of a night is due.
DUE_MS = 3 * HOUR_MS
#: Milliseconds that a backup may be dated ahead, by clocks that differ. One beyond would stop all backups until its time.
AHEAD_MS = 5 * 60_000
#: Bytes that must stay free beside a new backup: a disk that it fills up may be the database's own.
RESERVE_BYTES = 64 * 2**20
_NAME = re.compile(r"tracker-(\d{8}-\d{6})\.db")
_TIME = "%Y%m%d-%H%M%S"


@dataclass(frozen=True, slots=True)
class Backup:
    """A file with the name of a verified backup: when its copying began (UTC milliseconds), and its size.

    With a `fault`, a text that follows the name, it does not count as one, and is never deleted.
    """

    path: Path
    began_at: int
    bytes: int
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class BackupFolder:
    """The folder, which need not be there yet, and how many backups it keeps."""

    path: Path
    kept: int

    def named(self, now: int, secret: bytes) -> Iterator[Backup]:
        """Yield all that has the name of a backup, the newest first. Raises OSError if the folder cannot be read.

        `secret` is that of the database, the one that signs its EventIDs: by it a backup of another is known.
        """
        if not self.path.exists():
            return
        found = [
            (_began_at(named[1]), path)
            for path in self.path.iterdir()
            if (named := _NAME.fullmatch(path.name)) is not None
        ]
        for began_at, path in sorted(found, reverse=True):
            yield Backup(path, began_at, path.lstat().st_size, _fault_of(path, began_at, now, secret))

    def backups(self, now: int, secret: bytes) -> Iterator[Backup]:
        """Yield the backups of the database that count, the newest first. Raises OSError."""
        return (each for each in self.named(now, secret) if each.fault is None)

    def fault(self) -> str | None:
        """Return why no backup can be written into the folder, which is made if it is not there; None if one can.

        The text follows the name of the setting.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            tempfile.TemporaryFile(dir=self.path).close()
        except (FileExistsError, NotADirectoryError):
            why = "is no folder"
        except OSError as failure:
            why = f"cannot be written to ({failure.strerror})"
        else:
            return None
        return f"{self.path} {why}, so no backups are made: name a folder that Tracker's user may write to"

    def is_due(self, now: int, secret: bytes) -> bool:
        """Return whether the last night's backup is not there, or none at all. Raises OSError."""
        newest = next(self.backups(now, secret), None)
        return newest is None or newest.began_at < night_of(now)

    def lacks_bytes(self, url: str) -> int:
        """Return how many bytes more than are free a backup needs; 0 if there is room. Raises OSError."""
        path = DatabaseURL.parse(url).path
        needed = sum(each.stat().st_size for each in (path, beside(path, LOG)) if each.exists())
        return max(0, needed + RESERVE_BYTES - shutil.disk_usage(_existing(self.path)).free)

    def add(self, url: str, now: int, progress: Progress) -> tuple[Backup, int]:
        """Make a backup of the database at `url`; return it and the number of its events. Delete its oldest ones then.

        Raises CannotBackUp, OSError; then the folder has what it had.
        """
        if fault := self.fault():
            raise CannotBackUp(f"TRACKER_BACKUP_FOLDER {fault}")
        with self._alone():
            target = self._free_at(now)
            for left in unfinished_of(self.path, "tracker-*.db"):
                left.unlink(missing_ok=True)
            if lacking := self.lacks_bytes(url):
                raise CannotBackUp(
                    f"{self.path} has no room for a backup: {-(-lacking // 10**6):,} MB are lacking"
                )
            events = back_up(url, target, progress)
            others = [each for each in self.backups(now, _secret_in(target)) if each.path != target]
            for old in others[self.kept - 1 :]:
                old.path.unlink()
        return Backup(target, now, target.stat().st_size), events

    def _free_at(self, now: int) -> Path:
        """Return the file of a backup that begins at `now`, or a second later where another one began in the same."""
        while (
            path := self.path / f"tracker-{datetime.fromtimestamp(now / 1000, UTC).strftime(_TIME)}.db"
        ).exists():
            now += 1000
        return path

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder, so that no other process makes a backup in it. The lock goes with the process."""
        opened = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise CannotBackUp(f"another process makes a backup in {self.path}") from None
        finally:
            os.close(opened)


def night_of(now: int) -> int:
    """Return when the last nightly backup was due, in UTC milliseconds."""
    return (now - DUE_MS) // DAY_MS * DAY_MS + DUE_MS


def _began_at(text: str) -> int:
    try:
        return int(datetime.strptime(text, _TIME).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:  # digits that are no time: as old as can be
        return 0


def _fault_of(path: Path, began_at: int, now: int, secret: bytes) -> str | None:
    """Return why what is there does not count as a backup; None if it does. A file that was cut does not open."""
    if not stat.S_ISREG(path.lstat().st_mode):
        return "is no regular file"
    if began_at > now + AHEAD_MS:
        return "is dated ahead of the clock"
    try:
        return None if _secret_in(path) == secret else "is of another database"
    except apsw.Error:
        return "cannot be read, or is no whole backup"


def _secret_in(path: Path) -> bytes:
    """Return the secret of the database that the backup is of. Raises apsw.Error."""
    uri = f"{path.as_uri()}?immutable=1"  # makes no files beside it
    opened = apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    try:
        found = opened.execute("SELECT value FROM secrets WHERE name = ?", (EVENT_IDS.encode(),)).fetchall()
        return bytes(found[0][0]) if found else b""  # type: ignore[arg-type]
    finally:
        opened.close()


def _existing(path: Path) -> Path:
    """Return the path, or the nearest of its parents that is there."""
    return next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())
