"""Which status line, headers and bytes does an answer become?"""

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
#: Nothing that we send is ever taken by a browser for another type than it says.
_NOSNIFF = ("X-Content-Type-Options", "nosniff")
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
#: The common code that says the same as an HTTP status; any other 4xx is 100000.
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
    """What a WSGI server sends. `stream` stands for a body whose length nobody knows: it is sent in chunks."""

    status_line: str
    headers: list[tuple[str, str]]
    body: bytes
    stream: Stream | None = None


def reply(status: int, body: Any, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """JSON, or a stream, that no cache keeps; raises TypeError if `body` cannot be written as JSON."""
    line = _STATUS_LINES.get(status) or f"{status} Status"
    if isinstance(body, Stream):
        return HttpResponse(line, [*stream_headers(body), *(headers or {}).items()], b"", body)
    said = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), _NOSNIFF]
    data = orjson.dumps(body)
    return HttpResponse(line, [("Content-Length", str(len(data))), *said, *(headers or {}).items()], data)


def stream_headers(stream: Stream) -> list[tuple[str, str]]:
    """A proxy that kept events until it has many of them would be in the way."""
    unbuffered = [("X-Accel-Buffering", "no")] if isinstance(stream, EventStream) else []
    return [("Content-Type", stream.media_type), ("Cache-Control", "no-store"), _NOSNIFF, *unbuffered]


def picture(status: int, _body: Any, headers: Mapping[str, str]) -> HttpResponse:
    """A pixel that nobody sees: the same picture whatever the answer is, which the status tells alone."""
    said = {"Content-Type": "image/gif", "Content-Length": str(len(PIXEL)), "Cache-Control": "no-store"}
    line = _STATUS_LINES.get(status) or f"{status} Status"
    return HttpResponse(line, [*said.items(), _NOSNIFF, *headers.items()], PIXEL)


def no_content(headers: Mapping[str, str]) -> HttpResponse:
    return HttpResponse(_STATUS_LINES[204], list(headers.items()), b"")


def error_reply(error: CommandError) -> HttpResponse:
    return reply(error.status, error.body, error.headers)


def error_for_status(status: int, message: str | None = None) -> Error:
    """The common row for an HTTP status that no command chose."""
    row = _CODES.get(status) or (UNREADABLE_BODY if status < 500 else UNEXPECTED)
    return replace(row, status=status, message=message or row.message)


def unexpected(request_id: str) -> CommandError:
    """What the client learns of a failure: the id under which the log has it."""
    return CommandError(UNEXPECTED, extra={"RequestID": request_id})


def from_http_exception(error: HTTPException) -> CommandError:
    """An exception of Flask's routing in our shape; `Allow` is kept."""
    allow = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    message = None if error.code in _CODES else error.name
    return CommandError(
        error_for_status(error.code or 500, message), headers={"Allow": allow} if allow else None
    )
