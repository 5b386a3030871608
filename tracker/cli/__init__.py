"""Command-line interface: the `tracker` script. Every failure is one line and an exit code other than 0."""

from __future__ import annotations

import click

from tracker import __version__
from tracker.cli.accounts import key, lists, show_audit, user
from tracker.cli.data import bots, import_file, retention
from tracker.cli.database import db
from tracker.cli.demo import make_traffic, serve_shop
from tracker.cli.doctor import doctor
from tracker.cli.exit_errors import ScriptGroup
from tracker.cli.health import show_health
from tracker.cli.mail import mail
from tracker.cli.output import note, print_table
from tracker.cli.reports import reports
from tracker.config import Settings
from tracker.demo.account import make_demo
from tracker.plugins import load_adapters, load_commands
from tracker.rate_limits import RateLimit, parse_overrides
from tracker.registry import Entry, asked_by
from tracker.serve import serve_forever
from tracker.services import Stores


@click.group(cls=ScriptGroup)
@click.version_option(__version__, message="%(version)s")
def main() -> None:
    """Set up and run Tracker. Settings are environment variables: see docs/operations.md."""


for each in (
    user,
    key,
    lists,
    show_audit,
    db,
    import_file,
    bots,
    retention,
    reports,
    doctor,
    show_health,
    mail,
    make_traffic,
    serve_shop,
):
    main.add_command(each)


@main.command("commands")
def show_commands() -> None:
    """List the API commands, plugins included."""
    settings = Settings.from_environ()
    registry = load_commands(settings.plugins_folder)
    limits = parse_overrides(settings.limits)
    owners = {entry: registry.find(entry.limited_as) or entry for entry in registry}
    rows = (
        _command_row(entry, limits.get(entry.limited_as) or owner.command.rate_limit)
        for entry, owner in owners.items()
    )
    print_table(("COMMAND", "CALL", "PERMISSION", "LIMIT", "FROM"), rows)


@main.command("sdks")
def show_sdks() -> None:
    """List the families of SDKs that may send events, those of packages included."""
    path = Settings.from_environ().sdk_path
    rows = (
        (
            listed.adapter.family,
            listed.adapter.title,
            f"{path}/{listed.adapter.family}",
            str(len(listed.routes)),
            listed.origin,
        )
        for listed in load_adapters()
    )
    print_table(("FAMILY", "TITLE", "ADDRESS", "ROUTES", "FROM"), rows)


@main.command()
@click.option(
    "--demo", is_flag=True, help="Make a demo account, list and key on an empty database, and print them."
)
def serve(demo: bool) -> None:
    """Upgrade the database and serve in the foreground."""
    settings = Settings.from_environ()

    def prepare(stores: Stores) -> str | None:
        account = make_demo(stores)
        return None if account is None else account.text(settings.listening_url)

    serve_forever(settings, click.echo, note, prepare if demo else None)


def _command_row(entry: Entry, limit: RateLimit | str) -> tuple[str, ...]:
    command = entry.command
    call = f"{command.method} /api/v1/{command.path or command.name}"
    return command.name, call, asked_by(command), str(limit), entry.origin
