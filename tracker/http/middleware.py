"""What happens to every request before Flask sees it? It gets an id and a log line; known commands go straight on."""

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

    Flask's routing, contexts and response object cost 65 µs a request, more than all of our own way to the command.
    So a command's canonical path is handed to the door here; every other path and spelling takes Flask's way, where
    routes lead to the same door. The paths of the public door are its own, whatever follows its prefix.
    Without `has_fast_path` commands take Flask's way too, and gunicorn's general one.
    """

    def __init__(
        self,
        flask_app: WsgiApp,
        door: CommandEndpoint,
        public_door: CollectEndpoint | None = None,
        has_fast_path: bool = True,
    ) -> None:
        self._flask_app, self._door, self._public_door = flask_app, door, public_door
        self._public_prefix = public_door.prefix if public_door else "\0"
        self._has_fast_path = has_fast_path
        self._shortcuts = door.paths() if has_fast_path else frozenset()
        self._large_bodies = LargeBodies()

    def max_body_bytes_at(self, path: str) -> int:
        """How large a body at this path may be: the worker reads it before it asks us."""
        if self._public_door is not None and path.startswith(self._public_prefix):
            return self._public_door.rules.max_bytes
        return self._door.rules(path).max_bytes

    def is_shortcut(self, path: str) -> bool:
        """Whether a request for this path needs nothing of Flask's and, as it is written, nothing decoded."""
        return path in self._shortcuts or (self._has_fast_path and self._is_public(path) and "%" not in path)

    def _is_public(self, path: str) -> bool:
        return self._public_door is not None and path.startswith(self._public_prefix)

    def _app_at(self, path: str) -> WsgiApp:
        if path in self._shortcuts:
            return self._door
        if self._public_door is not None and path.startswith(self._public_prefix):
            return self._public_door
        return self._flask_app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started = time.perf_counter()
        name = environ[REQUEST_ID] = request_id(environ)
        status = 0

        def noting(line: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            nonlocal status
            status = int(line[:3])
            headers.append(("X-Request-ID", name))
            return start_response(line, headers, *exc_info)

        try:
            app = self._app_at(environ["PATH_INFO"])
            return (
                self._large_bodies.through(app, environ, noting)
                if is_large(environ)
                else app(environ, noting)
            )
        finally:
            log_request(environ, status or 500, started, name, environ.get(ANSWER))
