"""Accept loop: connections are taken while there are places, and it goes on when the process has no descriptor left."""

from __future__ import annotations

import errno
import resource
import socket
from collections.abc import Callable
from typing import Any

import gevent
from gevent.server import StreamServer

from tracker.http.server.client_socket import ClientSocket

#: What accept says of a connection that has gone again, or of the network it came from. The next one may be well.
_GONE = frozenset(
    getattr(errno, name, errno.EINTR)  # not every system has all of them
    for name in (
        "ECONNABORTED", "EPROTO", "EPERM", "ENETDOWN", "ENETUNREACH", "EHOSTDOWN", "EHOSTUNREACH", "ENONET",
        "ENOPROTOOPT", "EOPNOTSUPP", "ETIMEDOUT", "EINTR",
    )
)  # fmt: skip
#: What it says when the process, or the machine, can have no more files or memory.
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
#: How long we then wait before we try again.
_REST_SECONDS = 0.05
#: Descriptors that are for the database, files and logs, not for connections.
RESERVED_DESCRIPTORS = 124
#: How much of an answer the kernel takes from us before the client has any of it: a client that reads nothing would be sent,
#: and kept, up to 4 MB. It is no bound for what is under way to a client that reads.
_UNSENT_BYTES = 64 * 1024
#: As many open files as the default number of places needs. More is never asked for.
_MAX_DESCRIPTORS = 8192


class Listener(StreamServer):  # type: ignore[misc]
    """gevent's server, with a place for each connection. `admit` gets a connection and must not wait."""

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
        """A place is free. Nothing happens where it is accepting already, or never will again."""
        if self.started:
            self.start_accepting()

    def do_read(self) -> tuple[ClientSocket, Any] | None:
        """A new connection; None when there is none."""
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
    """Ask for as many open files as this process may have by itself: shells and services give 1,024 for compatibility."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MAX_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def affordable_places(most: int) -> int:
    """So many of `most` places as this process has descriptors for, beside those that are reserved."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most if soft == resource.RLIM_INFINITY else max(1, min(most, soft - RESERVED_DESCRIPTORS))
