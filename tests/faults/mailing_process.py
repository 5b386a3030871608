"""What is a process that looks once at the mails that are due, at a time of the test's? `python -m tests.faults.mailing_process …`."""

from __future__ import annotations

import sys

from tests.mail.mailbox import SENDER
from tracker.delivery.mail_worker import MailWorker
from tracker.mail import MailMessage, MailSender
from tracker.storage.schema.own_database import own_database

#: Long enough to be sent in parts.
TEXT = "Numbers\n" * 40_000


def main(database_url: str, smtp_url: str, now: str) -> None:
    """Send what is due at `now`, in UTC milliseconds."""
    database, sender = own_database(database_url), MailSender.of(smtp_url, SENDER)
    worker = MailWorker(
        database,
        lambda: int(now),
        sender,
        "https://t.example",
        lambda *_: lambda _: MailMessage("Numbers", TEXT),
    )
    worker.look()
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
