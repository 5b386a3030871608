"""Copy files: where the copies of a database are, which of them are there, and what leftovers of killed builds are removed."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tracker.private_file import OWNERS_ONLY

#: A finished copy is `<list>.duckdb`; one that is being built ends on NEW, and its unsorted events on STAGE.
COPY, NEW, STAGE, LOG = ".duckdb", ".new", ".stage", ".wal"
#: Empty files whose time says when a list was asked for, and its copy checked.
ASKED, CHECKED = ".asked", ".checked"
_COPY = re.compile(r"([1-9][0-9]*)\.duckdb")
#: Where instances put what their memory does not hold.
TEMPORARY = "temporary"
_LEFTOVER = re.compile(rf"[1-9][0-9]*\.(new|stage)(\.wal)?|{TEMPORARY}")


class CopyFiles:
    """The files in one folder, which belongs to one database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make_folder(self) -> None:
        """Make the folder, for its owner alone."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)

    def copy(self, list_id: int) -> Path:
        return self.folder / f"{list_id}{COPY}"

    def new(self, list_id: int) -> Path:
        return self.folder / f"{list_id}{NEW}"

    def stage(self, list_id: int) -> Path:
        return self.folder / f"{list_id}{STAGE}"

    def lists(self) -> list[int]:
        """Return the lists that have a copy."""
        if not self.folder.is_dir():
            return []
        found = (_COPY.fullmatch(path.name) for path in self.folder.iterdir())
        return sorted(int(match[1]) for match in found if match)

    def has_data(self) -> bool:
        """Return whether anything of events is in the folder: copies, or what a killed process has left of one."""
        return bool(self.lists() or self._leftovers())

    def remove_leftovers(self) -> None:
        """Remove what killed processes have left: unfinished builds, and what questions had spilled. None may be running."""
        for path in self._leftovers():
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def _leftovers(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        found = [path for path in self.folder.iterdir() if _LEFTOVER.fullmatch(path.name)]
        return [path for path in found if not path.is_dir() or any(path.iterdir())]

    def remove(self, list_id: int) -> None:
        """Remove a list's copy, which must not be attached."""
        for path in _with_log(self.copy(list_id)):
            path.unlink(missing_ok=True)

    def remove_unfinished(self, list_id: int) -> None:
        """Remove what a build that was killed has left."""
        for kind in (self.new(list_id), self.stage(list_id)):
            for path in _with_log(kind):
                path.unlink(missing_ok=True)

    def put_in_place(self, list_id: int) -> None:
        """Make a finished build the list's copy, in one step. The old one must not be attached."""
        for path in _with_log(self.copy(list_id)):
            if path.name.endswith(LOG):
                path.unlink(missing_ok=True)
        self.new(list_id).chmod(OWNERS_ONLY)
        self.new(list_id).replace(self.copy(list_id))

    def note_asked(self, list_id: int) -> None:
        """Note that somebody asked about the list."""
        self.folder.joinpath(f"{list_id}{ASKED}").touch(OWNERS_ONLY)

    def note_checked(self, list_id: int) -> None:
        """Note that the list's copy was compared with the truth."""
        self.folder.joinpath(f"{list_id}{CHECKED}").touch(OWNERS_ONLY)

    def age(self, list_id: int, kind: str) -> float:
        """Return the seconds since the list was ASKED for or CHECKED; without a note it is long ago."""
        with suppress(FileNotFoundError):
            return time.time() - self.folder.joinpath(f"{list_id}{kind}").stat().st_mtime
        return float("inf")

    def size(self, list_id: int) -> int:
        """Return the bytes of a list's copy, its log included; 0 if there is none."""
        total = 0
        for path in _with_log(self.copy(list_id)):
            with suppress(FileNotFoundError):
                total += path.stat().st_size
        return total


def _with_log(path: Path) -> Iterator[Path]:
    yield path.with_name(path.name + LOG)
    yield path
