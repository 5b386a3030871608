"""How is the database copied while Tracker serves? `tracker db backup`."""

from __future__ import annotations

from pathlib import Path

import click

from tracker.cli.progress import progress
from tracker.config import Settings
from tracker.storage.backup import back_up


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup_database(file: Path) -> None:
    """Copy the database to the new file FILE while Tracker serves.

    Every event answered with 200 before the start is in it. To go back to it, serve it: set TRACKER_DATABASE_URL to
    sqlite:///FILE, or put it in the place of the database while Tracker is stopped.
    """
    with progress(1, "Copying") as at:
        back_up(Settings.from_environ().database_url, file, at)
    click.echo(f"Wrote {file}, {file.stat().st_size / 1e6:,.1f} MB")
