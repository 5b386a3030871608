"""A mail server for tests: it keeps what it takes, and refuses, hangs or breaks off as a test tells it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

USER, PASSWORD = "tracker", "pass word/+@"
#: The sender of tests.
SENDER = "Tracker <tracker@example.com>"


class Mailbox:
    """`answers` are taken in order, one for each mail: a reply of SMTP, `hang`, or `drop`. `refused` are addresses."""

    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.answers: list[str] = []
        self.refused: set[str] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def messages(self) -> list[EmailMessage]:
        return [
            cast(EmailMessage, message_from_bytes(cast(bytes, each.content), policy=default))
            for each in self.mails
        ]

    @property
    def receivers(self) -> list[str]:
        return [to for each in self.mails for to in each.rcpt_tos]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 Taken"
        if answer == "drop":
            self.mails.append(envelope)
            cast(asyncio.Transport, server.transport).abort()
        if answer == "hang":
            await asyncio.sleep(3600)
        if answer.startswith("250"):
            self.mails.append(envelope)
        return answer


class AnyPort(Controller):
    """A server at a port that was free."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


def _may_enter(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=False)


@contextmanager
def receiving_mails(context: ssl.SSLContext | None = None, **options: Any) -> Iterator[Mailbox]:
    """A server that takes mails, with STARTTLS if there is a `context` for it."""
    box = Mailbox()
    options = {"authenticator": _may_enter, "auth_require_tls": False, **options}
    controller = AnyPort(box, hostname="127.0.0.1", port=0, tls_context=context, **options)
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        controller.stop()
