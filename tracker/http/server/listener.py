"""Accept loop: takes connections while there are places, and survives a process without free descriptors."""

from __future__ import annotations

import errno
import resource
import socket
from collections.abc import Callable
from typing import Any

import gevent
from gevent.server import StreamServer

from tracker.http.server.client_socket import ClientSocket

#: Errors of accept about a connection that has gone again, or its network. The next connection may be well.
_GONE = frozenset(
    getattr(errno, name, errno.EINTR)  # not every system has all of them
    for name in (
        "ECONNABORTED", "EPROTO", "EPERM", "ENETDOWN", "ENETUNREACH", "EHOSTDOWN", "EHOSTUNREACH", "ENONET",
        "ENOPROTOOPT", "EOPNOTSUPP", "ETIMEDOUT", "EINTR",
    )
)  # fmt: skip
#: Errors of accept when the process, or the machine, has no more files or memory.
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
#: Seconds until accept is tried again then.
_REST_SECONDS = 0.05
#: Descriptors kept for the database, files and logs.
RESERVED_DESCRIPTORS = 124
#: Bytes of an answer that the kernel buffers before the client has any of it: it would buffer up to 4 MB for a client that
#: reads nothing. Bytes in flight to a client that reads are not bounded by it.
_UNSENT_BYTES = 64 * 1024
#: Open files that the default number of places needs. More are never asked for.
_MAX_DESCRIPTORS = 8192


class Listener(StreamServer):  # type: ignore[misc]
    """gevent's server, with a place for each connection. `admit` gets each connection and must not wait."""

    def __init__(
        self,
        listening: Any,
        admit: Callable[[Any, ClientSocket, Any], None],
        is_full: Callable[[], bool],
        when_out_of_room: Callable[[int], None],
    ) -> None:
        self._admit, self._is_full, self._when_out_of_room = admit, is_full, when_out_of_room
        super().__init__(listening, handle=admit)
        if self.family != socket.AF_UNIX and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            # The sockets of its clients inherit this.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)

    def full(self) -> bool:
        return self._is_full()

    def resume(self) -> None:
        """Accept again: a place is free. Does nothing while it accepts already, or once it is stopped."""
        if self.started:
            self.start_accepting()

    def do_read(self) -> tuple[ClientSocket, Any] | None:
        """Accept a connection. Returns None when there is none."""
        listening = self.socket
        try:
            descriptor, address = listening._accept()  # noqa: SLF001  what accept() is made of; that would wait
        except OSError as failure:
            if failure.errno in _NO_ROOM:
                self._rest(failure.errno or 0)
            elif not isinstance(failure, BlockingIOError) and failure.errno not in _GONE:
                raise
            return None
        return ClientSocket(listening.family, socket.SOCK_STREAM, listening.proto, fileno=descriptor), address

    def do_handle(self, client: ClientSocket, address: Any) -> None:
        self._admit(self.address, client, address)

    def _rest(self, reason: int) -> None:
        self.stop_accepting()
        gevent.spawn(self._when_out_of_room, reason)
        gevent.spawn_later(_REST_SECONDS, self.resume)


def raise_descriptor_limit() -> None:
    """Raise the limit of open files as far as the process may: shells and services set it to 1,024 for compatibility."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MAX_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def affordable_places(most: int) -> int:
    """Return `most` places, or fewer if the process has fewer descriptors beside the reserved ones."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most if soft == resource.RLIM_INFINITY else max(1, min(most, soft - RESERVED_DESCRIPTORS))
