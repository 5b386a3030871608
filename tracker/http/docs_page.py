"""API reference: the OpenAPI document at `/api/v1/openapi.json`, and at `/api/docs` a page that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from flask import Blueprint

from tracker.http.static_files import EDITABLE, FIXED, add_file

STATIC = Path(__file__).parent / "static"
#: The vendored page; the version in its name is the version of the package.
SWAGGER_UI = "swagger-ui-5.35.0"
PAGE_PATH, DOCUMENT_PATH = "/api/docs", "/api/v1/openapi.json"

#: The content security policy: everything comes from this server, and no text of the document can become a script.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE_HEADERS = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}


def docs(document: Mapping[str, Any]) -> Blueprint:
    """Return the routes of the document and of the page that shows it. All bytes are made here, once."""
    blueprint = Blueprint("docs", __name__)
    _add(blueprint, DOCUMENT_PATH, ".json", orjson.dumps(document), EDITABLE)
    for path in (PAGE_PATH, f"{PAGE_PATH}/"):
        _add(blueprint, path, ".html", (STATIC / "docs.html").read_bytes(), EDITABLE)
    for name in ("docs.css", "docs.js", f"{SWAGGER_UI}/swagger-ui.css", f"{SWAGGER_UI}/swagger-ui-bundle.js"):
        file = STATIC / name
        caching = FIXED if name.startswith(SWAGGER_UI) else EDITABLE
        _add(blueprint, f"{PAGE_PATH}/{name}", file.suffix, file.read_bytes(), caching)
    return blueprint


def _add(blueprint: Blueprint, path: str, kind: str, data: bytes, caching: str) -> None:
    headers = {"Cache-Control": caching, **(_PAGE_HEADERS if kind == ".html" else {})}
    add_file(blueprint, path, kind, data, headers)
