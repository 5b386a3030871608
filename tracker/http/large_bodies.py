"""Concurrency limit for large bodies: four at once a process; further requests queue with their raw body."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from gevent.lock import BoundedSemaphore

from tracker.call import CALL_SECONDS
from tracker.errors import STORAGE_UNAVAILABLE, CommandError
from tracker.http.body.reader import MAX_BODY_BYTES
from tracker.http.message.responses import error_reply
from tracker.http.message.wsgi_call import DEADLINE

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

#: Requests at once. A batch of 1,000 events takes 1 to 2 MB once it is parsed. One is written while the next are parsed:
#: more at once would take memory and make none of them faster.
MAX_AT_ONCE = 4


class LargeBodies:
    """Lets `most` large requests of a process through, in order of arrival; the others wait until their deadline."""

    def __init__(self, most: int = MAX_AT_ONCE) -> None:
        self._places = BoundedSemaphore(most)

    def through(
        self, app: WsgiApp, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Return the answer of `app`. Queueing time counts against the call's deadline. Without a turn in time: 100012."""
        environ[DEADLINE] = time.monotonic() + CALL_SECONDS
        if not self._places.acquire(timeout=CALL_SECONDS):
            refused = error_reply(CommandError(STORAGE_UNAVAILABLE, headers={"Retry-After": "1"}))
            start_response(refused.status_line, refused.headers)
            return (refused.body,)
        try:
            return app(environ, start_response)
        finally:
            self._places.release()


def is_large(environ: dict[str, Any]) -> bool:
    """Whether a body may be longer than one event's: by its length, or because its length is not known yet."""
    length = environ.get("CONTENT_LENGTH")
    if not length:
        return "HTTP_TRANSFER_ENCODING" in environ
    if "HTTP_CONTENT_ENCODING" in environ:
        return True
    # Anything but a number is refused by the command endpoint.
    return len(length) > 5 or (length.isdigit() and int(length) > MAX_BODY_BYTES)
