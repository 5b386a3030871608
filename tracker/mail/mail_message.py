"""Mail message: sender, receiver, subject, text and HTML as bytes, with headers that nothing in them can break out of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr

#: Characters of a subject and of a sender's name: enough for a report's name and a list's.
MAX_HEADER = 250
#: Every byte of a mail is ASCII, so that any server passes it on.
_ASCII = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class MailAttachment:
    """A file of a mail: its name, its bytes and, below `text/`, their kind."""

    name: str
    data: bytes
    kind: str


@dataclass(frozen=True, slots=True)
class MailMessage:
    """What one mail says. `headers` are further ones, such as List-Unsubscribe; their values are made by Tracker, but cleaned all the same."""

    subject: str
    text: str
    html: str | None = None
    attachment: MailAttachment | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def rendered(self, sender: str, to: str, message_id: str, at_seconds: float) -> bytes:
        """Return the mail as it is sent. `sender` is an address, or `Name <address>`; `to` is an address."""
        name, address = parseaddr(sender)
        mail = EmailMessage(policy=_ASCII)
        mail["From"] = Address(one_line(name), addr_spec=address)
        mail["To"] = Address(addr_spec=to)
        mail["Subject"] = one_line(self.subject)
        mail["Date"] = formatdate(at_seconds)
        mail["Message-ID"] = f"<{message_id}@{address.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        for key, value in self.headers.items():
            mail[key] = one_line(value, MAX_HEADER * 4)
        mail.set_content(self.text)
        if self.html is not None:
            mail.add_alternative(self.html, subtype="html")
        if self.attachment is not None:
            part = self.attachment
            mail.add_attachment(
                part.data, maintype="text", subtype=part.kind, filename=one_line(part.name, 100)
            )
        return mail.as_bytes()


def one_line(text: str, most: int = MAX_HEADER) -> str:
    """Return text as one line: of what breaks lines or is not seen, such as NUL or a lone surrogate, a blank is left."""
    seen = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(seen.split())[:most]


def is_address_sendable(address: str) -> bool:
    """Whether a server without SMTPUTF8 takes the address: its local part is ASCII, and the domain can be written so."""
    return address.isascii()


#: The mail by which somebody tries the server.
TEST_MAIL = MailMessage(
    "A mail from Tracker",
    "This mail was sent to try the mail server of a Tracker. Nothing has to be done about it.\n",
)
