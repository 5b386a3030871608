"""Mail server of the settings: where it is, how the connection is secured, and who signs in."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import unquote

from tracker.formats.server_url import server_parts

#: The ports of a URL without one: mail submission (RFC 6409), and submission over TLS from the start (RFC 8314).
PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server. `is_secure`: TLS from the start; otherwise STARTTLS is used wherever it is offered.

    `is_local`: it is on this machine. Between it and Tracker there is nobody, so its certificate need not be good, and a
    password may be sent without TLS.
    """

    host: str
    port: int
    is_secure: bool
    user: str | None
    password: str | None = field(repr=False)
    is_local: bool

    @classmethod
    def parse(cls, text: str) -> MailServer | None:
        """Read `smtp://USER:PASSWORD@HOST:PORT`; None for empty text. Raises ValueError with one line, which has no password in it."""
        if not text:
            return None
        parts = server_parts(text)
        if parts is None:
            raise ValueError("TRACKER_SMTP_URL has no valid host and port")
        host, port = parts.hostname or "", parts.port
        if parts.scheme not in PORTS:
            raise ValueError("TRACKER_SMTP_URL must begin with smtp:// or smtps://")
        if not host or port == 0 or parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError("TRACKER_SMTP_URL must be smtp://USER:PASSWORD@HOST:PORT and nothing more")
        if (parts.username is None) is not (parts.password is None):
            raise ValueError("TRACKER_SMTP_URL must have both a user and a password, or neither")
        user, password = (
            None if each is None else unquote(each) for each in (parts.username, parts.password)
        )
        number = port or PORTS[parts.scheme]
        return cls(host, number, parts.scheme == "smtps", user, password, _is_local(host))


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
