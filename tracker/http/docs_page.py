"""Where does Tracker describe itself? `/api/v1/openapi.json` for programs and `/api/docs` for people."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from flask import Blueprint, Response, request

STATIC = Path(__file__).parent / "static"
#: The vendored page; the version in its name is the version of the package.
SWAGGER_UI = "swagger-ui-5.35.0"
PAGE_PATH, DOCUMENT_PATH = "/api/docs", "/api/v1/openapi.json"

#: Everything comes from this server, and no text of the document can become a script.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE_HEADERS = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
}
_EDITABLE, _FIXED = "no-cache", "public, max-age=31536000, immutable"


def docs(document: Mapping[str, Any]) -> Blueprint:
    """The routes of the document and of the page that shows it. All bytes are made here, once."""
    blueprint = Blueprint("docs", __name__)
    _add(blueprint, DOCUMENT_PATH, ".json", orjson.dumps(document), _EDITABLE)
    for path in (PAGE_PATH, f"{PAGE_PATH}/"):
        _add(blueprint, path, ".html", (STATIC / "docs.html").read_bytes(), _EDITABLE)
    for name in ("docs.css", "docs.js", f"{SWAGGER_UI}/swagger-ui.css", f"{SWAGGER_UI}/swagger-ui-bundle.js"):
        file = STATIC / name
        keeping = _FIXED if name.startswith(SWAGGER_UI) else _EDITABLE
        _add(blueprint, f"{PAGE_PATH}/{name}", file.suffix, file.read_bytes(), keeping)
    return blueprint


def _add(blueprint: Blueprint, path: str, kind: str, data: bytes, keeping: str) -> None:
    mark = hashlib.sha256(data).hexdigest()[:32]
    endpoint = path.strip("/").replace("/", "_").replace(".", "_") + ("_" if path.endswith("/") else "")

    def view() -> Response:
        response = Response(data, content_type=_TYPES[kind])
        response.headers.update({"Cache-Control": keeping, "X-Content-Type-Options": "nosniff"})
        if kind == ".html":
            response.headers.update(_PAGE_HEADERS)
        response.set_etag(mark)
        return response.make_conditional(request.environ)  # type: ignore[return-value]

    blueprint.add_url_rule(path, endpoint, view, methods=("GET",), provide_automatic_options=False)
