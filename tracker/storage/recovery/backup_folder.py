"""Backup folder: verified backups, one a night, of which the newest are kept.

A backup gets its name after it was checked and is on the disk, and older ones go only then: whatever happens in between, the
folder has the backups that it had. Files of other names are left alone.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tracker.formats.database_url import DatabaseURL
from tracker.storage.engine.sqlite_file import LOG, beside
from tracker.storage.recovery.backup import CannotBackUp, Progress, back_up, unfinished_of

HOUR_MS, DAY_MS = 3_600_000, 24 * 3_600_000
#: Milliseconds after midnight (UTC) from which the backup of a night is due.
DUE_MS = 3 * HOUR_MS
#: Bytes that must stay free beside a new backup: a disk that it fills up may be the database's own.
RESERVE_BYTES = 64 * 2**20
_NAME = re.compile(r"tracker-(\d{8}-\d{6})\.db")
_TIME = "%Y%m%d-%H%M%S"


@dataclass(frozen=True, slots=True)
class Backup:
    """A verified backup: when its copying began (UTC milliseconds), and its size."""

    path: Path
    began_at: int
    bytes: int


@dataclass(frozen=True, slots=True)
class BackupFolder:
    """The folder, which need not be there yet, and how many backups it keeps."""

    path: Path
    kept: int

    def backups(self) -> list[Backup]:
        """Return the backups, the newest first. Raises OSError if the folder cannot be read."""
        if not self.path.exists():
            return []
        found = [
            Backup(path, _began_at(named[1]), path.stat().st_size)
            for path in self.path.iterdir()
            if (named := _NAME.fullmatch(path.name)) is not None
        ]
        return sorted(found, key=lambda each: each.began_at, reverse=True)

    def is_due(self, now: int) -> bool:
        """Return whether the last night's backup is not there, or none at all. Raises OSError."""
        newest = next(iter(self.backups()), None)
        return newest is None or newest.began_at < night_of(now)

    def lacks_bytes(self, url: str) -> int:
        """Return how many bytes more than are free a backup needs; 0 if there is room. Raises OSError."""
        path = DatabaseURL.parse(url).path
        needed = sum(each.stat().st_size for each in (path, beside(path, LOG)) if each.exists())
        return max(0, needed + RESERVE_BYTES - shutil.disk_usage(_existing(self.path)).free)

    def add(self, url: str, now: int, progress: Progress) -> tuple[Backup, int]:
        """Make a backup of the database at `url`; return it and the number of its events. Delete the oldest ones then.

        Raises CannotBackUp, OSError; then the folder has what it had.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._alone():
            target = self.path / f"tracker-{datetime.fromtimestamp(now / 1000, UTC).strftime(_TIME)}.db"
            for left in unfinished_of(self.path, "tracker-*.db"):
                left.unlink(missing_ok=True)
            if lacking := self.lacks_bytes(url):
                raise CannotBackUp(
                    f"{self.path} has no room for a backup: {-(-lacking // 10**6):,} MB are lacking"
                )
            events = back_up(url, target, progress)
            backups = self.backups()
            for old in backups[self.kept :]:
                old.path.unlink()
        return backups[0], events

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


def _existing(path: Path) -> Path:
    """Return the path, or the nearest of its parents that is there."""
    return next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())
