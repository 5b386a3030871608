"""Commands about mails: `tracker mail test`."""

from __future__ import annotations

import uuid

import click

from tracker.app import mail_sender
from tracker.config import Settings
from tracker.formats.email_address import email_key, sendable
from tracker.mail import TEST_MAIL


@click.group()
def mail() -> None:
    """Try the server that sends mails."""


@mail.command("test")
@click.argument("address")
def send_test(address: str) -> None:
    """Send a mail to ADDRESS and print what was said: `>` Tracker's lines, `<` the server's. Exits with 1 if it was not accepted."""
    sender = mail_sender(Settings.from_environ())
    if sender is None:
        raise click.ClickException("no mails are sent: TRACKER_SMTP_URL is empty")
    spelled = email_key(address)
    to = None if spelled is None else sendable(*spelled)
    if to is None:
        raise click.ClickException(f"'{address}' is no address that a mail can be sent to")
    done = sender.send(to, TEST_MAIL, str(uuid.uuid4()))
    click.echo("\n".join(done.dialogue))
    if not done.is_accepted:
        raise SystemExit(1)
    click.echo(f"The server has accepted the mail for {address}")
