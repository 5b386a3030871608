"""Write timeout: a socket that knows since when it waits for its client to take what is sent, and how long it may."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from gevent.socket import socket as gevent_socket

#: How long one send may take where nothing else is said. It is no shorter for a client that takes nothing at all: while there
#: are places, ending it sooner has it come again sooner, which costs more than the place does.
_SECONDS = 30.0
_DISCARD = struct.pack("ii", 1, 0)


class ClientSocket(gevent_socket):  # type: ignore[misc]
    """The socket of one client. gunicorn's own writes go through it too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: Called when a send begins to wait, whenever it gets on (True), and when it is done (False).
        self.on_wait: Callable[[bool], None] = lambda _is_waiting: None
        self.send_seconds = _SECONDS

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all of it. Raises TimeoutError; what the kernel still holds is then thrown away."""
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
        """Nothing that is still to be sent will be: closing must not leave it to the kernel, which would keep it for minutes."""
        with suppress(OSError):
            self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DISCARD)

    def abort(self) -> None:
        """Have the greenlet that waits for this client see that there is none."""
        self.discard()
        with suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)
