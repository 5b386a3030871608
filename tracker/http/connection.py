"""Is a client's connection idle, sending or being answered, and until when may it stay so?"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import Any

from gunicorn.http.body import LengthReader
from gunicorn.http.errors import NoMoreData
from gunicorn.http.unreader import SocketUnreader
from gunicorn.util import unquote_to_wsgi_str

from tracker.http.parser import Parser

#: Where the server has no timeout, requests still have one.
_REQUEST_SECONDS = 30.0
#: How long, and how much, we read on after refusing: closing at once could destroy the refusal on its way.
_LINGER_SECONDS, _LINGER_BYTES = 1.0, 1024 * 1024


class Connection(SocketUnreader):  # type: ignore[misc]
    """What the parser reads from: a socket with a deadline."""

    def __init__(self, client: Any, cfg: Any, address: Any, most_body_bytes: Callable[[str], int]) -> None:
        super().__init__(client)
        self._most_body_bytes = most_body_bytes
        # One bound for both: a request must be here whole so long after its first byte, and an answer be taken.
        self._idle_seconds, self._request_seconds = cfg.keepalive, cfg.timeout or _REQUEST_SECONDS
        self._request: Any = None
        self.parser = Parser(cfg, client, address)
        self.parser.unreader = self
        self.has_unread = False
        self.requests = 0
        self._wait()

    def _wait(self) -> None:
        """The next request has not begun."""
        self.is_idle, self.is_receiving, self._request = True, True, None
        self.deadline = time.monotonic() + self._idle_seconds
        self.started = time.perf_counter()

    def _begin(self) -> None:
        """The first byte of a request is here."""
        self.is_idle = False
        self.deadline = time.monotonic() + self._request_seconds
        self.started = time.perf_counter()

    def chunk(self, size_hint: int | None = None) -> bytes:
        """What has arrived; raises TimeoutError at the deadline."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.sock.settimeout(left)
        data: bytes = super().chunk(size_hint)
        if self.is_idle:
            self._begin()
        return data

    def next_request(self) -> Any:
        """The next request with its whole body; StopIteration when there is none.

        A body above the limit is left where it is: the door will refuse it unread, and the connection ends.
        """
        self._wait()
        if self.buf.getbuffer().nbytes:  # the client sent it together with the last one
            self._begin()
        request = self._request = next(self.parser)
        self._receive(request)
        self.requests += 1
        self.is_receiving = False
        self.sock.settimeout(self._request_seconds)
        return request

    def seen(self) -> dict[str, str]:
        """Method and path of the request that is being read, for the log; empty before its headers are read."""
        if self._request is None:
            return {}
        path = unquote_to_wsgi_str(self._request.path)
        return {"REQUEST_METHOD": self._request.method, "PATH_INFO": path}

    def _receive(self, request: Any) -> None:
        reader = request.body.reader
        announced = reader.length if isinstance(reader, LengthReader) else None
        if announced == 0:
            return
        most = self._most_body_bytes(unquote_to_wsgi_str(request.path))
        if announced and announced > most:
            self._leave(request)
            return
        self._tell_to_continue(request)
        body = request.body.read(announced or most + 1)
        if announced and len(body) < announced:
            raise NoMoreData
        if len(body) > most:
            self._leave(request)
        request.body = BytesIO(body)

    def _tell_to_continue(self, request: Any) -> None:
        if request._expected_100_continue:  # noqa: SLF001  gunicorn would say it too late: after we have read
            request._expected_100_continue = False  # noqa: SLF001
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _leave(self, request: Any) -> None:
        self.has_unread = True
        request._expected_100_continue = False  # noqa: SLF001
        request.force_close()

    def end_waiting(self) -> bool:
        """Let the greenlet that waits for input see the end of it, unless something has just arrived; whether it does."""
        if is_readable(self.sock):
            return False
        with suppress(OSError):  # the client was faster and is gone
            self.sock.shutdown(socket.SHUT_RD)
        return True

    def linger(self) -> None:
        """Tell the client that nothing more comes, and take what it is still sending."""
        self.sock.shutdown(socket.SHUT_WR)
        deadline, left = time.monotonic() + _LINGER_SECONDS, _LINGER_BYTES
        while left > 0 and (seconds := deadline - time.monotonic()) > 0:
            self.sock.settimeout(seconds)
            data = self.sock.recv(65536)
            if not data:
                return
            left -= len(data)


def is_readable(sock: Any) -> bool:
    """Whether a read, or an accept, would find something now."""
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN)
    return bool(poll.poll(0))
