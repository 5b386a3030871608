"""How is the database copied while it is written to? One file, consistent, of the moment the copying began."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

from tracker.storage.database import engine_of
from tracker.storage.sqlite import SqliteEngine

#: Pages (4 KiB) copied at a time: `progress` is told after each.
STEP_PAGES = 2_000


class CannotBackUp(Exception):
    """There is no copy. The text is one line that says why, or what to do."""


def back_up(url: str, target: Path, progress: Callable[[int, int], object]) -> None:
    """Copy the database at `url` to the new file `target`, all or nothing. `progress(pages done, of how many)`.

    Raises CannotBackUp.
    """
    engine = engine_of(url)
    if not isinstance(engine, SqliteEngine):
        raise CannotBackUp(f"a server's database is for its own tools to copy: {engine.dump_command(target)}")
    if not engine.path.is_file():
        raise CannotBackUp(f"there is no database {engine.path}")
    _refuse_existing(target)
    handle, name = tempfile.mkstemp(".part", f"{target.name}.", target.parent)
    os.close(handle)
    part = Path(name)
    try:
        _copy(engine, part, progress)
        _publish(part, target)
    finally:
        part.unlink(missing_ok=True)


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise CannotBackUp(f"{target} exists and is not overwritten")


def _copy(engine: SqliteEngine, part: Path, progress: Callable[[int, int], object]) -> None:
    database = engine.connect()
    copy = apsw.Connection(str(part))
    try:
        copy.pragma("journal_mode", "OFF")
        source = database.connection()
        _pin(source)
        with copy.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(STEP_PAGES)
                progress(backup.page_count - backup.remaining, backup.page_count)
        copy.pragma("journal_mode", "DELETE")  # until it is served it needs no files beside it
        _check(copy)
    finally:
        copy.close()
        database.close()


def _pin(source: Any) -> None:
    """Go on seeing the database as it is now. Without that each commit of a server makes the copying begin anew."""
    source.execute("BEGIN")
    source.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()


def _check(copy: apsw.Connection) -> None:
    found = [str(row[0]) for row in copy.execute("PRAGMA quick_check(1)")]
    if found != ["ok"]:
        raise CannotBackUp(f"the copy is damaged, so the database may be too: {found[0]}")


def _publish(part: Path, target: Path) -> None:
    """Give the copy its name, which nothing else may have taken meanwhile, and see that the disk knows."""
    try:
        target.hardlink_to(part)
    except FileExistsError:
        _refuse_existing(target)
    except OSError:  # this file system has no hard links
        _refuse_existing(target)
        part.rename(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
