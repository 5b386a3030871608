"""Error pages: one page that says what happened and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from flask import Blueprint, jsonify, make_response, redirect, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from tracker import errors
from tracker.console.client import CallRefused, Unanswered
from tracker.console.cookies import forget_session
from tracker.console.csrf import SAFE_METHODS, SIGN_IN, CsrfError, SignedOut
from tracker.http.message.json_log import log_failure
from tracker.http.message.request_id import KEY as REQUEST_ID


class ErrorPage(NamedTuple):
    """The texts of an error page. `can_retry`: the same page may work in a moment."""

    title: str
    text: str
    can_retry: bool = False


NOT_FOUND = ErrorPage("Page not found", "It does not exist, or it belongs to another account.")
FORGED = ErrorPage(
    "This form has expired",
    "It is too old, or it came from another website. Nothing was changed. Open the page again and retry.",
)
TOLD = {
    errors.FORBIDDEN.code: ErrorPage(
        "You may not do this",
        "Your account lacks the permission {permission}. The operator of this Tracker can grant it.",
    ),
    errors.RATE_LIMITED.code: ErrorPage("Too many requests", "Please wait {wait}, then try again.", True),
    errors.STORAGE_UNAVAILABLE.code: ErrorPage(
        "Storage is not available", "Nothing was changed. Please try again in a moment.", True
    ),
    errors.REPORTS_UNAVAILABLE.code: ErrorPage(
        "Reports are not available now",
        "Tracking goes on, and nothing is lost. Please try again later.",
        True,
    ),
    errors.OUTCOME_UNKNOWN.code: ErrorPage(
        "The outcome is unknown",
        "The database connection broke before it answered. Check the result before you retry.",
        True,
    ),
}
BY_STATUS = {
    404: NOT_FOUND,
    405: ErrorPage("Wrong kind of request", "Open this page from its link."),
    413: ErrorPage("Form too large", "The form is larger than the console accepts."),
}
UNEXPECTED = ErrorPage(
    "Something went wrong", "The log has the details under the request id {request_id}.", True
)
UNUSABLE = ErrorPage("The request could not be read", "Please go back and try again.")


def add_failures(blueprint: Blueprint) -> None:
    """Add an error page for every way in which a page can fail."""
    blueprint.register_error_handler(SignedOut, lambda _: _sign_in_again())
    blueprint.register_error_handler(CsrfError, lambda _: _page(403, FORGED))
    blueprint.register_error_handler(CallRefused, lambda _: _page(404, NOT_FOUND))
    blueprint.register_error_handler(Unanswered, _unanswered)
    blueprint.register_error_handler(HTTPException, _http_error)
    blueprint.register_error_handler(Exception, _unexpected)


def _unanswered(failure: Unanswered) -> Response:
    if failure.status == 401:
        return _sign_in_again()
    told = TOLD.get(failure.code, UNEXPECTED)
    values = {"permission": failure.permission, "wait": in_words(failure.seconds)}
    return _page(failure.status, told, values, failure.retry_headers)


def _http_error(error: HTTPException) -> Response:
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    status = error.code or 500
    taken = getattr(error, "valid_methods", None)
    told = BY_STATUS.get(status, UNUSABLE if status < 500 else UNEXPECTED)
    return _page(status, told, headers={"Allow": ", ".join(taken)} if taken else None)


def _unexpected(failure: Exception) -> Response:
    log_failure(request.environ.get(REQUEST_ID), failure)
    return _page(500, UNEXPECTED)


def _page(
    status: int,
    told: ErrorPage,
    values: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    values = {"request_id": request.environ.get(REQUEST_ID, ""), **(values or {})}
    text = told.text.format(**values)
    if is_asked_by_script():
        return make_response(jsonify(Title=told.title, Text=text), status, dict(headers or {}))
    can_retry = told.can_retry and request.method in SAFE_METHODS
    body = render_template("error.html", told=told, text=text, can_retry=can_retry)
    return make_response(body, status, dict(headers or {}))


def _sign_in_again() -> Response:
    """Redirect to the sign-in form, and from there back to this page, unless it was a form."""
    if is_asked_by_script():
        return _page(401, ErrorPage("You are signed out", "Sign in again to continue."))
    response = redirect(sign_in_path(), 303)
    forget_session(response)
    return response


def sign_in_path() -> str:
    asked_for = request.full_path.rstrip("?") if request.method in SAFE_METHODS else "/"
    return SIGN_IN if asked_for == "/" else f"{SIGN_IN}?next={quote(asked_for, safe='')}"


def is_asked_by_script() -> bool:
    """Whether a script sent the request: it gets JSON instead of a page or a redirect."""
    asked: Any = request.headers.get("Accept", "")
    return "application/json" in asked or "text/event-stream" in asked


def in_words(seconds: int) -> str:
    """Return a waiting time in words, rounded up: `40 seconds`, `15 minutes`."""
    if seconds < 90:
        return "1 second" if seconds <= 1 else f"{seconds} seconds"
    return f"{-(-seconds // 60)} minutes"
