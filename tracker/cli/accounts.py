"""Account commands: `tracker user`, `tracker key`, `tracker list` and `tracker audit`."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from tracker.caller import ADMINISTRATOR, PERMISSION
from tracker.cli.context import find_user, open_services
from tracker.cli.output import note, print_table
from tracker.fields import KeyName, ListName, Text, is_valid
from tracker.plugins import load_commands
from tracker.registry import Registry
from tracker.storage.accounts import ApiKey, AuditEntry
from tracker.times import iso_utc

AUDIT_HEADS = ("ENTRY", "AT", "USER", "BY", "ACTION", "OBJECT")


@click.group()
def user() -> None:
    """Add users and change their passwords."""


@user.command("add")
@click.argument("email")
@click.option("--admin", is_flag=True, help="Make an administrator.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")
def add_user(email: str, admin: bool, password_stdin: bool) -> None:
    """Add the user EMAIL. Asks for a password, and prints the next step."""
    with open_services() as services:
        services.stores.users.add(email, new_password(is_piped=password_stdin), is_admin=admin)
        click.echo(f"Added user {email}")
    note(f"Next: make a list with 'tracker list add {email} NAME'")


@user.command("password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")
def change_password(email: str, password_stdin: bool) -> None:
    """Change the password of the user EMAIL. Asks for it; sessions opened with the old password end, keys stay."""
    with open_services() as services:
        found = find_user(services, email)
        services.stores.users.change_password(found.id, new_password(is_piped=password_stdin))
    click.echo(f"Changed the password of {found.email}")


@click.group()
def key() -> None:
    """Make, list and revoke API keys."""


@key.command("add")
@click.argument("email")
@click.option(
    "--permission", "permissions", multiple=True, metavar="NAME", help="Allow this permission; repeatable."
)
@click.option("--name", metavar="TEXT", help="Give the key a name, for lists of keys.")
def add_key(email: str, permissions: tuple[str, ...], name: str | None) -> None:
    """Make an API key for the user EMAIL and print it, this once.

    Without --permission the key may call only commands that need none, such as event.track; '*' gives it all permissions
    of its user. To call administrators' commands, an administrator's key needs the permission 'Administrator' as well.
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
    """Revoke the API key PREFIX, which `key list` shows. Every worker refuses it within 5 seconds."""
    with open_services() as services:
        if not services.stores.keys.revoke(prefix):
            raise click.ClickException(f"there is no key with the prefix '{prefix}'")
    click.echo(f"Revoked {prefix}")


@click.group("list")
def lists() -> None:
    """Make lists."""


@lists.command("add")
@click.argument("email")
@click.argument("name")
def add_list(email: str, name: str) -> None:
    """Make the list NAME for the user EMAIL. Prints its ListID, and the next step on standard error."""
    _check(ListName(), name, "the name of a list is 1 to 250 characters, not all blank")
    with open_services() as services:
        click.echo(services.stores.lists.add(find_user(services, email).id, name))
    note(f"Next: make a key with 'tracker key add {email}', or copy the list's snippet from the console")


@click.command("audit")
@click.argument("email", required=False)
@click.option(
    "--most", default=100, show_default=True, type=click.IntRange(min=1), help="Show this many entries."
)
@click.option(
    "--before", type=click.IntRange(min=1), metavar="ENTRY", help="Show only entries older than this one."
)
def show_audit(email: str | None, most: int, before: int | None) -> None:
    """Show the audit log, newest first: of all users, or of the user EMAIL.

    The log has logins and failed logins, keys and accounts made, exports and deletions. Users are numbers in it.
    """
    with open_services() as services:
        user_id = find_user(services, email).id if email else None
        entries = services.audit.page(most, user_id, before)
    print_table(AUDIT_HEADS, map(audit_row, entries))


def new_password(is_piped: bool) -> str:
    """Ask for a password, or read it from standard input."""
    if is_piped:
        return sys.stdin.readline().rstrip("\r\n")
    return click.prompt("Password", hide_input=True, confirmation_prompt=True, type=str)


def key_row(key: ApiKey) -> tuple[str, ...]:
    """Return the cells of a key."""
    state = "active" if key.revoked_at is None else f"revoked {iso_utc(key.revoked_at)}"
    permissions = key.permissions or "(event.track only)"
    return key.prefix, iso_utc(key.created_at), state, permissions, key.name or ""


def audit_row(entry: AuditEntry) -> tuple[str, ...]:
    """Return the cells of an entry of the audit log."""
    who = "-" if entry.user_id is None else str(entry.user_id)
    return str(entry.id), iso_utc(entry.at), who, _by(entry), entry.action, entry.object


def _by(entry: AuditEntry) -> str:
    """Return the credential of an entry; failed logins and this script have none."""
    credentials = (("key", entry.key), ("session", entry.session))
    return ", ".join(f"{kind} {name}" for kind, name in credentials if name) or "-"


def _check(field: Text, value: str, rule: str) -> None:
    """Check a value by the rule that commands have for such a parameter. Raises ClickException with `rule`."""
    if not is_valid(field, value):
        raise click.ClickException(rule)


def _note_unknown(permissions: Iterable[str], registry: Registry) -> None:
    known = {"*", ADMINISTRATOR, *(str(entry.command.permission) for entry in registry)}
    for name in permissions:
        if name not in known:
            note(f"Note: no command asks for the permission '{name}'")
