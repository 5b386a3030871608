"""Which password shall a user have? It is asked for, or read from standard input."""

from __future__ import annotations

import sys

import click

from tracker.cli.context import find_user, open_services


@click.command("password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")
def change_password(email: str, password_stdin: bool) -> None:
    """Give the user EMAIL another password. Asks for it; sessions opened with the old one end, keys stay."""
    with open_services() as services:
        found = find_user(services, email)
        services.stores.users.change_password(found.id, new_password(is_piped=password_stdin))
    click.echo(f"Changed the password of {found.email}")


def new_password(is_piped: bool) -> str:
    if is_piped:
        return sys.stdin.readline().rstrip("\r\n")
    return click.prompt("Password", hide_input=True, confirmation_prompt=True, type=str)
