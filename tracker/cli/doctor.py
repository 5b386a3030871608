"""Doctor: `tracker doctor` checks on the command line what the page Tracking shows."""

from __future__ import annotations

import time

import click

from tracker.api.setup_checks import BAD, OK, WARN, Check, all_checks, gathered, worst
from tracker.browser import LIB_VERSION
from tracker.cli.context import find_user, open_services
from tracker.cli.output import print_table
from tracker.preflight import look_at_others, look_at_servers
from tracker.services import Services
from tracker.storage.engine import WARNS


@click.command()
@click.argument("email")
@click.argument("list_id", type=int)
@click.option("--no-probe", is_flag=True, help="Send no test event through the public address.")
def doctor(email: str, list_id: int, no_probe: bool) -> None:
    """Check whether events of a list arrive, and whether the servers would stand a failover.

    Says how to mend what does not work. Exits with 1 if something is bad.
    """
    with open_services() as services:
        found = services.stores.lists.owned(find_user(services, email).id, list_id)
        if found is None:
            raise click.ClickException(f"{email} has no list {list_id}")
        settings = services.stores.list_settings.of(list_id)
        facts = gathered(services, found, settings, time.time_ns() // 1_000_000, None)
        done = [
            *all_checks(services, found, facts, LIB_VERSION, not no_probe),
            *_of_servers(services),
        ]
    print_table(("CHECK", "STATE", "DETAIL"), [(each.name, each.state, each.detail) for each in done])
    for each in done:
        if each.fix is not None:
            click.echo(f"{each.name}: {each.fix}.")
    if worst(done) == BAD:
        raise SystemExit(1)


def _of_servers(services: Services) -> list[Check]:
    """Return what the start tells of the servers, one check for each remark."""
    settings, database = services.settings, services.storage
    looked = look_at_servers(settings, database) | look_at_others(settings, database)
    return [
        Check(name, WARN if remark.weight == WARNS else BAD, remark.text)
        for name, found in looked.items()
        for remark in found
    ] + [Check(name, OK, "nothing to mend") for name, found in looked.items() if not found]
