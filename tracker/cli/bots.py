"""Bots: `tracker bots recheck` makes the verdicts about stored events again."""

from __future__ import annotations

import click

from tracker.cli.context import open_services
from tracker.integrity.bot_recheck import recheck
from tracker.storage.events import scan


@click.group()
def bots() -> None:
    """Which events robots sent."""


@bots.command("recheck")
@click.option("--list", "list_id", type=int, metavar="N", help="Of this list alone.")
@click.option("--dry-run", is_flag=True, help="Change nothing, and say how many it would be.")
def recheck_bots(list_id: int | None, dry_run: bool) -> None:
    """Judge anew whether events of browsers were sent by robots, by the user agents that they came with.

    For after an update: the lists of robots change. Counters, totals and the catalogue follow. Can be run while Tracker
    serves, and again at any time.
    """
    with open_services() as services:
        lists = services.storage.read(scan.list_ids)
        if list_id is not None and list_id not in lists:
            raise click.ClickException(f"there is no list {list_id}")
        for each in lists if list_id is None else [list_id]:
            found = recheck(services.storage, each, is_dry_run=dry_run)
            would = "would be" if dry_run else "are now"
            click.echo(
                f"list {each}: {found.events:,} events of browsers looked at; {len(found.people):,} of robots {would} of"
                f" people, {len(found.robots):,} of people {would} of robots"
            )
