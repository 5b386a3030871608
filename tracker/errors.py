"""Errors: the rows of error tables, the common table, and the one exception that ends a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

#: Rows of an answer: it lists every error found, but never more than this, which bounds what bad input can make us write.
MAX_ROWS = 10


@dataclass(frozen=True, slots=True)
class Error:
    """One row of an error table.

    `code` is the number that clients switch on, `status` the HTTP status it travels with. `param` and `kind` ("missing" or
    "invalid") tie the row to a parameter, so that a failed check of that parameter is answered with this row. `hint` tells
    how to mend the call.
    """

    code: int
    message: str
    status: int = 422
    param: str | None = None
    kind: str = ""
    hint: str | None = None


def missing(param: str, code: int, message: str | None = None, hint: str | None = None) -> Error:
    """Return the row for a required parameter that was not sent."""
    return Error(code, message or f"Missing {param} parameter", param=param, kind="missing", hint=hint)


def invalid(param: str, code: int, message: str | None = None, hint: str | None = None) -> Error:
    """Return the row for a parameter whose value cannot be used."""
    return Error(code, message or f"Invalid {param} parameter", param=param, kind="invalid", hint=hint)


class CommandError(Exception):
    """Ends a call with numbered errors.

    `extra` is added to the first row (code 100013 carries the `EventID` to repeat with), `headers` to the answer.
    """

    def __init__(
        self, *errors: Error, headers: Mapping[str, str] | None = None, extra: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(", ".join(f"{error.code}: {error.message}" for error in errors))
        self.errors = errors
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    @property
    def status(self) -> int:
        return self.errors[0].status

    @property
    def body(self) -> dict[str, list[dict[str, Any]]]:
        rows: list[dict[str, Any]] = [_row(error) for error in self.errors[:MAX_ROWS]]
        rows[0].update(self.extra)
        return {"Errors": rows}


def _row(error: Error) -> dict[str, Any]:
    row = {"Code": error.code, "Message": error.message}
    return row if error.hint is None else {**row, "Hint": error.hint}


NOT_AUTHENTICATED = Error(99998, "Authentication failed: the API key or session is missing or not valid", 401)
SESSION_EXPIRED = Error(99999, "Session expired: log in again", 401)
FORBIDDEN = Error(403, "Forbidden: the permission for this command is lacking", 403)
RATE_LIMITED = Error(429, "Rate limit exceeded: try again later", 429)
UNREADABLE_BODY = Error(100000, "Unreadable request body", 400)
METHOD_NOT_ALLOWED = Error(100001, "Method not allowed for this command", 405)
UNKNOWN_COMMAND = Error(100003, "Unknown command", 404)
UNEXPECTED = Error(100005, "Unexpected failure", 500)
BODY_TOO_LARGE = Error(100010, "Request body too large", 413)
UNSUPPORTED_MEDIA = Error(100011, "Media type or content encoding not supported", 415)
STORAGE_UNAVAILABLE = Error(100012, "Storage not available: nothing was stored, try again later", 503)
OUTCOME_UNKNOWN = Error(100013, "Outcome unknown: repeat the request with the EventID given here", 503)
REPORTS_UNAVAILABLE = Error(100014, "Reports not available: try again later; tracking goes on", 503)

#: Every error that any command may answer with, by code. Commands cannot use these codes for anything else.
COMMON: dict[int, Error] = {
    error.code: error
    for error in (
        NOT_AUTHENTICATED, SESSION_EXPIRED, FORBIDDEN, RATE_LIMITED, UNREADABLE_BODY, METHOD_NOT_ALLOWED,
        UNKNOWN_COMMAND, UNEXPECTED, BODY_TOO_LARGE, UNSUPPORTED_MEDIA, STORAGE_UNAVAILABLE, OUTCOME_UNKNOWN, REPORTS_UNAVAILABLE,
    )
}  # fmt: skip


def because(error: Error, reason: str) -> Error:
    """Return the row with the reason in its message: `Unreadable request body: too deep`."""
    return replace(error, message=f"{error.message}: {reason}")


def hinted(error: Error, hint: str | None) -> Error:
    """Return the row with a hint how to mend the call; None: as it is."""
    return error if hint is None else replace(error, hint=hint)


class StorageUnavailable(Exception):
    """Certainly nothing was stored: the database cannot be reached, is full, or the queue is (code 100012)."""


class OutcomeUnknown(Exception):
    """The data may or may not be stored: the reply to COMMIT was lost (code 100013)."""
