"""Database commands: `tracker db upgrade`, `check`, `backup` and `restore`."""

from __future__ import annotations

from pathlib import Path

import click

from tracker.app import backup_folder, now_ms, open_database
from tracker.cli.context import open_services
from tracker.cli.output import note, progress
from tracker.cli.reports import check_copy
from tracker.config import Settings
from tracker.integrity.counter_check import Recount, recount
from tracker.plugins import load_commands
from tracker.reports_wiring import reports_client
from tracker.serve import checked_upgrade
from tracker.services import Services
from tracker.storage.aggregates import count_overdue
from tracker.storage.engine import Database
from tracker.storage.events import scan
from tracker.storage.recovery import back_up, restore
from tracker.times import iso_utc

#: Rounds of a repair: a missing name gets its counts in the second round.
ROUNDS = 2
#: The next step, in the last line of a check that ends with 1.
_DIFFERENT = (
    "Next: 'tracker db check --repair' corrects them by the events, which it does not change;"
    " Tracker may serve meanwhile"
)
_STILL_DIFFERENT = (
    "Next: run 'tracker db check --repair' again, since events that arrive meanwhile can leave a difference. One that stays is a"
    " fault of Tracker: keep a copy ('tracker db backup FILE'), and report the lines above"
)


@click.group()
def db() -> None:
    """Upgrade, check, back up and restore the database."""


@db.command("upgrade")
def upgrade_database() -> None:
    """Make or upgrade the tables. It can be run again at any time, also after it was killed."""
    settings = Settings.from_environ()
    applied = checked_upgrade(settings, load_commands(settings.plugins_folder), note)
    click.echo("\n".join(f"Applied {name}" for name in applied) or "Up to date")


@db.command("check")
@click.option("--repair", is_flag=True, help="Correct the counters by the events.")
def check_database(repair: bool) -> None:
    """Count all events again, and print every difference of counters and catalogue. Exits with 1 if any is left.

    Copies for reports are compared too, and what differs there is read again. It can be run while Tracker serves.
    """
    with open_services() as services:
        is_fine = check(services.storage, is_repairing=repair)
        _check_copies(services)
        if not is_fine:
            raise SystemExit(1)


def _check_copies(services: Services) -> None:
    """Compare the copies for reports; what differs is mended at once. They are derived: without DuckDB nothing is wrong."""
    list_ids = services.analytics.lists_with_copies()
    if list_ids and not services.analytics.is_installed():
        click.echo("reports: copies were not checked, because DuckDB is not installed")
        return
    for list_id in list_ids:
        check_copy(services, list_id)


@db.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
def backup_database(file: Path | None) -> None:
    """Copy the database to the new file FILE while Tracker serves; without FILE into TRACKER_BACKUP_FOLDER, as every night.

    Every event answered with 200 before the start is in it. To go back to it: 'tracker db restore FILE'.
    """
    settings = Settings.from_environ()
    with progress(1, "Copying") as at:
        if file is not None:
            events = back_up(settings.database_url, file, at)
        elif (folder := backup_folder(settings)) is not None:
            made, events = folder.add(settings.database_url, now_ms(), at)
            file = made.path
        else:
            raise click.UsageError("name a FILE, or set TRACKER_BACKUP_FOLDER.")
    click.echo(f"Wrote {file}, {file.stat().st_size / 1e6:,.1f} MB with {events:,} events")


@db.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def restore_database(file: Path) -> None:
    """Replace the database by a copy of the backup FILE, while Tracker is stopped.

    FILE is checked first, and the present database is kept beside the new one, under the name that is printed. After a
    kill the old or the new database is in place, complete: run it again.
    """
    settings = Settings.from_environ()
    migrations = open_database(settings, load_commands(settings.plugins_folder)).migrations
    reports = reports_client(settings)
    reports.stop_process()  # it reads the database for a minute after the last question
    with progress(1, "Copying") as at:
        restored = restore(settings.database_url, file, migrations, at)
    settings.limits_file.unlink(missing_ok=True)
    failure = reports.remove_copies()  # of what was there before
    reports.stop_process()
    if failure:
        click.echo(
            f"Copies for reports that are shared are not removed ({failure}): run 'tracker reports rebuild'"
        )
    last = "no event" if restored.last_event_at is None else f"events until {iso_utc(restored.last_event_at)}"
    click.echo(f"Restored {file}, with {last}")
    if restored.lacking:
        click.echo(f"The next start, or 'tracker db upgrade', applies {', '.join(restored.lacking)}")
    if restored.kept is not None:
        click.echo(f"The previous database is kept in {restored.kept}")


def check(database: Database, is_repairing: bool) -> bool:
    """Print events and differences of every list. Returns whether none are left."""
    is_fine = True
    if is_repairing:
        count_overdue(database)
    for list_id in database.read(scan.list_ids):
        found = recount(database, list_id)
        _print(found)
        for _ in range(ROUNDS):
            if found.differences and is_repairing:
                _repair(database, found)
                found = recount(database, list_id)
                click.echo(f"list {list_id}: {'still different' if found.differences else 'repaired'}")
        is_fine = is_fine and not found.differences
    if not is_fine:
        click.echo(_STILL_DIFFERENT if is_repairing else _DIFFERENT)
    return is_fine


def _print(found: Recount) -> None:
    count = len(found.differences)
    outcome = "no difference" if not count else f"{count} difference{'s' if count > 1 else ''}"
    click.echo(f"list {found.list_id}: {found.events:,} events, {outcome}")
    for difference in found.differences:
        click.echo(f"  {difference}")
    if found.ahead:
        click.echo(f"  {_ahead(found)}")


def _ahead(found: Recount) -> str:
    """Return a note about events dated in the future: their counts are right, and events are never deleted unasked."""
    subject = "1 event is" if found.ahead == 1 else f"{found.ahead:,} events are"
    until = iso_utc(found.ahead_until)
    return f"{subject} dated in the future, until {until}, by a clock that was ahead: kept, and no newest event until then"


def _repair(database: Database, found: Recount) -> None:
    """Repair each difference by itself, by adding what is missing, so that ingest goes on meanwhile."""
    for difference in found.differences:
        database.write(difference.repair, list_id=found.list_id)
