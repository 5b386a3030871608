"""Response compression: gzip for answers of a kilobyte and more, in slices between which other requests are served."""

from __future__ import annotations

import zlib
from typing import Any

import gevent
from werkzeug.datastructures import Accept, Headers
from werkzeug.http import parse_accept_header

from tracker.http.message.responses import HttpResponse

#: Smaller answers fit into a packet or two as they are.
MIN_BYTES = 1024
#: 80 MB/s, and 5 % more bytes than level 9, which has 27 MB/s: what is made for one client is not worth more.
LEVEL = 4
#: Bytes packed at once: 0.8 ms in which a worker answers no other request.
SLICE_BYTES = 64 * 1024
#: In the header Vary of all answers that are packed for some clients.
VARY = "Accept-Encoding"
#: The key of a WSGI environ that is set when the answer shows a secret.
PRIVATE = "tracker.private"
#: zlib's window size, plus 16 for the gzip format. Its header has no time, so equal bytes are packed to equal bytes.
_GZIP = 15 + 16
_OURS = ("same-origin", "none")


def packed(sent: HttpResponse, environ: dict[str, Any]) -> HttpResponse:
    """Return the response as gzip, if it is large enough and its client accepts it. Streams stay as they are."""
    if len(sent.body) < MIN_BYTES or sent.stream is not None:
        return sent
    headers = Headers(sent.headers)
    body = pack(sent.body, headers, environ)
    return sent._replace(headers=list(headers), body=body)


def pack(body: bytes, headers: Headers, environ: dict[str, Any]) -> bytes:
    """Return the bytes to send for a body of at least MIN_BYTES, and set the headers that tell of it.

    An answer that shows a secret is not packed, nor one to a request that a page of another site caused: how long a packed
    answer is tells what in it is alike, and such a page can choose a part of it (BREACH). Browsers say so themselves.
    """
    headers.set("Vary", _varied(headers.get("Vary")))
    is_ours = environ.get("HTTP_SEC_FETCH_SITE", "none") in _OURS
    if not is_ours or environ.get(PRIVATE) or not accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING")):
        return body
    body = gzipped(body)
    headers.set("Content-Encoding", "gzip")
    headers.set("Content-Length", str(len(body)))
    return body


def accepts_gzip(header: str | None) -> bool:
    """Whether a client with this Accept-Encoding reads gzip. Without the header it might not."""
    return header is not None and parse_accept_header(header, Accept).quality("gzip") > 0


def gzipped(data: bytes, level: int = LEVEL) -> bytes:
    """Return the data as gzip. Other greenlets go on between two slices."""
    packer = zlib.compressobj(level, zlib.DEFLATED, _GZIP)
    pieces = []
    for start in range(0, len(data), SLICE_BYTES):
        if start:
            gevent.sleep(0)
        pieces.append(packer.compress(data[start : start + SLICE_BYTES]))
    return b"".join([*pieces, packer.flush()])


def _varied(present: str | None) -> str:
    return f"{present}, {VARY}" if present else VARY
