"""Write timeout: a client's socket that bounds how long a send may wait for the client to read."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from gevent.socket import socket as gevent_socket

#: Seconds of one send by default. It is no shorter for a client that reads nothing at all: while there are free places,
#: closing it sooner makes it reconnect sooner, which costs more than its place does.
_SECONDS = 30.0
_DISCARD = struct.pack("ii", 1, 0)


class ClientSocket(gevent_socket):  # type: ignore[misc]
    """The socket of one client. gunicorn's own writes go through it too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: Called when a send begins to wait and whenever it makes progress (True), and when it is done (False).
        self.on_wait: Callable[[bool], None] = lambda _is_waiting: None
        self.send_seconds = _SECONDS

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all of `data`. Raises TimeoutError; bytes that the kernel still holds are then discarded."""
        left = memoryview(data)
        with suppress(BlockingIOError):
            left = left[self._sock.send(left, flags) :]
        if not left:
            return
        try:
            self._send_patiently(left, flags)
        except TimeoutError:
            self.discard()
            raise
        finally:
            self.on_wait(False)

    def _send_patiently(self, left: memoryview, flags: int) -> None:
        deadline = time.monotonic() + self.send_seconds
        self.on_wait(True)
        while left:
            if (seconds := deadline - time.monotonic()) <= 0:
                raise TimeoutError
            self.settimeout(seconds)
            sent = self.send(left, flags)
            if sent:
                left = left[sent:]
                self.on_wait(True)

    def discard(self) -> None:
        """Discard unsent bytes on closing: the kernel would keep them for minutes."""
        with suppress(OSError):
            self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DISCARD)

    def abort(self) -> None:
        """Discard unsent bytes and shut the socket down, so that the greenlet waiting for this client ends."""
        self.discard()
        with suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)
