"""Flood client: it holds connections and comes again as fast as they are dropped. `python -m tests.faults.flood JSON`.

A process of its own. It ends with its time, or with its standard input, and prints how many connections it made.
"""

from __future__ import annotations

import itertools
import json
import resource
import select
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

from tracker.http.docs_page import SWAGGER_UI

_HEAD = b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
#: What each kind sends before it waits.
SENT = {
    "idle": b"",
    "head": _HEAD,
    "body": _HEAD + b'Content-Length: 30000\r\n\r\n{"Events": [',
    "unread": f"GET /api/docs/{SWAGGER_UI}/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
}
#: Receive buffer of a client that does not read.
_SMALL_BUFFER = 2048
_ENDED = select.EPOLLHUP | select.EPOLLERR | select.EPOLLRDHUP


@dataclass(slots=True)
class Settings:
    port: int
    kind: str
    clients: int
    seconds: float


class Client:
    """One connection after the other. It comes from one of several addresses, so that ports do not run out."""

    def __init__(self, settings: Settings, poll: select.epoll, number: int) -> None:
        self._settings, self._poll, self._address = settings, poll, f"127.0.0.{2 + number % 16}"
        self.sock = socket.socket()

    def connect(self) -> None:
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_IP, getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24), 1)
        if self._settings.kind == "unread":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
        self.sock.bind((self._address, 0))
        with suppress(BlockingIOError):
            self.sock.connect(("127.0.0.1", self._settings.port))
        self._left = memoryview(SENT[self._settings.kind])
        self._poll.register(self.sock, select.EPOLLOUT | _ENDED)

    def act(self, event: int) -> bool:
        """Send what is still to be sent, and take what comes; whether the connection is still there."""
        if event & (select.EPOLLHUP | select.EPOLLERR):
            return False
        if event & select.EPOLLOUT:
            with suppress(BlockingIOError):
                self._left = self._left[self.sock.send(self._left) :]
            if not self._left:
                reading = 0 if self._settings.kind == "unread" else select.EPOLLIN
                self._poll.modify(self.sock, reading | _ENDED)
        if event & select.EPOLLIN:
            return self.sock.recv(65536) != b""
        return not event & select.EPOLLRDHUP

    def close(self) -> None:
        self._poll.unregister(self.sock)
        self.sock.close()


def flood(settings: Settings) -> int:
    """How many connections were made."""
    made, clients = itertools.count(), dict[int, Client]()
    with select.epoll() as poll:
        poll.register(sys.stdin, select.EPOLLHUP)

        def connect(client: Client) -> None:
            next(made)
            client.connect()
            clients[client.sock.fileno()] = client

        for number in range(settings.clients):
            connect(Client(settings, poll, number))
        deadline = time.monotonic() + settings.seconds
        while (left := deadline - time.monotonic()) > 0:
            for descriptor, event in poll.poll(left):
                if descriptor == sys.stdin.fileno():
                    return next(made)
                client = clients[descriptor]
                try:
                    is_there = client.act(event)
                except OSError:
                    is_there = False
                if not is_there:
                    del clients[descriptor]
                    client.close()
                    connect(client)
    return next(made)


def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    sys.stdout.write(json.dumps(flood(Settings(**json.loads(sys.argv[1])))))


if __name__ == "__main__":
    main()
