"""HTTP responses: status line, headers and bytes of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from werkzeug.exceptions import HTTPException

from tracker.errors import (
    BODY_TOO_LARGE,
    METHOD_NOT_ALLOWED,
    UNEXPECTED,
    UNKNOWN_COMMAND,
    UNREADABLE_BODY,
    UNSUPPORTED_MEDIA,
    CommandError,
    Error,
)
from tracker.registry import EventStream, Stream

#: A transparent GIF of one pixel.
PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
#: Browsers take every response for the type that it names, and for no other.
_NOSNIFF = ("X-Content-Type-Options", "nosniff")
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
#: The common code of an HTTP status; any other 4xx is 100000.
_CODES = {
    404: replace(UNKNOWN_COMMAND, message="Unknown path"),
    405: METHOD_NOT_ALLOWED,
    413: BODY_TOO_LARGE,
    414: replace(BODY_TOO_LARGE, message="Request line too large"),
    415: UNSUPPORTED_MEDIA,
    431: replace(BODY_TOO_LARGE, message="Request headers too large"),
    501: replace(UNSUPPORTED_MEDIA, message="Transfer coding not supported"),
}


class HttpResponse(NamedTuple):
    """A response of the WSGI application. `stream` stands for a body of unknown length, which is sent in chunks."""

    status_line: str
    headers: list[tuple[str, str]]
    body: bytes
    stream: Stream | None = None


def reply(status: int, body: Any, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return a response of JSON, or of a stream, that no cache keeps. Raises TypeError if `body` is no JSON."""
    line = _STATUS_LINES.get(status) or f"{status} Status"
    if isinstance(body, Stream):
        return HttpResponse(line, [*stream_headers(body), *(headers or {}).items()], b"", body)
    fixed = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), _NOSNIFF]
    data = orjson.dumps(body)
    return HttpResponse(line, [("Content-Length", str(len(data))), *fixed, *(headers or {}).items()], data)


def raw_reply(
    status: int, body: Any, headers: Mapping[str, str], media_type: str | None = None
) -> HttpResponse:
    """Return a response that no cache keeps unless `headers` say so: JSON, but bytes as they are and text as text."""
    if isinstance(body, bytes):
        data, kind = body, "application/octet-stream"
    elif isinstance(body, str):
        data, kind = body.encode(), "text/plain; charset=utf-8"
    else:
        data, kind = orjson.dumps(body), "application/json"
    fixed = {
        "Content-Type": media_type or kind,
        "Content-Length": str(len(data)),
        "Cache-Control": "no-store",
    }
    if status == 204:
        data, fixed = b"", {"Cache-Control": "no-store"}
    line = _STATUS_LINES.get(status) or f"{status} Status"
    return HttpResponse(line, [*{**fixed, **headers}.items(), _NOSNIFF], data)


def stream_headers(stream: Stream) -> list[tuple[str, str]]:
    """Return the headers of a stream. A proxy must not buffer server-sent events."""
    unbuffered = [("X-Accel-Buffering", "no")] if isinstance(stream, EventStream) else []
    return [("Content-Type", stream.media_type), ("Cache-Control", "no-store"), _NOSNIFF, *unbuffered]


def picture(status: int, _body: Any, headers: Mapping[str, str]) -> HttpResponse:
    """Return the transparent pixel, whatever the answer is; only the status differs."""
    fixed = {"Content-Type": "image/gif", "Content-Length": str(len(PIXEL)), "Cache-Control": "no-store"}
    line = _STATUS_LINES.get(status) or f"{status} Status"
    return HttpResponse(line, [*fixed.items(), _NOSNIFF, *headers.items()], PIXEL)


def no_content(headers: Mapping[str, str]) -> HttpResponse:
    return HttpResponse(_STATUS_LINES[204], list(headers.items()), b"")


def error_reply(error: CommandError) -> HttpResponse:
    return reply(error.status, error.body, error.headers)


def error_for_status(status: int, message: str | None = None) -> Error:
    """Return the common row for an HTTP status that no command chose."""
    row = _CODES.get(status) or (UNREADABLE_BODY if status < 500 else UNEXPECTED)
    return replace(row, status=status, message=message or row.message)


def unexpected(request_id: str) -> CommandError:
    """Return the error for an unexpected failure, with the id under which the log has it."""
    return CommandError(UNEXPECTED, extra={"RequestID": request_id})


def from_http_exception(error: HTTPException) -> CommandError:
    """Return an exception of Flask's routing in the common shape, with its `Allow`."""
    allow = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    message = None if error.code in _CODES else error.name
    return CommandError(
        error_for_status(error.code or 500, message), headers={"Allow": allow} if allow else None
    )
