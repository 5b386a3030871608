"""Client connection: bounds in time and memory for one connection, and the state that it waits in."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from select import POLLIN
from typing import Any

from gevent.monkey import get_original
from gunicorn.http.body import ChunkedReader, LengthReader
from gunicorn.http.errors import InvalidChunkSize, NoMoreData
from gunicorn.http.unreader import SocketUnreader
from gunicorn.util import unquote_to_wsgi_str

from tracker.http.server.budget import Budget
from tracker.http.server.client_socket import ClientSocket
from tracker.http.server.parser import Parser
from tracker.http.server.places import PlaceColumn, Places

#: Seconds for a request where the server's own timeout is switched off.
_REQUEST_SECONDS = 30.0
#: Seconds and bytes that are read on after a refusal: closing at once could destroy the refusal on its way.
_LINGER_SECONDS, _LINGER_BYTES = 1.0, 1024 * 1024
#: Chunks of a body. Each costs 3 µs, however small; a thousand lines sent one by one have to fit.
MAX_CHUNKS = 1_600


# gevent's poll yields to other greenlets even where nothing is waited for: the socket may be gone then.
_poll = get_original("select", "poll")


class Connection(SocketUnreader):  # type: ignore[misc]
    """The source that the parser reads from: a socket with a deadline and a place in the connection table."""

    #: gunicorn would have Python allocate 1 MB at each read, whatever has arrived.
    max_body_chunk = 64 * 1024

    waits: PlaceColumn
    _waited: PlaceColumn

    def __init__(
        self,
        client: ClientSocket,
        cfg: Any,
        address: Any,
        max_body_bytes_of: Callable[[Any], int],
        places: Places,
        budget: Budget,
    ) -> None:
        super().__init__(client)
        self._most_body_bytes, self._places, self._budget = max_body_bytes_of, places, budget
        # One bound for both: a request must be complete this long after its first byte, and an answer be read.
        self._idle_seconds, self._request_seconds = cfg.keepalive, cfg.timeout or _REQUEST_SECONDS
        self._request: Any = None
        self._refused: Exception | None = None
        self.address, self.held = address, 0
        self.parser = Parser(cfg, client, address)
        self.parser.unreader = self
        self.has_begun = self.has_unread = False
        self.requests = 0
        client.on_wait, client.send_seconds = self._note_sending, self._request_seconds
        places.enter(self, time.monotonic())
        self._wait()

    def _wait(self) -> None:
        """Wait for the next request; the last one is answered."""
        self._budget.give_back(self)
        self._request, self._refused, self.has_begun = None, None, False
        now = time.monotonic()
        self.deadline = now + self._idle_seconds
        self.started = time.perf_counter()
        if self.requests:
            self._places.move(self, self._places.kept, now)

    def _begin(self) -> None:
        """Note that the first byte of a request has arrived."""
        now = time.monotonic()
        self.has_begun, self.deadline = True, now + self._request_seconds
        self.started = time.perf_counter()
        self._places.move(self, self._places.part, now)

    @property
    def is_receiving(self) -> bool:
        """Whether a request has begun and is incomplete."""
        return self.waits is self._places.part

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the bytes that have arrived. Raises TimeoutError at the deadline, and OverBudget."""
        if self._refused is not None:
            raise self._refused
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.sock.settimeout(left)
        data: bytes = super().chunk(size_hint)
        if data and not self.has_begun:
            self._begin()
        self._budget.take(self, len(data), self._places.part)
        if self._refused is not None:
            raise self._refused
        return data

    def refuse(self, failure: Exception) -> None:
        """Make the connection raise `failure`: at once if it waits for bytes, else when it asks for more of its request."""
        self._refused = failure
        self.sock.hub.cancel_wait(self.sock._read_event, failure)  # noqa: SLF001

    def next_request(self) -> Any:
        """Return the next request with its whole body. Raises StopIteration when there is none.

        A body above the limit is not read: the endpoint refuses it, and the connection ends.
        """
        self._wait()
        if already := self.buf.getbuffer().nbytes:  # the client sent it together with the last one
            self._begin()
            self._budget.take(self, already, ())
        request = self._request = next(self.parser)
        self._receive(request)
        self.requests += 1
        self._places.move(self, self._places.busy, time.monotonic())
        return request

    def _note_sending(self, is_waiting: bool) -> None:
        sending = self._places.sending
        if self.waits is not sending:
            self._waited = self.waits
        self._places.move(self, sending if is_waiting else self._waited, time.monotonic())

    def seen(self) -> dict[str, str]:
        """Return method and path of the request that is being read, for the log; empty before its headers are read."""
        if self._request is None:
            return {}
        path = unquote_to_wsgi_str(self._request.path)
        return {"REQUEST_METHOD": self._request.method, "PATH_INFO": path}

    def _receive(self, request: Any) -> None:
        reader = request.body.reader
        announced = reader.length if isinstance(reader, LengthReader) else None
        if announced == 0:
            return
        most = self._most_body_bytes(request)
        if announced and announced > most:
            self._leave(request)
            return
        self._send_continue(request)
        if isinstance(reader, ChunkedReader) and reader.parser is not None:
            reader.parser = _bounded(reader.parser)
        body = request.body.read(announced or most + 1)
        if announced and len(body) < announced:
            raise NoMoreData
        if len(body) > most:
            self._leave(request)
        request.body = BytesIO(body)

    def _send_continue(self, request: Any) -> None:
        if request._expected_100_continue:  # noqa: SLF001  gunicorn would send it too late: after the body is read
            request._expected_100_continue = False  # noqa: SLF001
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _leave(self, request: Any) -> None:
        self.has_unread = True
        request._expected_100_continue = False  # noqa: SLF001
        request.force_close()

    def end_waiting(self) -> bool:
        """End the greenlet's wait for its client, unless bytes have just arrived. Returns whether it ends."""
        if self.waits is self._places.sending or self.waits is self._places.lingering:
            self.sock.abort()
            return True
        if is_readable(self.sock):
            return False
        with suppress(OSError):  # the client was faster and is gone
            self.sock.shutdown(socket.SHUT_RD)
        return True

    def linger(self) -> None:
        """Shut down the sending side, and read on for a while what the client is still sending (lingering close)."""
        self._places.move(self, self._places.lingering, time.monotonic())
        # The bytes read of the request are not needed any more, and may be many.
        self.buf, self._request, self.parser.mesg = BytesIO(), None, None
        self.sock.shutdown(socket.SHUT_WR)
        deadline, left = time.monotonic() + _LINGER_SECONDS, _LINGER_BYTES
        while left > 0 and (seconds := deadline - time.monotonic()) > 0:
            self.sock.settimeout(seconds)
            data = self.sock.recv(65536)
            if not data:
                return
            left -= len(data)

    def close(self) -> None:
        """Close the descriptor, then give up the place."""
        try:
            self.sock.close()
        finally:
            self._budget.give_back(self)
            self._places.leave(self)


def _bounded(chunks: Iterator[bytes]) -> Iterator[bytes]:
    for number, chunk in enumerate(chunks):
        if number == MAX_CHUNKS:
            raise InvalidChunkSize(b"too many chunks")
        yield chunk


def is_readable(sock: Any) -> bool:
    """Whether a read, or an accept, would return at once."""
    poll = _poll()
    poll.register(sock.fileno(), POLLIN)
    return bool(poll.poll(0))
