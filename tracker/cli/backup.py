"""How is the database copied while Tracker serves, and put back? `tracker db backup`, `tracker db restore`."""

from __future__ import annotations

from pathlib import Path

import click

from tracker.app import open_database
from tracker.cli.progress import progress
from tracker.config import Settings
from tracker.plugins import load_commands
from tracker.storage.recovery import back_up, restore
from tracker.times import iso_utc


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup_database(file: Path) -> None:
    """Copy the database to the new file FILE while Tracker serves.

    Every event answered with 200 before the start is in it. To go back to it: 'tracker db restore FILE'.
    """
    with progress(1, "Copying") as at:
        back_up(Settings.from_environ().database_url, file, at)
    click.echo(f"Wrote {file}, {file.stat().st_size / 1e6:,.1f} MB")


@click.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def restore_database(file: Path) -> None:
    """Put a copy of the backup FILE in the place of the database, while Tracker is stopped.

    FILE is looked through first, and the database that is there is kept beside the new one, under the name that is
    printed. If this is killed, the old or the new database is there, whole: run it again.
    """
    settings = Settings.from_environ()
    migrations = open_database(settings, load_commands(settings.plugins_folder)).migrations
    with progress(1, "Copying") as at:
        restored = restore(settings.database_url, file, migrations, at)
    settings.limits_file.unlink(missing_ok=True)
    last = "no event" if restored.last_event_at is None else f"events until {iso_utc(restored.last_event_at)}"
    click.echo(f"Restored {file}, with {last}")
    if restored.lacking:
        click.echo(f"The next start, or 'tracker db upgrade', applies {', '.join(restored.lacking)}")
    if restored.kept is not None:
        click.echo(f"What was there before is in {restored.kept}")
