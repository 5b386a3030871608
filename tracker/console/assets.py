"""Assets: the console's style and scripts, every file in `static/`, at `/console/<name>`."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from types import MappingProxyType

from flask import Blueprint

from tracker.http.static_files import FIXED, add_file

STATIC = Path(__file__).parent / "static"
PREFIX = "/console/"


def add_assets(blueprint: Blueprint) -> None:
    """Add a route for each file. Pages name a file with the hash of its bytes, so browsers cache it for ever."""
    for file in sorted(STATIC.iterdir()):
        headers = {"Cache-Control": FIXED}
        add_file(blueprint, PREFIX + file.name, file.suffix, file.read_bytes(), headers)


def asset(name: str) -> str:
    """Return the path of a file for a page: `/console/console.css?v=<hash>`. Raises KeyError if there is none."""
    return f"{PREFIX}{name}?v={_hashes()[name]}"


@cache
def _hashes() -> MappingProxyType[str, str]:
    files = {file.name: hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in STATIC.iterdir()}
    return MappingProxyType(files)
