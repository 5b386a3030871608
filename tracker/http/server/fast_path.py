"""Fast path: answers a command's request without gunicorn's general environ and response: one environ, one write.

`TRACKER_FAST_PATH=0` switches it off; README.md beside this file has the figures.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable
from contextlib import closing
from email.utils import formatdate
from functools import lru_cache
from typing import Any, cast

from tracker.http.middleware import RequestMiddleware

METHODS = ("GET", "POST")


def takes(middleware: RequestMiddleware, request: Any) -> bool:
    """Whether a request is an ordinary one for a command. gunicorn's general handling gives all others the same answer."""
    return request.version == (1, 1) and request.method in METHODS and middleware.is_shortcut(request.path)


def response(middleware: RequestMiddleware, request: Any, address: Any, is_last: bool) -> Generator[bytes]:
    """Yield the response: whole, or in chunks where its length is unknown. `is_last`: the connection ends after it.

    An exception between two chunks must end the connection, so that the last chunk is missing.
    """
    started: list[Any] = []

    def start_response(line: str, headers: list[tuple[str, str]], *_: Any) -> None:
        started[:] = line, headers

    body = middleware(_environ(request, address), start_response)
    line, headers = started
    is_chunked = not any(name == "Content-Length" for name, _ in headers) and not isinstance(body, tuple)
    ours = [
        ("Server", "gunicorn"),
        ("Date", _date(int(time.time()))),
        ("Connection", "close" if is_last else "keep-alive"),
        *([("Transfer-Encoding", "chunked")] if is_chunked else []),
    ]
    lines = [f"HTTP/1.1 {line}", *(f"{name}: {value}" for name, value in (*ours, *headers)), "", ""]
    head = "\r\n".join(lines).encode("latin-1")
    if not is_chunked:
        yield head + b"".join(body)
        return
    yield head
    with closing(cast(Generator[bytes], body)) as pieces:
        for piece in pieces:
            if piece:
                yield b"%x\r\n%s\r\n" % (len(piece), piece)
        yield b"0\r\n\r\n"


def _environ(request: Any, address: Any) -> dict[str, Any]:
    """Return the part of a WSGI environ that the endpoints read."""
    environ = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": request.path,
        "QUERY_STRING": request.query,
        "REMOTE_ADDR": address[0] if isinstance(address, tuple) else _text(address),
        "wsgi.input": request.body,
        "wsgi.input_terminated": True,
    }
    for name, value in _joined(request.headers):
        key = name.replace("-", "_")
        environ[key if name in ("CONTENT-TYPE", "CONTENT-LENGTH") else f"HTTP_{key}"] = value
    return environ


def _joined(headers: list[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Join repeated header fields; the parser refuses those that may not be repeated."""
    if len({name for name, _ in headers}) == len(headers):
        return headers
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined.items()


def _text(address: Any) -> str:
    """Return the address of a client of a socket file as text."""
    return address.decode() if isinstance(address, bytes) else str(address)


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
