"""Refusals of the server: JSON errors in the common shape for unreadable HTTP requests and for a full server."""

from __future__ import annotations

from gunicorn.http import errors as http_errors

from tracker.errors import STORAGE_UNAVAILABLE, CommandError
from tracker.http.message.responses import error_for_status, error_reply
from tracker.http.server.budget import OverBudget
from tracker.http.server.parser import InvalidHost

#: The status of each exception, most of them gunicorn's.
_STATUSES: tuple[tuple[type[BaseException], int], ...] = (
    (TimeoutError, 408),
    (OverBudget, 503),
    (http_errors.InvalidResponseHeader, 500),
    (http_errors.InvalidResponseHeaderName, 500),
    (http_errors.ConfigurationProblem, 500),
    (http_errors.LimitRequestLine, 414),
    (http_errors.LimitRequestHeaders, 431),
    (http_errors.ExpectationFailed, 417),
    (http_errors.UnsupportedTransferCoding, 501),
    (http_errors.ParseException, 400),
)
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "it took too long to arrive"),
    (http_errors.InvalidRequestLine, "the request line is not valid"),
    (http_errors.InvalidRequestMethod, "the method is not valid"),
    (http_errors.InvalidHTTPVersion, "the HTTP version is not supported"),
    (InvalidHost, "the Host header is missing or not valid"),
    (http_errors.InvalidHeaderName, "the name of a header is not valid"),
    (http_errors.InvalidHeader, "a header is not valid"),
    (http_errors.ObsoleteFolding, "a header is folded"),
    (http_errors.InvalidChunkSize, "a chunk is not valid"),
    (http_errors.ChunkMissingTerminator, "a chunk is not valid"),
    (http_errors.InvalidChunkExtension, "a chunk is not valid"),
    (http_errors.ExpectationFailed, "the expectation cannot be met"),
)


def status_for(failure: BaseException) -> int:
    """Return the HTTP status for an exception of a connection; 500 for one that the client did not cause."""
    return next((status for kind, status in _STATUSES if isinstance(failure, kind)), 500)


def refusal(failure: BaseException, request_id: str) -> CommandError:
    """Return the error in the common shape, without the exception's text: it quotes headers, so perhaps a key."""
    if isinstance(failure, OverBudget):
        return CommandError(STORAGE_UNAVAILABLE, headers={"Retry-After": "1"})
    status = status_for(failure)
    reason = next((reason for kind, reason in _REASONS if isinstance(failure, kind)), None)
    row = error_for_status(status, f"Unreadable request: {reason}" if reason and status < 500 else None)
    return CommandError(row, extra={"RequestID": request_id} if status == 500 else None)


def as_http(error: CommandError, request_id: str) -> bytes:
    """Return the bytes of the whole response, after which the connection is closed."""
    sent = error_reply(error)
    headers = [*sent.headers, ("X-Request-ID", request_id), ("Connection", "close")]
    lines = [f"HTTP/1.1 {sent.status_line}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + sent.body
