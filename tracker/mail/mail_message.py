"""Mail message: sender, receiver, subject, text and HTML as bytes, with headers that nothing in them can break out of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import formatdate, parseaddr
from os.path import splitext
from typing import Any
from urllib.parse import quote

#: Characters of a subject and of a sender's name: enough for a report's name and a list's. Bytes of a file's name.
MAX_HEADER, MAX_FILE_NAME = 250, 200
#: How an encoded word begins (RFC 2047): text that has this is encoded, or it would be read as what it encodes.
_ENCODED_WORD = "=?"
_FILE_NAME = re.compile(r"[A-Za-z0-9 ._-]+")


class _AsWritten(EmailPolicy):
    """Sends header values as they are given. The usual policies decode the encoded words in them and write what they find."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, str]:
        return name, str(value)

    def header_fetch_parse(self, name: str, value: Any) -> str:
        return str(value)

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}{self.linesep}"

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii")


#: Every byte of a mail is ASCII, so that any server passes it on.
_ASCII = _AsWritten(linesep="\r\n", cte_type="7bit")


@dataclass(frozen=True, slots=True)
class MailAttachment:
    """A file of a mail: its name, its bytes and, below `text/`, their kind."""

    name: str
    data: bytes
    kind: str


@dataclass(frozen=True, slots=True)
class MailMessage:
    """What one mail says. `headers` are further ones, such as List-Unsubscribe; URLs among them stay in one line (RFC 8058)."""

    subject: str
    text: str
    html: str | None = None
    attachment: MailAttachment | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def rendered(self, sender: str, to: str, message_id: str, at_seconds: float) -> bytes:
        """Return the mail as it is sent. `sender` is an address, or `Name <address>`; `to` is an address."""
        name, address = parseaddr(sender)
        mail = EmailMessage(policy=_ASCII)
        mail["From"] = f"{_phrase(name)} <{address}>" if name else address
        mail["To"] = to
        mail["Subject"] = _unstructured("Subject", self.subject)
        mail["Date"] = formatdate(at_seconds)
        mail["Message-ID"] = f"<{message_id}@{address.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        for key, value in self.headers.items():
            mail[key] = _unstructured(key, value)
        mail.set_content(self.text)
        if self.html is not None:
            mail.add_alternative(self.html, subtype="html")
        if self.attachment is not None:
            part = self.attachment
            mail.add_attachment(
                part.data, maintype="text", subtype=part.kind, disposition=_disposition(part.name)
            )
        return mail.as_bytes()


def _unstructured(key: str, text: str) -> str:
    """Return the header's value: text as it is, in one line of less than the 998 characters that a line may have, or encoded."""
    line = one_line(text, MAX_HEADER * 3)
    return line if line.isascii() and _ENCODED_WORD not in line else _encoded(line, key)


def _phrase(name: str) -> str:
    """Return the name before an address, in quotes or encoded."""
    line = one_line(name)
    if not line.isascii() or _ENCODED_WORD in line:
        return _encoded(line, "From")
    return '"' + re.sub(r'(["\\])', r"\\\1", line) + '"'


def _encoded(line: str, key: str) -> str:
    return Header(line, "utf-8", header_name=key).encode(linesep="\r\n")


def _disposition(name: str) -> str:
    """Return the Content-Disposition of a file. A name that is not plain is encoded whole (RFC 2231); a long one keeps its ending."""
    stem, ending = splitext(one_line(name, len(name)))
    kept = MAX_FILE_NAME - len(ending.encode())
    whole = stem.encode()[: max(kept, 0)].decode(errors="ignore") + ending[:MAX_FILE_NAME]
    if _FILE_NAME.fullmatch(whole):
        return f'attachment; filename="{whole}"'
    return f"attachment; filename*=utf-8''{quote(whole, safe='')}"


def one_line(text: str, most: int = MAX_HEADER) -> str:
    """Return text as one line: of what breaks lines or is not seen, such as NUL or a lone surrogate, a blank is left."""
    seen = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(seen.split())[:most]


#: The mail by which somebody tries the server.
TEST_MAIL = MailMessage(
    "A mail from Tracker",
    "This mail was sent to try the mail server of a Tracker. Nothing has to be done about it.\n",
)
