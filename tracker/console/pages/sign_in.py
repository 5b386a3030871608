"""How does a person get in, and out again? `/sign-in` and `/sign-out`."""

from __future__ import annotations

import re
from typing import Any

from flask import make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from tracker import errors
from tracker.console.asking import NotDone, Unanswered, ask
from tracker.console.cookies import forget_session, keep_session, session_id
from tracker.console.desk import desk
from tracker.console.failures import in_words
from tracker.console.forgery import SIGN_IN
from tracker.console.routes import Route

#: A path of ours in plain characters. `//host` and `/\host` are no paths to a browser, but other hosts.
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")


def show() -> Any:
    if session_id() is not None:
        return redirect(_next(request.args.get("next")), 303)
    return render_template("sign_in.html", next=_next(request.args.get("next")))


def enter() -> Response:
    email, after = request.form.get("email", "").strip(), _next(request.form.get("next"))
    try:
        login = ask("user.login", Username=email, Password=request.form.get("password", ""))
    except NotDone as failure:
        return _again(failure, email, after)
    response = redirect(after, 303)
    keep_session(response, login["SessionID"], desk().settings.session_seconds)
    return response


def stay() -> Response:
    """A link signs nobody out: it might be another website's."""
    return redirect("/", 303)


def leave() -> Response:
    """Whoever has no session any more is out as well."""
    try:
        ask("user.logout")
    except Unanswered as failure:
        if failure.status != 401:
            raise
    response = redirect(SIGN_IN, 303)
    forget_session(response)
    return response


def _again(failure: NotDone, email: str, after: str) -> Response:
    """The form once more, with what was wrong; what is no matter of the form's goes on to a page of its own."""
    headers = {}
    if failure.code == errors.RATE_LIMITED.code:
        said = f"Too many tries. Please wait {in_words(failure.seconds)}, then try again."
        headers = {"Retry-After": str(failure.seconds)}
    elif isinstance(failure, Unanswered):
        raise failure
    else:
        said = "Please enter your email address and your password." if failure.code < 3 else "The email address or the password is wrong."  # fmt: skip
    body = render_template("sign_in.html", next=after, email=email, said=said)
    return make_response(body, failure.status, headers)


def _next(path: str | None) -> str:
    """Where to go after signing in: a page of ours, whatever the address bar says."""
    return path if path and _OWN_PATH.fullmatch(path) else "/"


ROUTES = (
    Route("GET", SIGN_IN, show),
    Route("POST", SIGN_IN, enter),
    Route("GET", "/sign-out", stay),
    Route("POST", "/sign-out", leave),
)
