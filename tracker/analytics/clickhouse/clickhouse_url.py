"""ClickHouse URL: where a server is, who asks, and in which database the copies lie."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote

from tracker.formats.server_url import server_parts

#: Scheme -> whether TLS is spoken, and the port.
SCHEMES = {"clickhouse": (False, 8123), "clickhouses": (True, 8443)}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_FORM = "clickhouse://USER:PASSWORD@HOST:8123/DATABASE, or clickhouses:// for TLS"


@dataclass(frozen=True, slots=True)
class ClickHouseURL:
    """The parts of a URL. The password is in no text of it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    has_tls: bool

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the parts. Raises ValueError, with a text without the URL: it has a password in it."""
        parts = server_parts(url)
        if parts is None or parts.scheme not in SCHEMES or not parts.hostname or parts.port == 0:
            raise ValueError(f"must be {_FORM}")
        if parts.query or parts.fragment:
            raise ValueError(f"must be {_FORM}")
        database = parts.path.removeprefix("/")
        if _NAME.fullmatch(database) is None:
            raise ValueError(f"must name a database of letters, digits and _: {_FORM}")
        has_tls, usual = SCHEMES[parts.scheme]
        user = unquote(parts.username or "default")
        return cls(
            parts.hostname, parts.port or usual, user, unquote(parts.password or ""), database, has_tls
        )
