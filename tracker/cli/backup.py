"""How is the database copied while Tracker serves? `tracker db backup`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from tracker.config import Settings
from tracker.storage.backup import back_up


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup_database(file: Path) -> None:
    """Copy the database to the new file FILE while Tracker serves.

    Every event answered with 200 before the start is in it. To go back to it, serve it: set TRACKER_DATABASE_URL to
    sqlite:///FILE, or put it in the place of the database while Tracker is stopped.
    """
    with _progress() as progress:
        back_up(Settings.from_environ().database_url, file, progress)
    click.echo(f"Wrote {file}, {file.stat().st_size / 1e6:,.1f} MB")


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Take how many pages of how many are copied; on a terminal a bar shows it."""
    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    with click.progressbar(length=1, label="Copying", file=sys.stderr) as bar:

        def show(done: int, of: int) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        yield show
