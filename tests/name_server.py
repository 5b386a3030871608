"""Which names have an address for a test? This machine's own; no name server is asked, whose answer may be late or lost."""

from __future__ import annotations

import socket
from typing import Any

import pytest

LOCAL = ("localhost", "localhost.")


def ask_no_name_server(patch: pytest.MonkeyPatch) -> None:
    """Have every made-up name be without an address at once."""
    ask = socket.getaddrinfo

    def look_up(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:  # noqa: A002 - its name
        if host is not None and host not in LOCAL:
            flags |= socket.AI_NUMERICHOST
        return ask(host, port, family, type, proto, flags)

    patch.setattr(socket, "getaddrinfo", look_up)
