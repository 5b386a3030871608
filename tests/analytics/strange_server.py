"""What may a server answer that is no ClickHouse, or one that is ill? The same bytes to each request, at once or one now and then."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: Seconds between two bytes that drip.
DRIP_SECONDS = 0.05
#: A ClickHouse that refuses the user.
REFUSES = b"HTTP/1.1 403 Forbidden\r\nX-ClickHouse-Exception-Code: 516\r\nContent-Length: 20\r\n\r\nCode: 516. Forbidden"


def answer(body: bytes, more: str = "") -> bytes:
    """Return an answer with a body."""
    return f"HTTP/1.1 200 OK\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


class StrangeServer:
    """It answers `said`; with `is_dripping` what follows the head comes a byte at a time. A thread of this process."""

    def __init__(self) -> None:
        self.said, self.is_dripping = REFUSES, False
        self.asked = 0
        strange = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                strange.asked += 1
                with suppress(OSError):
                    strange.answer_to(self)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"clickhouse://somebody:secret@127.0.0.1:{self._server.server_address[1]}/reports"

    def answer_to(self, client: BaseHTTPRequestHandler) -> None:
        if not self.is_dripping:
            client.wfile.write(self.said)
            return
        head, _, body = self.said.partition(b"\r\n\r\n")
        client.wfile.write(head + b"\r\n\r\n")
        for each in body:
            client.wfile.write(bytes([each]))
            time.sleep(DRIP_SECONDS)

    def close(self) -> None:
        self.is_dripping = False
        self._server.shutdown()
        self._server.server_close()
