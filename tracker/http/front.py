"""What happens to every request before Flask sees it? It gets an id and a log line; known commands go straight on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from tracker.http.door import ANSWER, Door
from tracker.http.request_id import KEY as REQUEST_ID
from tracker.http.request_id import request_id
from tracker.http.request_log import log_request

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Front:
    """A WSGI application around Flask's.

    Flask's routing, contexts and response object cost 65 µs a request, more than all of our own way to the command.
    So a command's canonical path is handed to the door here; every other path and spelling takes Flask's way, where
    routes lead to the same door.
    """

    def __init__(self, flask_app: WsgiApp, door: Door) -> None:
        self._flask_app, self._door = flask_app, door
        self._shortcuts = door.paths()

    def most_body_bytes(self, path: str) -> int:
        """How large a body at this path may be: the worker reads it before it asks us."""
        return self._door.rules(path).most_bytes

    def is_shortcut(self, path: str) -> bool:
        return path in self._shortcuts

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started = time.perf_counter()
        name = environ[REQUEST_ID] = request_id(environ)
        status = 0

        def noting(line: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            nonlocal status
            status = int(line[:3])
            headers.append(("X-Request-ID", name))
            return start_response(line, headers, *exc_info)

        app = self._door if environ["PATH_INFO"] in self._shortcuts else self._flask_app
        try:
            return app(environ, noting)
        finally:
            log_request(environ, status or 500, started, name, environ.get(ANSWER))
