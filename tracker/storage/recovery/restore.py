"""Restore: a backup replaces the database that no process has open, all or nothing.

Until the new file takes the name, the old one has it and is whole: its log is copied into it first. From then on the
new one has it, and nothing beside it belongs to the old. After a kill at any moment, the same call is made again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import apsw

from tracker.domain.row_ids import received_ms
from tracker.private_file import OWNERS_ONLY
from tracker.storage.engine.database import SchemaHistory, engine_of
from tracker.storage.engine.error_kinds import IncompatibleDatabase
from tracker.storage.engine.exclusive_access import alone
from tracker.storage.engine.log_stamp import STAMPS, refuse_foreign_log
from tracker.storage.engine.sqlite import SqliteEngine
from tracker.storage.engine.sqlite_file import LOG, LOG_INDEX, beside, sync_file, sync_folder
from tracker.storage.recovery.backup import Progress, copy_database

#: Ending of copies that are not complete yet. A leftover was made by a restore that was killed.
UNFINISHED = ".restoring"
_JOURNAL = "-journal"


class CannotRestore(Exception):
    """Nothing was changed. The text is one line that says why, or what to do."""


@dataclass(frozen=True, slots=True)
class Restored:
    """The result: when its last event was received (UTC milliseconds), and the migrations that the next start will apply.

    `kept` is the path of the database that was replaced.
    """

    last_event_at: int | None
    lacking: list[str]
    kept: Path | None


def restore(url: str, source: Path, migrations: SchemaHistory, progress: Progress) -> Restored:
    """Replace the database at `url` with a copy of the backup `source`. Raises CannotRestore, StillOpen."""
    engine = engine_of(url)
    if not isinstance(engine, SqliteEngine):
        raise CannotRestore(
            f"a server's database is for its own tools to put back. Stop Tracker, then: {engine.load_command(source)}"
        )
    path = engine.path
    _refuse_source(path, source)
    _refuse_open(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(UNFINISHED, f"{path.name}.", path.parent)
    os.close(handle)
    part = Path(name)
    try:
        last_event_at, lacking = _copied(source, part, migrations, progress)
        _give_owner(path, part)
        previous = _swap(path, part)
    finally:
        part.unlink(missing_ok=True)
    for left in path.parent.glob(f"{path.name}.*{UNFINISHED}"):
        left.unlink(missing_ok=True)
    return Restored(last_event_at, lacking, previous)


def _refuse_source(path: Path, source: Path) -> None:
    if not source.is_file():
        raise CannotRestore(f"there is no file {source}")
    if path.exists() and path.samefile(source):
        raise CannotRestore(f"{source} is the database itself")


def _refuse_open(path: Path) -> None:
    """Raise StillOpen before anything is copied."""
    with alone(path):
        return


def _copied(
    source: Path, part: Path, migrations: SchemaHistory, progress: Progress
) -> tuple[int | None, list[str]]:
    """Copy the backup, check the copy, and sync it; return (time of the last event, missing migrations)."""
    try:
        opened = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            refuse_foreign_log(opened, source)
            found = [str(row[0]) for row in opened.execute("PRAGMA integrity_check(1)")]
            if found != ["ok"]:
                raise CannotRestore(f"{source} is damaged: {found[0]}")
            summary = _last_event_at(opened), _lacking(opened, source, migrations)
            copy_database(opened, part, progress)
        finally:
            opened.close()
    except (apsw.NotADBError, apsw.CorruptError) as failure:
        raise CannotRestore(f"{source} is no whole SQLite database: {failure}") from None
    except IncompatibleDatabase as failure:
        raise CannotRestore(f"{source} cannot be restored: {failure}") from None
    sync_file(part)
    return summary


def _lacking(opened: apsw.Connection, source: Path, migrations: SchemaHistory) -> list[str]:
    try:
        rows = opened.execute("SELECT * FROM migrations").fetchall()
        return [f"{owner}: {migration.name}" for owner, migration in migrations.lacking(rows)]
    except apsw.SQLError:
        raise CannotRestore(f"{source} is no database of Tracker's") from None


def _last_event_at(opened: apsw.Connection) -> int | None:
    with suppress(apsw.SQLError):  # foreign tables are refused next
        newest = "SELECT (SELECT MAX(e.id) FROM events e WHERE e.list_id = l.id) FROM lists l"
        ids: list[Any] = [row[0] for row in opened.execute(newest)]
        return max((received_ms(each) for each in ids if each is not None), default=None)
    return None


def _give_owner(path: Path, part: Path) -> None:
    """Give the new file its predecessor's owner: a restore as root must not lock out the user that Tracker runs as."""
    like = (path if path.exists() else path.parent).stat()
    if os.geteuid() == 0:
        os.chown(part, like.st_uid, like.st_gid)


def _swap(path: Path, part: Path) -> Path | None:
    with alone(path):
        previous = _set_aside(path)
        # The old file's companions are removed before the new one has the name: SQLite would take them for its own.
        beside(path, LOG_INDEX).unlink(missing_ok=True)
        beside(path, STAMPS).unlink(missing_ok=True)
        sync_folder(path.parent)
        part.replace(path)
        sync_folder(path.parent)
        return previous


def _set_aside(path: Path) -> Path | None:
    """Give the old file a second name; its log too, if that could not be copied into it."""
    began = f".before-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    previous = next(name for n in count(1) if not (name := beside(path, began + f"-{n}" * (n > 1))).exists())
    for ending in (LOG, _JOURNAL):
        if beside(path, ending).exists():
            beside(path, ending).rename(beside(previous, ending))
    if not path.exists():
        return None
    try:
        previous.hardlink_to(path)
    except OSError:  # this file system has no hard links
        shutil.copyfile(path, previous)
        previous.chmod(OWNERS_ONLY)
        sync_file(previous)
    return previous
