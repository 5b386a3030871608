"""Sign-in and sign-out pages at `/sign-in` and `/sign-out`."""

from __future__ import annotations

import re
from typing import Any

from flask import make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from tracker import errors
from tracker.console.client import CallRefused, NotDone, Unanswered, ask
from tracker.console.cookies import forget_session, keep_session, session_id
from tracker.console.csrf import SIGN_IN
from tracker.console.error_pages import in_words
from tracker.console.page_context import Route, desk

#: A path of the console in plain characters. Browsers take `//host` and `/\host` for other hosts.
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")

WRONG = "The email address or the password is wrong."
EMPTY = "Please enter your email address and your password."
TOO_OFTEN = "Too many tries. Please wait {wait}, then try again."


def show() -> Any:
    if session_id() is not None:
        return redirect(_next(request.args.get("next")), 303)
    return render_template("sign_in.html", next=_next(request.args.get("next")))


def enter() -> Response:
    email, password = request.form.get("email", "").strip(), request.form.get("password", "")
    after = _next(request.form.get("next"))
    try:
        login = ask("user.login", Username=email, Password=password)
    except CallRefused as refused:
        return _again(refused, WRONG if email and password else EMPTY, email, after)
    except Unanswered as failure:
        if failure.code != errors.RATE_LIMITED.code:
            raise
        return _again(failure, TOO_OFTEN.format(wait=in_words(failure.seconds)), email, after)
    response = redirect(after, 303)
    keep_session(response, login["SessionID"], desk().settings.session_seconds)
    return response


def stay() -> Response:
    """Redirect a GET: a link, which may be another website's, must not sign anybody out."""
    return redirect("/", 303)


def leave() -> Response:
    """End the session, if there is still one."""
    try:
        ask("user.logout")
    except Unanswered as failure:
        if failure.status != 401:
            raise
    response = redirect(SIGN_IN, 303)
    forget_session(response)
    return response


def _again(failure: NotDone, text: str, email: str, after: str) -> Response:
    """Render the form again, with the fault."""
    body = render_template("sign_in.html", next=after, email=email, said=text)
    return make_response(body, failure.status, failure.retry_headers)


def _next(path: str | None) -> str:
    """Return the page after signing in: always one of the console."""
    return path if path and _OWN_PATH.fullmatch(path) else "/"


ROUTES = (
    Route("GET", SIGN_IN, show),
    Route("POST", SIGN_IN, enter),
    Route("GET", "/sign-out", stay),
    Route("POST", "/sign-out", leave),
)
