"""Do the figures agree with the events? `tracker db check`."""

from __future__ import annotations

import click

from tracker.integrity.counter_check import Recount, recount
from tracker.storage.aggregates import count_overdue
from tracker.storage.engine import Database
from tracker.storage.events import scan
from tracker.times import iso_utc

#: A name that was missing gets its counts in the second round.
ROUNDS = 2


def check(database: Database, is_repairing: bool) -> bool:
    """Print events and differences of every list; True when there are none (left)."""
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
    return is_fine


def _print(found: Recount) -> None:
    count = len(found.differences)
    said = "no difference" if not count else f"{count} difference{'s' if count > 1 else ''}"
    click.echo(f"list {found.list_id}: {found.events:,} events, {said}")
    for difference in found.differences:
        click.echo(f"  {difference}")
    if found.ahead:
        click.echo(f"  {_ahead(found)}")


def _ahead(found: Recount) -> str:
    """Nothing is wrong with what is counted, so there is nothing to repair; and events are never deleted unasked."""
    said = "1 event is" if found.ahead == 1 else f"{found.ahead:,} events are"
    until = iso_utc(found.ahead_until)
    return f"{said} dated in the future, until {until}, by a clock that was ahead: kept, and no newest event until then"


def _repair(database: Database, found: Recount) -> None:
    """Each by itself and by adding what lacks, so that ingest goes on meanwhile."""
    for difference in found.differences:
        database.write(difference.repair)
