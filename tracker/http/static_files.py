"""Static files: bytes that do not change while Tracker runs, with an ETag, and the browser script among them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache

from flask import Blueprint, Response, request

from tracker.http.message.compression import MIN_BYTES, accepts_gzip, gzipped

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
EDITABLE, FIXED = "no-cache", "public, max-age=31536000, immutable"
#: Browsers see an update of the script within the hour.
_CURRENT = {"Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
#: A page that checks a script's hash (integrity) must be allowed to read it.
_PINNED = {
    "Cache-Control": FIXED,
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


def add_file(
    blueprint: Blueprint,
    path: str,
    kind: str,
    data: bytes,
    headers: Mapping[str, str],
) -> None:
    """Add a route for `data`. A kilobyte and more is sent as gzip to clients that accept it, packed when first asked for."""
    endpoint = path.strip("/").replace("/", "_").replace(".", "_") + ("_" if path.endswith("/") else "")
    mark = hashlib.sha256(data).hexdigest()[:32]
    is_packed = len(data) >= MIN_BYTES
    packed = cache(lambda: gzipped(data, 9))

    def view() -> Response:
        is_sent_packed = is_packed and accepts_gzip(request.headers.get("Accept-Encoding"))
        response = Response(packed() if is_sent_packed else data, content_type=TYPES[kind])
        response.headers.update({**headers, "X-Content-Type-Options": "nosniff"})
        if is_packed:
            response.headers["Vary"] = "Accept-Encoding"
        if is_sent_packed:
            response.headers["Content-Encoding"] = "gzip"
        response.set_etag(f"{mark}-gzip" if is_sent_packed else mark)
        return response.make_conditional(request.environ)  # type: ignore[return-value]

    blueprint.add_url_rule(path, endpoint, view, methods=("GET",), provide_automatic_options=False)


def script_files(
    path: str, current: bytes, others: Mapping[str, bytes], pinned: Mapping[str, bytes]
) -> Blueprint:
    """Return the routes of the browser script: the current one at `path`, and each release for ever under its hash.

    `others` maps the paths of further scripts that change with releases to their bytes,
    `pinned` maps the path of each release to its bytes.
    """
    blueprint = Blueprint("script", __name__)
    for current_path, body in {path: current, **others}.items():
        add_file(blueprint, current_path, ".js", body, _CURRENT)
    for pinned_path, body in pinned.items():
        add_file(blueprint, pinned_path, ".js", body, _PINNED)
    return blueprint
