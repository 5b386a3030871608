"""Share pages at `/s/<token>`: numbers of one list for people without an account, and nothing that leads any further."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from flask import Blueprint, g, make_response, redirect, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from tracker.call import Call
from tracker.console import csrf
from tracker.console.blueprint import HEADERS, POLICY
from tracker.console.client import CALLER, CallRefused, Unanswered
from tracker.console.current_list import CurrentList
from tracker.console.error_pages import in_words
from tracker.console.number_words import SIX
from tracker.console.page_context import desk
from tracker.console.pages.overview import shared_overview
from tracker.console.report_address import ReportAddress, where_text
from tracker.console.report_pages import PERIODS, CopyIsBuilt
from tracker.console.saved_answers import ReportOfList, shown
from tracker.errors import CommandError, StorageUnavailable
from tracker.http.message.json_log import log_failure
from tracker.http.message.request_id import KEY as REQUEST_ID
from tracker.http.message.wsgi_call import call_of

#: Bytes of the password form, which has one field.
MAX_FORM_BYTES = 4 * 1024
COOKIE, COOKIE_SECONDS = "tracker_share", 12 * 3600
CLOSED = (
    "This link shows nothing",
    "It is over, it was taken back, or it was not copied whole. Ask who gave it to you.",
)
TOO_OFTEN = ("Too many requests", "Please wait {wait}, then try again.")
NOT_NOW = ("The numbers are not available now", "Please try again in a moment.")
REFUSED = (
    "These numbers cannot be shown",
    "What this link asks for is no longer there. Ask who gave it to you.",
)
FAILED = ("Something went wrong", "Please try again later.")
WRONG = "The password is wrong."


class Opened(ReportOfList, Protocol):
    """What a token opens."""

    @property
    def frame_origins(self) -> tuple[str, ...]: ...


class Access(Protocol):
    """Who opens share links: `tracker.auth.share_access`."""

    def opened(self, token: str, address: str, deadline: float | None = None) -> Any: ...
    def entered(
        self, share: Any, password: str, address: str, deadline: float | None = None
    ) -> str | None: ...
    def is_open(self, share: Any, proof: str) -> bool: ...
    def caller(self, share: Any, address: str, request_id: str) -> Any: ...


def share_pages(access: Access) -> Blueprint:
    """Return the blueprint of the pages behind share links. They look at no session, and no session opens them."""
    blueprint = Blueprint("shares", __name__, template_folder="templates")
    path, views = "/s/<token>", {"GET": _show, "POST": _enter}
    for method, view in views.items():
        opened = partial(_opened, access, view)
        blueprint.add_url_rule(path, method, opened, methods=(method,), provide_automatic_options=False)
    blueprint.after_request(_with_headers)
    for kind, handler in HANDLERS.items():
        blueprint.register_error_handler(kind, handler)
    return blueprint


def _opened(access: Access, view: Callable[[Access, Opened, Call], Any], token: str) -> Any:
    """Answer with the view of what the token opens."""
    request.max_content_length = MAX_FORM_BYTES
    call = call_of(request.environ, None, {}, False, desk().settings.trusted_proxies)
    share = access.opened(token, call.address, call.deadline)
    if share is None:
        return _told(404, CLOSED)
    g.share_origins = share.frame_origins
    return view(access, share, call)


def _show(access: Access, share: Opened, call: Call) -> Any:
    if not access.is_open(share, request.cookies.get(COOKIE, "")):
        return _asking()
    setattr(g, CALLER, access.caller(share, call.address, call.request_id))
    return _numbers(share)


def _enter(access: Access, share: Opened, call: Call) -> Response:
    """Take the password. A form from another site is none of ours: it could use up the tries of whoever looks at that site."""
    if not csrf.is_from_us(request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")):
        return _asking()
    proof = access.entered(share, request.form.get("password", ""), call.address, call.deadline)
    if proof is None:
        return _asking(WRONG)
    return _let_in(proof, request.path, is_framed=bool(share.frame_origins))


def _numbers(share: Opened) -> str:
    place = CurrentList(share.list_name, "", {"ListID": share.list_id}, {"Currency": share.currency})
    if share.command is None:
        return _overview(place, share.params)
    answer = shown(place, share.command, share.params, with_goals=False)
    return render_template(
        "share_report.html", place=place, name=share.name, shown=answer, scope=answer["scope"]
    )


def _overview(place: CurrentList, params: Mapping[str, Any]) -> str:
    """Render the overview of one of the periods. Of the address nothing else is taken: conditions are those of the link."""
    sent = {name: request.args.get(name) for name in ("From", "To")}
    period = next((each for each in PERIODS if (each[1], each[2]) == (sent["From"], sent["To"])), None)
    chosen = {"From": period[1], "To": period[2]} if period else {}
    measure = request.args.get("Show", "")
    chosen |= {"Show": measure} if measure in SIX else {}
    where = {"Where": where_text(params["Where"])} if params.get("Where") else {}
    answers = shared_overview(place, ReportAddress({**chosen, **where}))
    address = ReportAddress(chosen)
    return render_template(
        "share_overview.html",
        place=place,
        periods=[
            (name, address.link(From=first, To=last), period and name == period[0])
            for name, first, last, _ in PERIODS
        ],
        shows=[address.link(Show=name) for name in SIX],
        **answers,
    )


def _asking(said: str = "") -> Response:
    """Render the password form. It tells neither what the link shows nor of which website."""
    return make_response(render_template("share_password.html", said=said), 403)


def _let_in(proof: str, path: str, *, is_framed: bool) -> Response:
    """Redirect to the page with the proof in a cookie of that page alone; a frame on another site gets it over HTTPS only."""
    response = redirect(path, 303)
    is_https = desk().settings.public_url.startswith("https:")
    is_for_frames = is_framed and is_https
    response.set_cookie(
        COOKIE,
        proof,
        max_age=COOKIE_SECONDS,
        path=path,
        secure=is_https,
        httponly=True,
        samesite="None" if is_for_frames else "Lax",
        partitioned=is_for_frames,
    )
    return response


def _with_headers(response: Response) -> Response:
    response.headers.update(HEADERS)
    origins: tuple[str, ...] = g.get("share_origins", ())
    if origins:
        frames = f"frame-ancestors {' '.join(origins)}"
        response.headers["Content-Security-Policy"] = POLICY.replace("frame-ancestors 'none'", frames)
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _told(
    status: int, words: tuple[str, str], headers: Mapping[str, str] | None = None, **values: str
) -> Response:
    title, text = words
    body = render_template("share_told.html", title=title, text=text.format(**values))
    return make_response(body, status, dict(headers or {}))


def _limited(error: CommandError) -> Response:
    wait = in_words(int(error.headers.get("Retry-After", "1")))
    return _told(error.status, TOO_OFTEN, error.headers, wait=wait)


def _unanswered(failure: Unanswered) -> Response:
    if failure.status == 429:
        return _told(429, TOO_OFTEN, failure.retry_headers, wait=in_words(failure.seconds))
    if failure.status == 503:
        return _told(503, NOT_NOW, failure.retry_headers)
    return _told(404, REFUSED) if failure.status == 403 else _told(failure.status, FAILED)


def _failed(failure: Exception) -> Response:
    log_failure(request.environ.get(REQUEST_ID), failure)
    return _told(500, FAILED)


def _http_error(error: HTTPException) -> Response:
    return _told(error.code or 500, FAILED)


HANDLERS: dict[type[Exception], Any] = {
    CommandError: _limited,
    StorageUnavailable: lambda _: _told(503, NOT_NOW, {"Retry-After": "1"}),
    CallRefused: lambda _: _told(404, REFUSED),
    Unanswered: _unanswered,
    CopyIsBuilt: lambda _: _told(503, NOT_NOW, {"Retry-After": "3"}),
    HTTPException: _http_error,
    Exception: _failed,
}
