"""Backup: one consistent file, copied while the database is written to, of the moment the copying began."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw

from tracker.storage.engine.database import engine_of
from tracker.storage.engine.log_stamp import new_stamp
from tracker.storage.engine.sqlite import SqliteEngine
from tracker.storage.engine.sqlite_file import sync_file, sync_folder

#: Called after each step with (pages done, of how many).
Progress = Callable[[int, int], object]
#: Pages (4 KiB) copied at a time; `progress` is called after each.
STEP_PAGES = 2_000
#: Ending of copies that are not complete. A leftover was made by a process that was killed.
_UNFINISHED = ".part"


class CannotBackUp(Exception):
    """No copy was made. The text is one line that says why, or what to do."""


def back_up(url: str, target: Path, progress: Progress) -> int:
    """Copy the database at `url` to the new file `target`, all or nothing; return the number of its events.

    Calls `progress(pages done, of how many)`. Raises CannotBackUp.
    """
    engine = engine_of(url)
    if not isinstance(engine, SqliteEngine):
        raise CannotBackUp(f"a server's database is for its own tools to copy: {engine.dump_command(target)}")
    if not engine.path.is_file():
        raise CannotBackUp(f"there is no database {engine.path}")
    _refuse_existing(target)
    handle, name = tempfile.mkstemp(_UNFINISHED, f"{target.name}.", target.parent)
    os.close(handle)
    part = Path(name)
    try:
        _copy(engine, part, progress)
        events = _events_in(part)
        sync_file(part)
        _publish(part, target)
    finally:
        part.unlink(missing_ok=True)
    return events


def unfinished_of(folder: Path, names: str) -> Iterator[Path]:
    """Yield what killed processes left of backups whose names match the pattern `names`."""
    return folder.glob(f"{names}.*{_UNFINISHED}")


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise CannotBackUp(f"{target} exists and is not overwritten")


def _copy(engine: SqliteEngine, part: Path, progress: Progress) -> None:
    database = engine.connect()
    try:
        copy_database(database.connection(), part, progress, "integrity_check")
    finally:
        database.close()


def copy_database(
    source: apsw.Connection, part: Path, progress: Progress, check: str = "quick_check"
) -> None:
    """Copy what `source` sees now into the empty file `part`. Raises CannotBackUp if the copy is damaged.

    The check "integrity_check" holds indexes against their tables too.
    """
    copy = apsw.Connection(str(part))
    try:
        copy.pragma("journal_mode", "OFF")
        _pin(source)
        with copy.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(STEP_PAGES)
                progress(backup.page_count - backup.remaining, backup.page_count)
        # The copy is another file than its source; and until it is served it needs no files beside it.
        copy.execute(f"PRAGMA application_id = {new_stamp()}")
        copy.pragma("journal_mode", "DELETE")
        _check(copy, check)
    except (apsw.FullError, apsw.IOError) as failure:
        why = "the disk is full" if isinstance(failure, apsw.FullError) else str(failure)
        raise CannotBackUp(f"the copy could not be written into {part.parent}: {why}") from failure
    finally:
        copy.close()


def _pin(source: Any) -> None:
    """Begin a snapshot of the database. Without it each commit of a server makes the copying begin anew."""
    source.execute("BEGIN")
    source.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()


def _events_in(part: Path) -> int:
    copy = apsw.Connection(str(part), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        events: int = copy.execute("SELECT COUNT(*) FROM events").fetchall()[0][0]  # type: ignore[assignment]
        return events
    except apsw.SQLError:
        raise CannotBackUp("the database is none of Tracker's") from None
    finally:
        copy.close()


def _check(copy: apsw.Connection, how: str) -> None:
    found = [str(row[0]) for row in copy.execute(f"PRAGMA {how}(1)")]
    if found != ["ok"]:
        raise CannotBackUp(f"the copy is damaged, so the database may be too: {found[0]}")


def _publish(part: Path, target: Path) -> None:
    """Give the copy its name, which nothing else may have taken meanwhile, and sync the folder."""
    try:
        target.hardlink_to(part)
    except FileExistsError:
        _refuse_existing(target)
    except OSError:  # this file system has no hard links
        _refuse_existing(target)
        part.rename(target)
    sync_folder(target.parent)
