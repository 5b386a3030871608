"""What can be done from a shell? The `tracker` script; every failure is one line and an exit code other than 0."""

from __future__ import annotations

from collections.abc import Iterable

import click
from marshmallow import ValidationError

from tracker import __version__
from tracker.caller import ADMINISTRATOR, PERMISSION
from tracker.cli.audit import show_audit
from tracker.cli.backup import backup_database, restore_database
from tracker.cli.bots import bots
from tracker.cli.check import check
from tracker.cli.context import find_user, open_services
from tracker.cli.demo import make_traffic, serve_shop
from tracker.cli.exit_errors import Script
from tracker.cli.import_file import import_file
from tracker.cli.passwords import change_password, new_password
from tracker.cli.retention import retain
from tracker.cli.tables import command_row, key_row, print_table
from tracker.config import Settings
from tracker.demo.account import make_demo
from tracker.fields import KeyName, ListName, Text
from tracker.plugins import load_commands
from tracker.rate_limits import parse_overrides
from tracker.registry import Registry
from tracker.serve import serve_forever, upgrade
from tracker.services import Stores


@click.group(cls=Script)
@click.version_option(__version__, message="%(version)s")
def main() -> None:
    """Set up and run Tracker. The settings are environment variables: see docs/operations.md."""


@main.group()
def user() -> None:
    """Accounts."""


@user.command("add")
@click.argument("email")
@click.option("--admin", is_flag=True, help="Make an administrator.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")
def add_user(email: str, admin: bool, password_stdin: bool) -> None:
    """Add the user EMAIL. Asks for a password."""
    with open_services() as services:
        services.stores.users.add(email, new_password(is_piped=password_stdin), is_admin=admin)
        click.echo(f"Added user {email}")


user.add_command(change_password)


@main.group()
def key() -> None:
    """API keys."""


@key.command("add")
@click.argument("email")
@click.option(
    "--permission", "permissions", multiple=True, metavar="NAME", help="What it may do; repeatable."
)
@click.option("--name", metavar="TEXT", help="What to call it in lists of keys.")
def add_key(email: str, permissions: tuple[str, ...], name: str | None) -> None:
    """Make an API key for the user EMAIL and print it, this once.

    Without any permission it may call event.track and nothing else that needs one; '*' is all its user's permissions.
    An administrator's key that is for administrators' commands needs the permission 'Administrator' beside it.
    """
    _check(KeyName(), name or "", "the name of a key is 250 characters at most")
    for permission in permissions:
        if not PERMISSION.fullmatch(permission):
            raise click.ClickException(f"'{permission}' is not the name of a permission")
    with open_services() as services:
        owner = find_user(services, email)
        _note_unknown(permissions, load_commands(services.settings.plugins_folder))
        click.echo(services.stores.keys.add_named(owner.id, ",".join(dict.fromkeys(permissions)), name).text)


@key.command("list")
@click.argument("email")
def list_keys(email: str) -> None:
    """List the API keys of the user EMAIL by their prefixes."""
    with open_services() as services:
        keys = services.stores.keys.of_user(find_user(services, email).id)
    print_table(("PREFIX", "CREATED", "STATE", "PERMISSIONS", "NAME"), map(key_row, keys))


@key.command("revoke")
@click.argument("prefix")
def revoke_key(prefix: str) -> None:
    """Revoke the API key PREFIX (as `key list` shows it). Every worker refuses it within 5 seconds."""
    with open_services() as services:
        if not services.stores.keys.revoke(prefix):
            raise click.ClickException(f"there is no key with the prefix '{prefix}'")
    click.echo(f"Revoked {prefix}")


@main.group("list")
def lists() -> None:
    """Lists."""


@lists.command("add")
@click.argument("email")
@click.argument("name")
def add_list(email: str, name: str) -> None:
    """Make the list NAME for the user EMAIL and print its ListID."""
    _check(ListName(), name, "the name of a list is 1 to 250 characters, not all blank")
    with open_services() as services:
        click.echo(services.stores.lists.add(find_user(services, email).id, name))


main.add_command(bots)
main.add_command(import_file)
main.add_command(show_audit)
main.add_command(make_traffic)
main.add_command(serve_shop)


@main.command("commands")
def show_commands() -> None:
    """List the API commands, plugins included."""
    settings = Settings.from_environ()
    registry = load_commands(settings.plugins_folder)
    limits = parse_overrides(settings.limits)
    owners = {entry: registry.find(entry.limited_as) or entry for entry in registry}
    rows = (
        command_row(entry, limits.get(entry.limited_as) or owner.command.rate_limit)
        for entry, owner in owners.items()
    )
    print_table(("COMMAND", "CALL", "PERMISSION", "LIMIT", "FROM"), rows)


@main.group()
def db() -> None:
    """The database."""


db.add_command(backup_database)
db.add_command(restore_database)


@db.command("upgrade")
def upgrade_database() -> None:
    """Make or upgrade the tables. Can be run again at any time, also after it was killed."""
    settings = Settings.from_environ()
    applied = upgrade(settings, load_commands(settings.plugins_folder))
    click.echo("\n".join(f"Applied {name}" for name in applied) or "Up to date")


@db.command("check")
@click.option("--repair", is_flag=True, help="Make the figures agree with the events.")
def check_database(repair: bool) -> None:
    """Count all events again and print every difference of counters and catalogue; ends with 1 if any is left.

    Can be run while Tracker serves.
    """
    with open_services() as services:
        if not check(services.storage, is_repairing=repair):
            raise SystemExit(1)


@main.command()
@click.option("--list", "list_id", type=int, metavar="N", help="Of this list alone.")
@click.option("--dry-run", is_flag=True, help="Delete nothing, and say how many it would be.")
@click.option(
    "--clock-is-right", is_flag=True, help="Delete, though the clock is days ahead of the last start."
)
def retention(list_id: int | None, dry_run: bool, clock_is_right: bool) -> None:
    """Delete the events that are older than their lists keep them, as Tracker does by itself once a day."""
    with open_services() as services:
        retain(services, list_id, is_dry_run=dry_run, is_clock_right=clock_is_right)


@main.command()
@click.option(
    "--demo", is_flag=True, help="On an empty database, make a demo account, list and key and print them."
)
def serve(demo: bool) -> None:
    """Upgrade the database and serve in the foreground."""
    settings = Settings.from_environ()

    def made(stores: Stores) -> str | None:
        account = make_demo(stores)
        return None if account is None else account.text(settings.listening_url)

    serve_forever(settings, click.echo, made if demo else None)


def _check(field: Text, value: str, rule: str) -> None:
    """The rule that a command has for the parameter holds here too."""
    try:
        field.deserialize(value)
    except ValidationError:
        raise click.ClickException(rule) from None


def _note_unknown(permissions: Iterable[str], registry: Registry) -> None:
    known = {"*", ADMINISTRATOR, *(str(entry.command.permission) for entry in registry)}
    for name in permissions:
        if name not in known:
            click.echo(f"Note: no command asks for the permission '{name}'", err=True)
