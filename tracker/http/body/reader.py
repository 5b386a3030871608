"""Body reader: reads the bytes of a request within a limit, and refuses a body that is too large or breaks off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracker.errors import BODY_TOO_LARGE, CommandError, because
from tracker.registry.json_object import unreadable

MAX_BODY_BYTES = 64 * 1024


def read_body(environ: Mapping[str, Any], limit: int = MAX_BODY_BYTES) -> bytes:
    """Return the whole body of a WSGI request, of at most `limit` bytes. Raises CommandError (100000, 100010)."""
    length = environ.get("CONTENT_LENGTH")
    if length:
        return _read_exactly(environ, _declared(length), limit)
    # No length: a chunked body if the server knows where it ends, else there is no body.
    if not environ.get("wsgi.input_terminated"):
        return b""
    body = _read(environ, limit + 1)
    if len(body) > limit:
        raise too_large(limit)
    return body


def too_large(limit: int) -> CommandError:
    return CommandError(because(BODY_TOO_LARGE, f"more than {limit} bytes"))


def _declared(length: str) -> int:
    if not (length.isascii() and length.isdigit()):
        raise unreadable("Content-Length is not a number")
    return int(length) if len(length) < 20 else 10**20


def _read_exactly(environ: Mapping[str, Any], length: int, limit: int) -> bytes:
    if length > limit:
        raise too_large(limit)
    body = _read(environ, length) if length else b""
    if len(body) < length:
        raise unreadable("it broke off")
    return body


def _read(environ: Mapping[str, Any], size: int) -> bytes:
    try:
        return environ["wsgi.input"].read(size)  # type: ignore[no-any-return]
    # Each server has its own exceptions for a connection that broke or a chunk that is no chunk; all are the client's.
    except Exception as error:
        raise unreadable("it broke off or its chunks are not valid") from error
