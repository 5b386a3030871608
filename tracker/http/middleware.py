"""WSGI middleware: assigns the request id, writes the access log, and routes known command paths around Flask."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from tracker.call import Answer
from tracker.http.access_log import log_request
from tracker.http.command_endpoint import ANSWER, CommandEndpoint
from tracker.http.large_bodies import LargeBodies, is_large
from tracker.http.message.request_id import KEY as REQUEST_ID
from tracker.http.message.request_id import request_id

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
OnAnswered = Callable[[Answer | None, int], None]


class Door(Protocol):
    """A WSGI application for all paths below `prefix`."""

    prefix: str

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]: ...

    def max_body_bytes_at(self, path: str) -> int:
        """Return the bytes that a body at this path may have."""


class RequestMiddleware:
    """A WSGI application around Flask's.

    Flask's routing, contexts and response object cost 65 µs a request, more than everything between here and the command.
    So a command's canonical path goes to the command endpoint at once. Every other path and spelling takes Flask's routes,
    which lead to the same endpoint. All paths below the prefix of a door are its own.
    `on_answered(answer, status)` is told of each request: the dispatcher's answer, or None, and the status that was sent.
    Without `has_fast_path` commands take Flask's routes too, and gunicorn's general request handling.
    """

    def __init__(
        self,
        flask_app: WsgiApp,
        endpoint: CommandEndpoint,
        doors: Sequence[Door] = (),
        has_fast_path: bool = True,
        on_answered: OnAnswered = lambda _answer, _status: None,
    ) -> None:
        self.on_answered = on_answered
        self._flask_app, self._endpoint = flask_app, endpoint
        self._doors = {door.prefix: door for door in doors}
        self._prefixes = tuple(self._doors)
        self._has_fast_path = has_fast_path
        self._shortcuts = endpoint.paths() if has_fast_path else frozenset()
        self._large_bodies = LargeBodies()

    def max_body_bytes_at(self, path: str) -> int:
        """Return the bytes that a body at this path may have. The worker reads the body before it calls this application."""
        if path.startswith(self._prefixes):
            return self._door_at(path).max_body_bytes_at(path)
        return self._endpoint.rules(path).max_bytes

    def is_shortcut(self, path: str) -> bool:
        """Whether a request for this path needs neither Flask nor percent-decoding."""
        return path in self._shortcuts or (
            self._has_fast_path and path.startswith(self._prefixes) and "%" not in path
        )

    def _door_at(self, path: str) -> Door:
        return next(door for prefix, door in self._doors.items() if path.startswith(prefix))

    def _app_at(self, path: str) -> WsgiApp:
        if path in self._shortcuts:
            return self._endpoint
        if path.startswith(self._prefixes):
            return self._door_at(path)
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
            answer = environ.get(ANSWER)
            self.on_answered(answer, status or 500)
            log_request(environ, status or 500, started, name, answer)
