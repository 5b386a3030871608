"""Who did what, and when? `tracker audit`."""

from __future__ import annotations

import click

from tracker.cli.context import find_user, open_services
from tracker.cli.tables import audit_row, print_table

HEADS = ("ENTRY", "AT", "USER", "BY", "ACTION", "OBJECT")


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
    print_table(HEADS, map(audit_row, entries))
