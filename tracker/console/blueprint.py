"""Console blueprint: the routes, the checks before each page, and the headers of every answer."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import NoReturn, cast

from flask import Blueprint, Flask, abort, request
from jinja2 import Environment
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response

from tracker.config import Settings
from tracker.console import csrf
from tracker.console.assets import add_assets, asset
from tracker.console.cookies import keep_form_secret, session_id
from tracker.console.error_pages import add_failures
from tracker.console.page_context import EXTENSION, PageContext
from tracker.console.pages import PAGES
from tracker.dispatch import Dispatcher
from tracker.http.body.reader import MAX_BODY_BYTES
from tracker.sdks import Adapters

#: The content security policy: everything comes from this server, no text of a page can become a script, and no other site
#: can frame a page.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
#: Referrer-Policy is same-origin: with no-referrer, browsers would send the console's forms without an Origin.
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
#: Below these every path is the console's; a path without a page is its 404 page.
PREFIXES = ("/console", "/lists", "/keys", "/audit")

#: Methods of HTTP, and the endpoints for those that a page does not take.
_METHODS, WRONG = (
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"},
    "wrong_method_",
)


def console(dispatcher: Dispatcher, settings: Settings, adapters: Adapters) -> Blueprint:
    """Return the blueprint of all pages, which call commands through `dispatcher`."""
    blueprint = Blueprint("console", __name__, template_folder="templates")
    desk = PageContext(dispatcher, settings, adapters)
    blueprint.record_once(lambda state: cast(Flask, state.app).extensions.update({EXTENSION: desk}))
    add_assets(blueprint)
    for route in (route for page in PAGES for route in page.ROUTES):
        blueprint.add_url_rule(
            route.path,
            route.endpoint,
            route.view,
            methods=(route.method,),
            provide_automatic_options=False,
        )
    for path in {route.path for page in PAGES for route in page.ROUTES}:
        _add_wrong_methods(
            blueprint, path, [r.method for page in PAGES for r in page.ROUTES if r.path == path]
        )
    for rule in (f"{prefix}/{rest}" for prefix in PREFIXES for rest in ("", "<path:_>")):
        blueprint.add_url_rule(
            rule, f"nothing_{rule}", _nothing, methods=("GET",), provide_automatic_options=False
        )
    blueprint.before_request(_check)
    blueprint.after_request(_with_headers)
    add_failures(blueprint)
    _add_words(blueprint)
    return blueprint


def _add_wrong_methods(blueprint: Blueprint, path: str, methods: list[str]) -> None:
    """Answer a method that a page does not take with a page too: Flask's routing would refuse it before the console."""
    taken = {*methods, "HEAD"} if "GET" in methods else set(methods)
    view, wrong = partial(_wrong_method, sorted(taken)), sorted(_METHODS - taken)
    blueprint.add_url_rule(path, f"{WRONG}{path}", view, methods=wrong, provide_automatic_options=False)


def _add_words(blueprint: Blueprint) -> None:
    """Add the functions and filters of every template."""
    blueprint.add_app_template_global(asset)
    blueprint.add_app_template_global(csrf.form_token)
    blueprint.add_app_template_global(lambda: session_id() is not None, "is_signed_in")
    blueprint.add_app_template_filter(moment)
    blueprint.record_once(lambda state: _add_parts(cast(Flask, state.app).jinja_env))


def _add_parts(environment: Environment) -> None:
    environment.globals["parts"] = environment.get_template("parts.html").module


def _check() -> None:
    if WRONG in (request.endpoint or ""):
        return
    request.max_content_length = MAX_BODY_BYTES
    csrf.check()


def _with_headers(response: Response) -> Response:
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    keep_form_secret(response)
    return response


def _wrong_method(taken: list[str], **_: str) -> NoReturn:
    raise MethodNotAllowed(valid_methods=taken)


def _nothing(**_: str) -> NoReturn:
    abort(404)


def moment(iso: str) -> str:
    """Return `2026-01-31T09:30:00.125Z` as `31 Jan 2026, 09:30 UTC`, for browsers without scripts.

    Scripts show the time in the reader's own zone.
    """
    return f"{datetime.fromisoformat(iso):%-d %b %Y, %H:%M} UTC"
