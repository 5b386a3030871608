"""Unsubscribe pages at `/u/<what>/<token>`: a button to get no more mails of a schedule or an alert, and the one click of mail programs."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

from flask import Blueprint, make_response, render_template, request

from tracker.console.blueprint import HEADERS
from tracker.console.share_pages import MAX_FORM_BYTES
from tracker.errors import StorageUnavailable

UNKNOWN = ("This link leads nowhere", "It was not copied whole, or these mails have ended by now.")
DONE = ("Done", "You get no more of these mails.")
NOT_NOW = ("Not now", "Please try again in a moment: you still get these mails.")


class Unsubscribing(Protocol):
    """Who ends mails: `tracker.auth.mail_access`."""

    def is_known(self, what: str, token: str) -> bool: ...
    def unsubscribe(self, what: str, token: str) -> bool: ...


def unsubscribe_pages(access: Unsubscribing) -> Blueprint:
    """Return the blueprint. The token in the address is all that is looked at: RFC 8058 has programs POST it by themselves."""
    blueprint = Blueprint("unsubscribe", __name__, template_folder="templates")
    for method in ("GET", "POST"):
        view = partial(_answer, access, method)
        blueprint.add_url_rule(
            "/u/<what>/<token>", method, view, methods=(method,), provide_automatic_options=False
        )
    blueprint.after_request(_with_headers)
    blueprint.register_error_handler(StorageUnavailable, lambda _: _told(503, NOT_NOW))
    return blueprint


def _answer(access: Unsubscribing, method: str, what: str, token: str) -> Any:
    """Ask, or do it. A GET changes nothing: programs that look for viruses open every link."""
    request.max_content_length = MAX_FORM_BYTES
    if method == "GET" and access.is_known(what, token):
        return render_template("unsubscribe.html")
    if method == "POST" and access.unsubscribe(what, token):
        return _told(200, DONE)
    return _told(404, UNKNOWN)


def _told(status: int, words: tuple[str, str]) -> Any:
    return make_response(render_template("share_told.html", title=words[0], text=words[1]), status)


def _with_headers(response: Any) -> Any:
    response.headers.update({**HEADERS, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"})
    return response
