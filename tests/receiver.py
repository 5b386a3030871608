"""A receiver of POSTs, as a trigger's target is one: it notes what comes, and answers as a test tells it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from gevent.pool import Pool
from gevent.queue import Empty, Queue
from gevent.server import StreamServer
from gevent.socket import socket

#: What targets tests may call.
ALLOWED = {"TRACKER_OUTGOING_ALLOW": "public,127.0.0.0/8"}
NO_CONTENT = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
#: Seconds until a test fails because nothing came.
PATIENCE = 20.0


@dataclass(frozen=True)
class Received:
    """One request: its path, its headers by lower-case name, and its body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def message(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.body)
        return read

    @property
    def event(self) -> dict[str, Any]:
        read: dict[str, Any] = self.message["Event"]
        return read

    def is_signed_by(self, secret: str) -> bool:
        """Whether one of the signatures is right: as docs/triggers.md shows it."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        right = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return right in self.headers["webhook-signature"].split(" ")


def status(code: int, body: bytes = b"", *headers: str) -> bytes:
    """An answer."""
    lines = [f"HTTP/1.1 {code} Said", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Receiver:
    """`answers` are taken in order, and then NO_CONTENT; a function gets the connection instead."""

    def __init__(self) -> None:
        self.requests: Queue[Received] = Queue()
        self.answers: list[bytes | Callable[[socket], None]] = []
        self._server = StreamServer(("127.0.0.1", 0), self._handle, spawn=Pool())
        self._server.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def next(self, seconds: float = PATIENCE) -> Received:
        """The next request, as soon as it has come."""
        found: Received = self.requests.get(timeout=seconds)
        return found

    def is_empty(self) -> bool:
        try:
            self.requests.get_nowait()
        except Empty:
            return True
        return False

    def close(self) -> None:
        self._server.stop(timeout=0)

    def _handle(self, connection: socket, _: Any) -> None:
        with connection:
            received = read_request(connection)
            if received is None:
                return
            answer = self.answers.pop(0) if self.answers else NO_CONTENT
            self.requests.put(received)
            if callable(answer):
                answer(connection)
            else:
                connection.sendall(answer)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    try:
        yield receiver
    finally:
        receiver.close()


def read_request(connection: Any) -> Received | None:
    """The request that comes over a connection; None if there is none."""
    with connection.makefile("rb") as file:
        first = file.readline().decode().split()
        if not first:
            return None
        headers = {}
        while (line := file.readline().decode().strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return Received(first[1], headers, file.read(int(headers.get("content-length", 0))))
