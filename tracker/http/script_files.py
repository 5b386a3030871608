"""Where do websites get the script? At a plain path the current one, and each release for ever under its hash."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint

from tracker.http.static_files import FIXED, add_file

#: An update is seen within the hour.
_CURRENT = {"Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
#: A page that checks a script's hash (integrity) must be allowed to read it.
_PINNED = {
    "Cache-Control": FIXED,
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


def script_files(path: str, current: bytes, pinned: Mapping[str, bytes]) -> Blueprint:
    """`pinned` maps the path of each release to its bytes."""
    blueprint = Blueprint("script", __name__)
    add_file(blueprint, path, ".js", current, _CURRENT, is_packed=True)
    for pinned_path, body in pinned.items():
        add_file(blueprint, pinned_path, ".js", body, _PINNED, is_packed=True)
    return blueprint
