"""Demo shop: a small server on a port of its own, so that its pages have another origin than Tracker."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from functools import partial
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

STATIC = Path(__file__).parent / "static"
#: Pages by the path they are at; every product is one of the first page, which draws it.
PAGES = {"/": "home.html", "/cart": "cart.html", "/checkout": "checkout.html", "/thank-you": "thank-you.html"}
PRODUCTS = "/products/"
FILES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
_HTML = "text/html; charset=utf-8"
#: The frame of all pages, and what stands in it for a page's title and body, the snippet and the console's address.
_FRAME, _TITLE, _BODY = "frame.html", "{{title}}", "{{body}}"
_SNIPPET, _CONSOLE = "{{snippet}}", "{{console}}"


class Pages:
    """Read all that the shop answers. Returns {path: (content type, bytes)}."""

    def __init__(self, snippet: str, console_url: str) -> None:
        replaced = {_SNIPPET: snippet, _CONSOLE: escape(console_url)}
        self._answers = {path: (_HTML, _page(name, replaced)) for path, name in PAGES.items()}
        for file in STATIC.iterdir():
            if file.suffix in FILES:
                self._answers[f"/static/{file.name}"] = (FILES[file.suffix], file.read_bytes())
        self.missing = (_HTML, _page("missing.html", replaced))

    def find(self, path: str) -> tuple[str, bytes] | None:
        return self._answers.get("/" if path.startswith(PRODUCTS) else path)


class Shop:
    """A served shop. Its port is bound when it is made: raises OSError at once for a port in use."""

    def __init__(self, host: str, port: int, pages: Pages) -> None:
        self._server = _server(host)((host, port), partial(_Handler, pages=pages))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore connections that a browser closes early."""


class _ServerV6(_Server):
    address_family = socket.AF_INET6


def _server(host: str) -> type[_Server]:
    return _ServerV6 if ":" in host else _Server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def __init__(self, *args: object, pages: Pages) -> None:
        self._pages = pages
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        found = self._pages.find(unquote(urlsplit(self.path).path))
        kind, body = found or self._pages.missing
        self.send_response(200 if found else 404)
        for name, value in _headers(kind, body).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server names it
        """Log nothing: Tracker shows what happens in the shop."""


def _headers(kind: str, body: bytes) -> Mapping[str, str]:
    return {
        "Content-Type": kind,
        "Content-Length": str(len(body)),
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
    }


def _page(name: str, replaced: Mapping[str, str]) -> bytes:
    """Make a page from a file whose first line is the title and whose rest is the body."""
    title, _, body = (STATIC / name).read_text(encoding="utf-8").partition("\n")
    text = (STATIC / _FRAME).read_text(encoding="utf-8")
    for mark, value in {_TITLE: title, _BODY: body, **replaced}.items():
        text = text.replace(mark, value)
    return text.encode()
