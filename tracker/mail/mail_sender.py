"""Mail sender: the conversation that hands one mail to the server, bounded in time, with a record of every line of it."""

from __future__ import annotations

import base64
import re
import smtplib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from enum import Enum
from typing import Any

import gevent
from gevent import socket, ssl

from tracker.formats.email_address import email_key
from tracker.mail.mail_message import MailMessage
from tracker.mail.mail_server import MailServer

#: Seconds that a conversation may take from the look-up of the host to the last answer; lines and characters that are kept of it.
MAIL_SECONDS, MAX_LINES, MAX_LINE = 30.0, 100, 400
#: What may be a part of credentials in Base64; shorter words tell nothing.
_MAYBE_PART = re.compile(r"[A-Za-z0-9+/=]{6,}")


class MailOutcome(Enum):
    """What became of a mail. Only after UNKNOWN may it have been delivered without Tracker's knowing."""

    ACCEPTED = "accepted"
    REFUSED = "refused for good"
    FAILED = "not sent now"
    UNKNOWN = "perhaps sent"
    UNCLAIMED = "not sent: it is another's to send, or was sent before"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The outcome of one mail. `failure` says in one line why it was not accepted; `dialogue` are the lines: `>` ours, `<` the server's.

    `is_server_at_fault`: the server is not there, or breaks off: it would do so with the next mail.
    """

    outcome: MailOutcome
    failure: str | None
    dialogue: tuple[str, ...]
    is_server_at_fault: bool = False

    @property
    def is_accepted(self) -> bool:
        return self.outcome is MailOutcome.ACCEPTED


class MailSender:
    """Hands mails to one server. Each mail has a connection of its own; several may be under way at once.

    `context` has the certificates that are trusted; without one, those of the system.
    """

    def __init__(self, server: MailServer, sender: str, context: ssl.SSLContext | None = None) -> None:
        self.server, self.sender = server, sender
        self._context = context

    @classmethod
    def of(cls, url: str, sender: str) -> MailSender | None:
        """Return the sender of the settings; None if no mails are to be sent. Raises ValueError with one line."""
        server = MailServer.parse(url)
        if server is not None and email_key(parseaddr(sender)[1]) is None:
            raise ValueError("TRACKER_MAIL_FROM must be an address, such as Tracker <tracker@example.com>")
        return None if server is None else cls(server, sender)

    def send(
        self,
        to: str,
        message: MailMessage,
        message_id: str,
        claim: Callable[[], bool] = lambda: True,
        seconds: float = MAIL_SECONDS,
    ) -> Delivered:
        """Send a mail. `claim()` is called when nothing but the mail itself is left to be said: False ends it there.

        What `claim` raises is raised; every failure of the server is an outcome.
        """
        address = parseaddr(self.sender)[1]
        mail = message.rendered(self.sender, to, message_id, time.time())
        talk = _Conversation(self.server, address.rpartition("@")[2], self._trusted, seconds)
        timeout = gevent.Timeout(seconds)
        try:
            with timeout:
                outcome, failure = talk.hand_over(address, to, mail, claim)
        except gevent.Timeout as late:
            if late is not timeout:
                raise
            talk.has_broken = True
            outcome, failure = talk.outcome_of_break, f"no answer within {seconds:g} seconds"
        finally:
            talk.close()
        if failure is not None:
            talk.note("!", failure)
        return Delivered(outcome, failure, tuple(talk.dialogue), talk.has_broken)

    def _trusted(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = _context(is_checked=not self.server.is_local)
        return self._context


class _Conversation(smtplib.SMTP):
    """One connection. `is_handing_over`: the mail itself has begun, so that a break leaves its outcome unknown."""

    def __init__(
        self, server: MailServer, name: str, trusted: Callable[[], ssl.SSLContext], seconds: float
    ) -> None:
        super().__init__(local_hostname=name, timeout=seconds)
        self._server, self._trusted = server, trusted
        self.dialogue: list[str] = []
        self._hidden = False
        #: The password as it is, then what is sent in Base64.
        self._secrets: tuple[str, ...] = ()
        self.outcome_of_break, self.has_broken = MailOutcome.FAILED, False

    def hand_over(
        self, address: str, to: str, mail: bytes, claim: Callable[[], bool]
    ) -> tuple[MailOutcome, str | None]:
        """Say everything. Returns the outcome, and why the mail was not accepted."""
        try:
            self._greet()
            for command in (f"MAIL FROM:<{address}>", f"RCPT TO:<{to}>"):
                self._expect(2, *self.docmd(command))
            return self._mail_itself(mail) if claim() else (MailOutcome.UNCLAIMED, None)
        except _Refused as refused:
            lasting = MailOutcome.REFUSED if refused.is_final else MailOutcome.FAILED
            return lasting, str(refused)
        except (smtplib.SMTPException, OSError) as failure:
            self.has_broken = True
            return self.outcome_of_break, _words_for(failure)

    def note(self, mark: str, text: str) -> None:
        if len(self.dialogue) < MAX_LINES:
            self.dialogue.append(f"{mark} {text[:MAX_LINE]}")

    def _greet(self) -> None:
        server = self._server
        self.note("*", f"Connecting to {server.host}:{server.port}{', with TLS' if server.is_secure else ''}")
        self._host = server.host
        self._expect(2, *self.connect(server.host, server.port))
        self._expect(2, *self.ehlo())
        is_secret = server.is_secure
        if not is_secret and self.has_extn("starttls"):
            self._expect(2, *self.starttls(context=self._trusted()))
            self.note("*", "The connection has TLS now")
            self._expect(2, *self.ehlo())
            is_secret = True
        if server.user is None or server.password is None:
            return
        if not is_secret and not server.is_local:
            raise _Refused(None, "the server offers no TLS, and a password is not sent without it")
        self._sign_in(server.user, server.password)

    def _sign_in(self, user: str, password: str) -> None:
        """Sign in by AUTH PLAIN, or by AUTH LOGIN where that is all the server knows."""
        if not self.has_extn("auth"):
            raise _Refused(None, "the server takes no user and password")
        self._hidden = True
        plain, name, word = (_base64(text) for text in (f"\0{user}\0{password}", user, password))
        self._secrets = (password, plain, word, name)
        if "PLAIN" in self.esmtp_features["auth"].upper().split():
            self._expect(2, *self.docmd("AUTH PLAIN", plain))
        else:
            self._expect(3, *self.docmd("AUTH LOGIN"))
            self._expect(3, *self.docmd(name))
            self._expect(2, *self.docmd(word))
        self._hidden = False

    def _mail_itself(self, mail: bytes) -> tuple[MailOutcome, str | None]:
        """Send the mail. Until the server asks for it, and by what it answers after its end, the outcome is known."""
        self._expect(3, *self.docmd("DATA"))
        self.outcome_of_break = MailOutcome.UNKNOWN
        self.note("*", f"The mail: {len(mail):,} bytes")
        self._hidden = True
        self.send(re.sub(rb"(?m)^\.", b"..", mail.rstrip(b"\r\n")) + b"\r\n.\r\n")
        self._hidden = False
        self._expect(2, *self.getreply())
        return MailOutcome.ACCEPTED, None

    def _expect(self, kind: int, code: int, said: bytes) -> None:
        """Raise _Refused unless the answer is of this kind."""
        if code // 100 != kind:
            words = said.decode("utf-8", "replace").replace("\n", " ")
            raise _Refused(code, f"the server answered {code} {words}"[:MAX_LINE])

    def _get_socket(self, host: str, port: int, timeout: Any) -> Any:
        plain = socket.create_connection((host, port), timeout=timeout)
        if not self._server.is_secure:
            return plain
        return self._trusted().wrap_socket(plain, server_hostname=host)

    def putcmd(self, cmd: str, args: str = "") -> None:
        line = f"{cmd} {args}".rstrip()
        hidden = line if not self._hidden else ("AUTH PLAIN ***" if line.startswith("AUTH PLAIN") else "***")
        self.note(">", line if line == "AUTH LOGIN" else hidden)
        super().putcmd(cmd, args)

    def getreply(self) -> tuple[int, bytes]:
        code, said = super().getreply()
        text = _masked(said.decode("utf-8", "replace"), self._secrets)
        for line in text.split("\n"):
            self.note("<", f"{code} {line}")
        return code, text.encode()


class _Refused(Exception):
    """The server, or the rules, refuse the mail. Without a code it is the settings that have to change."""

    def __init__(self, code: int | None, words: str) -> None:
        super().__init__(words)
        self.is_final = code is not None and code // 100 == 5


def _context(*, is_checked: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if is_checked:
        context.load_default_certs()
    else:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _masked(said: str, secrets: Sequence[str]) -> str:
    """Return what a server says without credentials: some repeat what they refuse, whole, cut, or over several lines."""
    for secret in filter(None, secrets):
        said = re.sub(re.escape(secret), "***", said, flags=re.IGNORECASE)
    known = " ".join(secrets[1:]).lower()
    return _MAYBE_PART.sub(lambda found: "***" if found[0].lower() in known else found[0], said)


def _words_for(failure: Exception) -> str:
    if isinstance(failure, TimeoutError):
        return "the server did not answer in time"
    if isinstance(failure, ssl.SSLCertVerificationError):
        return f"the server's certificate is not good for this host: {failure.verify_message}"
    if isinstance(failure, ssl.SSLError):
        return "no TLS connection could be made"
    if isinstance(failure, socket.gaierror):
        return "the server's name has no address"
    if isinstance(failure, smtplib.SMTPException):
        return f"the connection broke off: {failure}"[:MAX_LINE]
    return (
        f"the server is not reached: {failure.strerror or type(failure).__name__}"
        if isinstance(failure, OSError)
        else str(failure)
    )
