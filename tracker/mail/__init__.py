"""Mail: messages that cannot be bent by what stands in them, and the one conversation with a server that sends each."""

from __future__ import annotations

from tracker.mail.mail_message import TEST_MAIL, MailAttachment, MailMessage
from tracker.mail.mail_sender import Delivered, MailOutcome, MailSender
from tracker.mail.mail_server import MailServer

__all__ = [
    "TEST_MAIL",
    "Delivered",
    "MailAttachment",
    "MailMessage",
    "MailOutcome",
    "MailSender",
    "MailServer",
]
