"""How late do messages of triggers come? A target that notes it, in a process of its own: `python -m bench.told_target`.

In the process of the clients it would hold up the very answers that are measured there. It prints its port. POST is a message, GET
answers with the seconds from each event to its message, in the order in which they came, and DELETE forgets them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bench.servers import ROOT


class Delays:
    """The seconds that a target has noted."""

    def __init__(self, url: str) -> None:
        self.url = url

    def clear(self) -> None:
        urllib.request.urlopen(urllib.request.Request(self.url, method="DELETE"), timeout=10).close()

    def seconds(self) -> list[float]:
        with urllib.request.urlopen(self.url, timeout=10) as answer:
            found: list[float] = json.load(answer)
            return found


@contextmanager
def told_target() -> Iterator[Delays]:
    """A target that serves until the end."""
    command = [sys.executable, "-m", "bench.told_target"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Delays(f"http://127.0.0.1:{int(process.stdout.readline())}/")
        finally:
            process.terminate()


class _Server(ThreadingHTTPServer):
    #: Connections that may wait to be accepted. With the usual five, fewer than a trigger begins at a time, the kernel drops some, which
    #: are repeated after a second, and resets others, which are failures: these are told again after ten.
    request_queue_size = 128
    seconds: list[float]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        received_at = datetime.fromisoformat(message["Event"]["ReceivedAt"])
        self.server.seconds.append(time.time() - received_at.timestamp())
        self._answer(204)

    def do_DELETE(self) -> None:
        self.server.seconds.clear()
        self._answer(204)

    def do_GET(self) -> None:
        self._answer(200, json.dumps(self.server.seconds).encode())

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def main() -> None:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.seconds = []
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
