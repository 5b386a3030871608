"""Gateway URL: where the instance that answers reports for others is asked: a socket of this machine, or a host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from tracker.formats.server_url import host_and_port, server_parts

#: Scheme -> whether TLS is spoken, and the usual port. Without TLS the scheme says that the network between is private.
SCHEMES = {"https": (True, 443), "http+private": (False, 80)}
UNIX = "unix"
#: Bytes of the path of a socket: an address holds 108, with a zero at the end.
MAX_PATH = 107
_FORM = "unix:/PATH, https://HOST, or http+private://HOST:PORT where the network between is private"


@dataclass(frozen=True, slots=True)
class GatewayURL:
    """The parts of a URL. With a `socket` the host is only what stands in the head of a request."""

    host: str
    port: int
    path: str
    has_tls: bool
    socket: str = ""

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        return self.host if self.socket else host_and_port(self.host, self.port)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the parts. Raises ValueError, with a text without the URL."""
        scheme, _, rest = url.partition(":")
        if scheme == UNIX:
            return cls("localhost", 0, "/", has_tls=False, socket=socket_path(rest))
        if scheme == "http":
            raise ValueError(
                "begins with http://, by which anybody on the way reads secret and answers: https://, or"
                " http+private:// where the network between is private"
            )
        parts = server_parts(url)
        if parts is None or scheme not in SCHEMES or not parts.hostname or parts.port == 0:
            raise ValueError(f"must be {_FORM}")
        if parts.query or parts.fragment:
            raise ValueError(f"must be {_FORM}")
        if parts.username is not None:
            raise ValueError("has a user or a password: the secret stands in TRACKER_REPORTS_SECRET_FILE")
        has_tls, usual = SCHEMES[scheme]
        return cls(parts.hostname, parts.port or usual, parts.path or "/", has_tls)


def is_gateway(url: str) -> bool:
    """Return whether a URL is to name an instance that answers, and not a server that keeps copies."""
    return url.partition(":")[0] in {UNIX, "http", *SCHEMES}


def socket_path(path: str) -> str:
    """Return the path of a socket, which processes with other working directories find. Raises ValueError."""
    if not path.startswith("/") or path.startswith("//") or len(path.encode()) > MAX_PATH:
        raise ValueError(f"must name a socket by an absolute path of at most {MAX_PATH} bytes: {_FORM}")
    return path
