"""Health: `tracker health` checks on the command line what the Health page shows."""

from __future__ import annotations

import json

import click

from tracker.api.health_checks import health
from tracker.api.setup_checks import BAD, WARN, Check, shown, worst
from tracker.app import now_ms
from tracker.cli.context import open_services
from tracker.cli.output import print_table

#: Exit codes by the worst state; of no use to a script is a difference between what is well and what is unknown.
EXITS = {WARN: 1, BAD: 2}


class CannotLook(click.ClickException):
    """Nothing could be checked."""

    exit_code = EXITS[BAD]


@click.command("health")
@click.option("--json", "is_json", is_flag=True, help="Print JSON, as `health.get` answers it.")
def show_health(is_json: bool) -> None:
    """Check workers, writing, backups, disk, jobs, mails and others, and say what to do.

    Exits with 1 if something wants a look, and with 2 if something is bad, or the database cannot be opened.
    """
    done = _checked()
    if is_json:
        click.echo(json.dumps({"State": worst(done), "Checks": shown(done)}))
    else:
        print_table(("CHECK", "STATE", "DETAIL"), [(each.name, each.state, each.detail) for each in done])
        for each in done:
            if each.fix is not None:
                click.echo(f"{each.name}: {each.fix}.")
    if code := EXITS.get(worst(done), 0):
        raise SystemExit(code)


def _checked() -> list[Check]:
    try:
        with open_services() as services:
            return health(services, now_ms(), None)
    except Exception as failure:
        raise CannotLook(" ".join(str(failure).split())) from failure
