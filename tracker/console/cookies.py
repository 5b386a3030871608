"""Cookies: the session of a browser, and a secret for the sign-in form."""

from __future__ import annotations

import secrets

from flask import g, request
from werkzeug.wrappers import Response

from tracker.console.page_context import desk

#: Seconds for which an opened sign-in form can be sent.
FORM_SECONDS = 3600


def session_id() -> str | None:
    """Return the SessionID in the cookie, good or not. The API's endpoints never read it."""
    return request.cookies.get(_name("session")) or None


def form_secret() -> str:
    """Return the secret of this browser's sign-in forms; a new one is sent with the answer."""
    sent = request.cookies.get(_name("form"))
    if sent:
        return sent
    if "form_secret" not in g:
        g.form_secret = secrets.token_urlsafe(24)
    secret: str = g.form_secret
    return secret


def keep_session(response: Response, value: str, seconds: int) -> None:
    _keep(response, "session", value, seconds)


def forget_session(response: Response) -> None:
    _keep(response, "session", "", 0)


def keep_form_secret(response: Response) -> None:
    """Send the secret that was made for this answer, if one was."""
    if "form_secret" in g:
        _keep(response, "form", g.form_secret, FORM_SECONDS)


def _keep(response: Response, name: str, value: str, seconds: int) -> None:
    """Set a cookie. SameSite is Lax: a link from another site opens the console signed in, a form from there does not."""
    response.set_cookie(
        _name(name), value, max_age=seconds, path="/", secure=_is_https(), httponly=True, samesite="Lax"
    )


def _name(name: str) -> str:
    """Return the cookie's name. Over HTTPS no other host of the domain can set a cookie with the prefix `__Host-`."""
    return f"{'__Host-' if _is_https() else ''}tracker_{name}"


def _is_https() -> bool:
    return desk().settings.public_url.startswith("https:")
