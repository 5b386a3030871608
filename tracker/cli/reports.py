"""Commands about the copies for reports: `tracker reports status`, `serve`, `rebuild` and `check`."""

from __future__ import annotations

import time
from typing import Any

import click

from tracker.cli.context import open_services
from tracker.cli.output import print_table, progress
from tracker.config import Settings
from tracker.serve import serve_reports
from tracker.services import Services
from tracker.storage.events import scan
from tracker.times import iso_utc

#: Seconds between two looks how far a build is.
LOOK_SECONDS = 0.2


@click.group()
def reports() -> None:
    """Look after the derived copies that reports are answered from. The events themselves are never touched."""


@reports.command("status")
def show_copies() -> None:
    """List the copies: which list, how many events, how large, until when, and whether one is being built; and the cores used."""
    with open_services() as services:
        told = _asked(services, {"status": True}) if services.analytics.has_copies() else {"status": []}
    print_table(("LIST", "EVENTS", "SIZE", "AS OF", "BUILT", "BUILDING"), map(_row, told["status"]))
    if "process" in told:
        click.echo(_of_process(**told["process"]))


@reports.command("serve")
@click.argument("address")
def serve_copies(address: str) -> None:
    """Serve reports to other instances of this database, at ADDRESS: unix:/PATH, or HOST:PORT for plain HTTP behind a proxy that speaks TLS.

    Those have TRACKER_REPORTS_URL, and both the same TRACKER_REPORTS_SECRET_FILE, which is made if there is none.
    """
    serve_reports(Settings.from_environ(), address, click.echo)


@reports.command("rebuild")
@click.option("--list", "list_id", type=int, help="Only this list.")
def rebuild_copies(list_id: int | None) -> None:
    """Build copies anew from all events, which also erases the bytes of what was deleted. The old ones answer meanwhile."""
    with open_services() as services:
        for each in _lists(services, list_id):
            _rebuild(services, each)


@reports.command("check")
@click.option("--list", "list_id", type=int, help="Only this list.")
def check_copies(list_id: int | None) -> None:
    """Compare copies with the counters of events, and read again what differs. Exits with 1 if anything did."""
    with open_services() as services:
        found = [check_copy(services, each) for each in _lists(services, list_id)]
    if not all(found):
        raise SystemExit(1)


def check_copy(services: Services, list_id: int) -> bool:
    """Compare a list's copy, if it has one, and print the result. Returns whether it was right."""
    if not services.analytics.has_copy(list_id):
        return True
    found = _asked(services, {"check": list_id})["check"]
    if found is None:
        return True
    differing = found["differing"]
    outcome = f"{differing} quarter hours differed, and were read again" if differing else "no difference"
    click.echo(f"reports of list {list_id}: {found['events']:,} events, {outcome}")
    return not differing


def _rebuild(services: Services, list_id: int) -> None:
    share = _asked(services, {"rebuild": list_id})["building"]
    with progress(1, f"List {list_id}") as at:
        while share is not None:
            at(share)
            time.sleep(LOOK_SECONDS)
            rows = _asked(services, {"status": True})["status"]
            copy: dict[str, Any] = next((row for row in rows if row["list"] == list_id), {})
            if copy.get("failure"):
                raise click.ClickException(f"the copy of list {list_id} was not built: {copy['failure']}")
            share = copy.get("building")
    click.echo(f"Rebuilt the copy of list {list_id}")


def _lists(services: Services, list_id: int | None) -> list[int]:
    """Return the list that is named, or all that have a copy. Raises ClickException if there is no such list."""
    if list_id is None:
        return services.analytics.lists_with_copies()
    if list_id not in services.storage.read(scan.list_ids):
        raise click.ClickException(f"there is no list {list_id}")
    return [list_id]


def _asked(services: Services, message: dict[str, Any]) -> dict[str, Any]:
    """Return the reply of the reports process. Raises ClickException if it has none."""
    reply: dict[str, Any] = services.analytics.request(message)
    if "error" in reply:
        raise click.ClickException(f"reports are not available: {reply.get('detail')}")
    return reply


def _of_process(pace: float | None, cores: int, all_cores: int) -> str:
    coming = "An unknown number of" if pace is None else f"{pace:,.1f}"
    return f"{coming} events a second come in: reports use {cores} of {all_cores} cores"


def _row(copy: dict[str, Any]) -> tuple[str, ...]:
    times = (copy["as_of"], copy["built_at"])
    return (
        str(copy["list"]),
        f"{copy['events']:,}",
        f"{copy['bytes'] / 1e6:,.1f} MB",
        *("-" if at is None else iso_utc(at) for at in times),
        "-" if copy["building"] is None else f"{copy['building']:.0%}",
    )
