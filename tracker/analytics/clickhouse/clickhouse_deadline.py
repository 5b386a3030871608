"""ClickHouse deadline: until when an exchange with the server may take, by what is left of the message for which a thread works."""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

#: Seconds for all bytes of an answer after its first ones: a server sends none before it has the whole (`wait_end_of_query`).
ANSWER_SECONDS = 60.0

_until: ContextVar[float] = ContextVar("until", default=float("inf"))


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Have all that this thread does meanwhile end within these seconds, or sooner where that was asked for already."""
    token = _until.set(min(_until.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _until.reset(token)


def left(seconds: float) -> float:
    """Return how many of these seconds there are: less where a message has less time left, and never less than none."""
    return max(0.0, min(seconds, _until.get() - time.monotonic()))


class TimedResponse(http.client.HTTPResponse):
    """A response that is there until then, a `time.monotonic()` second, or never: also a server that sends a byte now and then is late."""

    def __init__(self, sock: socket.socket, *given: Any, until: float, **named: Any) -> None:
        super().__init__(sock, *given, **named)
        self.fp.close()
        self.fp = io.BufferedReader(_TimedReader(sock, until))


class _TimedReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock, self._until = sock, until
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        seconds = self._until - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        self._sock.settimeout(seconds)
        read = self._raw.readinto(buffer)
        self._until = min(self._until, time.monotonic() + ANSWER_SECONDS)
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()
