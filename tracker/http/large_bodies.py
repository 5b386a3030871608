"""How many requests with large bodies does a process work on at once? The others wait with theirs as bytes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from gevent.lock import BoundedSemaphore

from tracker.call import CALL_SECONDS
from tracker.errors import STORAGE_UNAVAILABLE, CommandError
from tracker.http.body.reader import MAX_BODY_BYTES
from tracker.http.message.call import DEADLINE
from tracker.http.message.responses import error_reply

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

#: A batch of 1,000 events takes 1 to 2 MB once it is read. One is written while the next are read: more at once would
#: take memory and make none of them faster.
MAX_AT_ONCE = 4


class LargeBodies:
    """Lets so many large requests of a process through, in the order they came; the others wait for their deadline."""

    def __init__(self, most: int = MAX_AT_ONCE) -> None:
        self._places = BoundedSemaphore(most)

    def through(
        self, app: WsgiApp, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """What `app` answers. Its time began when the waiting did. Without a place in time: 100012."""
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
    """Whether a body may be longer than one event's: by its length, or because nobody knows its length yet."""
    length = environ.get("CONTENT_LENGTH")
    if not length:
        return "HTTP_TRANSFER_ENCODING" in environ
    if "HTTP_CONTENT_ENCODING" in environ:
        return True
    # Anything but a number is refused by the door.
    return len(length) > 5 or (length.isdigit() and int(length) > MAX_BODY_BYTES)
