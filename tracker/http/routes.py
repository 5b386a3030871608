"""HTTP routes: the endpoints of commands, health and readiness, and JSON errors for every other path."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, cast

from flask import Blueprint, Flask, Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException

from tracker.call import Answer
from tracker.dispatch import Dispatcher, slash_too_many, without_spare_slashes
from tracker.errors import CommandError, hinted
from tracker.http.command_endpoint import ANSWER, LEGACY_PATH, REST_PREFIX, CommandEndpoint, body_of
from tracker.http.message.compression import MIN_BYTES, VARY, pack
from tracker.http.message.json_log import log_failure
from tracker.http.message.request_id import KEY as REQUEST_ID
from tracker.http.message.responses import HttpResponse, error_reply, from_http_exception, reply, unexpected
from tracker.http.metrics_endpoint import PATH as METRICS
from tracker.http.metrics_endpoint import MetricsEndpoint
from tracker.http.middleware import Door, OnAnswered, RequestMiddleware
from tracker.http.throttle import Throttle

#: Returns "ready", or another word for the database's state, and the reason.
LookAtDatabase = Callable[[], tuple[str, str]]
#: Returns how many nodes of the database's cluster are written to at once: 1 is right.
CountNodes = Callable[[], int]
#: Media types of what Flask's routes make anew for each request.
_PACKED = ("application/json", "text/html")
#: The endpoint itself refuses methods that a command does not take, so that the refusal has its shape and Allow header.
_ALL_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")


def build_blueprint(
    dispatcher: Dispatcher,
    look: LookAtDatabase,
    throttle: Throttle,
    doors: Sequence[Door] = (),
    trusted_proxies: int = 0,
    has_fast_path: bool = True,
    count_nodes: CountNodes = lambda: 1,
    metrics: MetricsEndpoint | None = None,
    on_answered: OnAnswered = lambda _answer, _status: None,
) -> Blueprint:
    """Return the blueprint that joins `dispatcher` to HTTP; `look()` tells whether calls can be answered, and why not.

    `throttle` is shared with the `doors`, each of which has all paths below its prefix. `on_answered` is told of each request.
    """
    endpoint = CommandEndpoint(dispatcher, throttle, trusted_proxies)
    blueprint = Blueprint("endpoints", __name__)
    for path in (LEGACY_PATH, f"{REST_PREFIX}<path:_>"):
        _add(blueprint, path, lambda _="": _through(endpoint), _ALL_METHODS)
    _add(blueprint, "/health", lambda: _response(reply(200, {"status": "ok"})))
    _add(blueprint, "/ready", lambda: _readiness(look, count_nodes))
    if metrics is not None:
        _add(blueprint, METRICS, lambda: _response(metrics.reply(request.environ)), _ALL_METHODS)
    blueprint.after_app_request(_packed)
    blueprint.app_errorhandler(HTTPException)(lambda error: _routing_error(error, endpoint))
    blueprint.app_errorhandler(Exception)(_failure)
    blueprint.record_once(lambda state: _add_middleware(state, endpoint, doors, has_fast_path, on_answered))
    return blueprint


def _add(
    blueprint: Blueprint, path: str, view: Callable[..., Any], methods: tuple[str, ...] = ("GET",)
) -> None:
    name = re.sub(r"\W+", "_", path).strip("_")
    blueprint.add_url_rule(path, name, view, methods=methods, provide_automatic_options=False)


def _add_middleware(
    state: BlueprintSetupState,
    endpoint: CommandEndpoint,
    doors: Sequence[Door],
    has_fast_path: bool,
    on_answered: OnAnswered,
) -> None:
    # A path with an empty part is unknown; werkzeug would redirect to another one, with a page of HTML.
    app = cast(Flask, state.app)
    app.url_map.merge_slashes = False
    app.wsgi_app = RequestMiddleware(app.wsgi_app, endpoint, doors, has_fast_path, on_answered)  # type: ignore[method-assign]


def _through(endpoint: CommandEndpoint) -> Response:
    sent = endpoint.reply(request.environ)
    if sent.stream is None:
        return _response(sent)
    return _Bare(body_of(sent, request.environ), sent.status_line, sent.headers)


def _readiness(look: LookAtDatabase, count_nodes: CountNodes) -> Response:
    state, reason = look()
    if state == "ready":
        said = {"status": "ready", "database": state, "writer_nodes": count_nodes()}
        return _response(reply(200, said))
    # Nothing of the database, which may be well: a check that takes an instance for ready by that must not find it.
    about = {"status": state} if state == "draining" else {"status": "not ready", "database": state}
    said = {**about, "reason": reason}
    return _response(reply(503, said, {"Retry-After": "1"}))


def _routing_error(error: HTTPException, endpoint: CommandEndpoint) -> Any:
    if error.response is not None or (error.code or 500) < 400:
        return error
    # A method that HTTP does not know still reaches the endpoint, for the same refusal as any other.
    if error.code == 405 and (request.path == LEGACY_PATH or request.path.startswith(REST_PREFIX)):
        return _through(endpoint)
    refused = from_http_exception(error)
    path = "/" + without_spare_slashes(request.path)
    if error.code == 404 and path != request.path and endpoint.is_path(path):
        refused = CommandError(hinted(refused.errors[0], slash_too_many(path)))
    return _refusal(refused)


def _failure(failure: Exception) -> Response:
    name = request.environ.get(REQUEST_ID, "")
    log_failure(name, failure)
    return _refusal(unexpected(name))


def _refusal(error: CommandError) -> Response:
    """Return the response, and let the log and the metrics know it as they know the dispatcher's."""
    request.environ[ANSWER] = Answer(error.status, error.body, {})
    return _response(error_reply(error))


def _packed(response: Response) -> Response:
    """Pack a page or an answer of Flask's routes, unless it was decided on before, or is made while it is sent."""
    if response.is_streamed or response.direct_passthrough or response.mimetype not in _PACKED:
        return response
    if VARY in response.headers.get("Vary", "") or (response.content_length or 0) < MIN_BYTES:
        return response
    response.set_data(pack(response.get_data(), response.headers, request.environ))
    return response


class _Bare(Response):
    """A response with the headers it is given and no others: without a body there is no Content-Type."""

    default_mimetype = None


def _response(sent: HttpResponse) -> Response:
    return _Bare(sent.body, sent.status_line, sent.headers)
