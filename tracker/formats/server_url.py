"""Server URL: the parts of a URL that names a server, as settings have it, and how a host and a port are written."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def server_parts(url: str) -> SplitResult | None:
    """Return the parts of a URL whose host and port can be read, else None: what `urlsplit` raises may quote a password."""
    try:
        parts = urlsplit(url)
        _ = parts.hostname, parts.port
    except ValueError:
        return None
    return parts


def host_and_port(host: str, port: int) -> str:
    """Return how both are written together: an IPv6 address stands in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
