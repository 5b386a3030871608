"""`tracker mail test`: what the server says is printed, and a mail that it does not accept is a failure."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.shell import Shell
from tests.mail.mailbox import SENDER, Mailbox, receiving_mails


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with receiving_mails() as box:
        yield box


@pytest.fixture
def mailing(shell: Shell, box: Mailbox) -> Shell:
    shell.settings |= {"TRACKER_SMTP_URL": box.url, "TRACKER_MAIL_FROM": SENDER}
    return shell


def test_the_dialogue_is_printed(mailing: Shell, box: Mailbox) -> None:
    lines = mailing.ok("mail", "test", "ada@example.com").splitlines()
    assert lines[0] == f"* Connecting to 127.0.0.1:{box.port}"
    assert {"> MAIL FROM:<tracker@example.com>", "> RCPT TO:<ada@example.com>", "> DATA"} <= set(lines)
    assert lines[-2:] == ["< 250 Taken", "The server has accepted the mail for ada@example.com"]
    assert box.messages[-1]["Subject"] == "A mail from Tracker"


def test_a_mail_that_is_not_accepted_is_a_failure(mailing: Shell, box: Mailbox) -> None:
    box.answers = ["554 Spam"]
    done = mailing.run("mail", "test", "ada@example.com")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (1, "! the server answered 554 Spam")


def test_what_cannot_be_tried_is_one_line(shell: Shell, mailing: Shell) -> None:
    assert mailing.fails("mail", "test", "ada").strip() == "'ada' is no address that a mail can be sent to"
    mailing.settings["TRACKER_MAIL_FROM"] = ""
    assert mailing.fails("mail", "test", "a@b.example").startswith("TRACKER_MAIL_FROM must be an address")
    mailing.settings["TRACKER_SMTP_URL"] = "http://x"
    assert mailing.fails("mail", "test", "a@b.example").startswith("TRACKER_SMTP_URL must begin with smtp://")
    mailing.settings["TRACKER_SMTP_URL"] = ""
    assert mailing.fails("mail", "test", "a@b.example").startswith("no mails are sent")
