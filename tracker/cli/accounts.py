"""Account commands: `tracker user`, `tracker key`, `tracker list` and `tracker audit`."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from tracker.caller import ADMINISTRATOR, PERMISSION
from tracker.cli.context import find_user, open_services
from tracker.cli.output import print_table
from tracker.fields import KeyName, ListName, Text, is_valid
from tracker.plugins import load_commands
from tracker.registry import Registry
from tracker.storage.accounts import AuditEntry, Key
from tracker.times import iso_utc

AUDIT_HEADS = ("ENTRY", "AT", "USER", "BY", "ACTION", "OBJECT")


@click.group()
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


@user.command("password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")
def change_password(email: str, password_stdin: bool) -> None:
    """Give the user EMAIL another password. Asks for it; sessions opened with the old one end, keys stay."""
    with open_services() as services:
        found = find_user(services, email)
        services.stores.users.change_password(found.id, new_password(is_piped=password_stdin))
    click.echo(f"Changed the password of {found.email}")


@click.group()
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


@click.group("list")
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


@click.command("audit")
@click.argument("email", required=False)
@click.option("--most", default=100, show_default=True, type=click.IntRange(min=1), help="Entries to show.")
@click.option(
    "--before", type=click.IntRange(min=1), metavar="ENTRY", help="Only entries older than this one."
)
def show_audit(email: str | None, most: int, before: int | None) -> None:
    """Show the audit log, newest first: of all users, or of the user EMAIL.

    It tells of logins and failed ones, of keys and accounts made, of exports and deletions. Users are numbers in it.
    """
    with open_services() as services:
        user_id = find_user(services, email).id if email else None
        entries = services.audit.page(most, user_id, before)
    print_table(AUDIT_HEADS, map(audit_row, entries))


def new_password(is_piped: bool) -> str:
    if is_piped:
        return sys.stdin.readline().rstrip("\r\n")
    return click.prompt("Password", hide_input=True, confirmation_prompt=True, type=str)


def key_row(key: Key) -> tuple[str, ...]:
    state = "active" if key.revoked_at is None else f"revoked {iso_utc(key.revoked_at)}"
    permissions = key.permissions or "(event.track only)"
    return key.prefix, iso_utc(key.created_at), state, permissions, key.name or ""


def audit_row(entry: AuditEntry) -> tuple[str, ...]:
    who = "-" if entry.user_id is None else str(entry.user_id)
    return str(entry.id), iso_utc(entry.at), who, _by(entry), entry.action, entry.object


def _by(entry: AuditEntry) -> str:
    """With which credential; a login that failed has none, and neither has the script."""
    credentials = (("key", entry.key), ("session", entry.session))
    return ", ".join(f"{kind} {name}" for kind, name in credentials if name) or "-"


def _check(field: Text, value: str, rule: str) -> None:
    """The rule that a command has for the parameter holds here too."""
    if not is_valid(field, value):
        raise click.ClickException(rule)


def _note_unknown(permissions: Iterable[str], registry: Registry) -> None:
    known = {"*", ADMINISTRATOR, *(str(entry.command.permission) for entry in registry)}
    for name in permissions:
        if name not in known:
            click.echo(f"Note: no command asks for the permission '{name}'", err=True)
