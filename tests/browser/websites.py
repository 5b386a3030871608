"""Which websites do the tests visit, and what stands between them and Tracker? Two small servers on free ports."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.request import ProxyHandler, Request, build_opener

from tests.processes import reserve_port


class _Threads(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Browsers close connections when they like."""


class _Server:
    """An HTTP server of a test's own, with an origin of its own."""

    def __init__(self, port: int = 0) -> None:
        answer = self.answer

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                answer(self)

            do_POST = do_PUT = do_OPTIONS = do_GET  # noqa: N815  the names that http.server calls

        self._server = _Threads(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def send(
    request: BaseHTTPRequestHandler, status: int, body: bytes = b"", headers: dict[str, str] | None = None
) -> None:
    request.send_response(status)
    for name, value in (headers or {}).items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


class Website(_Server):
    """Every path is a page whose title is the path; `head` stands in it, `headers` come with it.

    None has the origin of one before: tests share a browser, which keeps what it knows of an origin.
    """

    head = ""
    body = ""
    headers: dict[str, str] = {}

    def __init__(self) -> None:
        holder = reserve_port()
        atexit.register(holder.close)
        super().__init__(holder.getsockname()[1])

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.partition("?")[0]
        page = f"<!doctype html><html><head><title>{path}</title>{self.head}</head><body>{self.body}</body></html>"
        kind = {"Content-Type": "text/html; charset=utf-8"}
        send(request, 200, page.encode(), {**kind, **self.headers})


#: What a fault does with a request: None lets it through, a status answers it, a word breaks something.
Fault = int | str | None
CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}


class Between(_Server):
    """Stands before Tracker and injects what `fault(n)` says for the nth request that sends events.

    `"lost"`: it never arrives. `"unanswered"`: it arrives, and the answer is lost. `"held"`: it arrives, and the
    answer waits until `release`.
    """

    def __init__(self, tracker_url: str) -> None:
        super().__init__()
        self._tracker_url = tracker_url
        self.fault: Callable[[int], Fault] = lambda _: None
        #: Seconds. Tracker itself says whole ones.
        self.retry_after = "0.2"
        self.release = threading.Event()
        #: The bodies that came, and how many of their requests were under way at once at most.
        self.bodies: list[bytes] = []
        self.most_at_once = 0
        self._under_way = 0
        self._lock = threading.Lock()
        self._opener = build_opener(ProxyHandler({}))

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        body = self.body_of(request)
        with self._lock:
            self.bodies.append(body)
            number = len(self.bodies)
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            self._answer(request, body, self.fault(number))
        finally:
            with self._lock:
                self._under_way -= 1

    def _answer(self, request: BaseHTTPRequestHandler, body: bytes, fault: Fault) -> None:
        if isinstance(fault, int):
            send(request, fault, b"{}", {**CORS, "Retry-After": self.retry_after})
            return
        if fault == "lost":
            request.close_connection = True
            request.connection.close()
            return
        status, headers, answer = self.passed_on(request, body)
        if fault == "held":
            self.release.wait(30)
        if fault == "unanswered":
            request.close_connection = True
            request.connection.close()
            return
        send(request, status, answer, headers)

    @staticmethod
    def body_of(request: BaseHTTPRequestHandler) -> bytes:
        if "chunked" not in request.headers.get("Transfer-Encoding", ""):
            return request.rfile.read(int(request.headers.get("Content-Length") or 0))
        parts = []
        while size := int(request.rfile.readline(), 16):
            parts.append(request.rfile.read(size))
            request.rfile.readline()
        request.rfile.readline()
        return b"".join(parts)

    def passed_on(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Tracker's status, headers and body."""
        headers = _kept(request.headers)
        asked = Request(self._tracker_url + request.path, body, headers, method=request.command)
        try:
            with self._opener.open(asked, timeout=15) as got:
                return got.status, _kept(got.headers), got.read()
        except OSError as failure:
            if hasattr(failure, "headers"):
                return failure.code, _kept(failure.headers), failure.read()  # type: ignore[attr-defined]
            return 502, {}, b""


def _kept(headers: Any) -> dict[str, str]:
    left_out = ("content-length", "connection", "transfer-encoding", "server", "date", "host")
    return {name: value for name, value in headers.items() if name.lower() not in left_out}
