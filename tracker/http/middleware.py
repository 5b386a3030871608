"""WSGI middleware: assigns the request id, writes the access log, and routes known command paths around Flask."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from tracker.http.access_log import log_request
from tracker.http.collect_endpoint import CollectEndpoint
from tracker.http.command_endpoint import ANSWER, CommandEndpoint
from tracker.http.large_bodies import LargeBodies, is_large
from tracker.http.message.request_id import KEY as REQUEST_ID
from tracker.http.message.request_id import request_id

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class RequestMiddleware:
    """A WSGI application around Flask's.

    Flask's routing, contexts and response object cost 65 µs a request, more than everything between here and the command.
    So a command's canonical path goes to the command endpoint at once. Every other path and spelling takes Flask's routes,
    which lead to the same endpoint. All paths below the collect endpoint's prefix are its own.
    Without `has_fast_path` commands take Flask's routes too, and gunicorn's general request handling.
    """

    def __init__(
        self,
        flask_app: WsgiApp,
        endpoint: CommandEndpoint,
        collect_endpoint: CollectEndpoint | None = None,
        has_fast_path: bool = True,
    ) -> None:
        self._flask_app, self._endpoint, self._collect = flask_app, endpoint, collect_endpoint
        self._collect_prefix = collect_endpoint.prefix if collect_endpoint else "\0"
        self._has_fast_path = has_fast_path
        self._shortcuts = endpoint.paths() if has_fast_path else frozenset()
        self._large_bodies = LargeBodies()

    def max_body_bytes_at(self, path: str) -> int:
        """Return the bytes that a body at this path may have. The worker reads the body before it calls this application."""
        if self._collect is not None and path.startswith(self._collect_prefix):
            return self._collect.rules.max_bytes
        return self._endpoint.rules(path).max_bytes

    def is_shortcut(self, path: str) -> bool:
        """Whether a request for this path needs neither Flask nor percent-decoding."""
        return path in self._shortcuts or (
            self._has_fast_path and self._is_collect_path(path) and "%" not in path
        )

    def _is_collect_path(self, path: str) -> bool:
        return self._collect is not None and path.startswith(self._collect_prefix)

    def _app_at(self, path: str) -> WsgiApp:
        if path in self._shortcuts:
            return self._endpoint
        if self._collect is not None and path.startswith(self._collect_prefix):
            return self._collect
        return self._flask_app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started = time.perf_counter()
        name = environ[REQUEST_ID] = request_id(environ)
        status = 0

        def noted_start(line: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            nonlocal status
            status = int(line[:3])
            headers.append(("X-Request-ID", name))
            return start_response(line, headers, *exc_info)

        try:
            app = self._app_at(environ["PATH_INFO"])
            return (
                self._large_bodies.through(app, environ, noted_start)
                if is_large(environ)
                else app(environ, noted_start)
            )
        finally:
            log_request(environ, status or 500, started, name, environ.get(ANSWER))
