"""Access log: one JSON line on stdout for each request, without parameters or headers of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import orjson

from tracker.http.message.json_log import STDOUT, iso_time, write_line

_MAX_PATH = 200
_MAX_METHOD = 20
#: A longer part of a path is no name of Tracker's; it may be a key that was pasted into the wrong place.
_MAX_PART = 40


def log_request(
    environ: Mapping[str, Any], status: int, started: float, request_id: str, answer: Any = None
) -> None:
    """Write the line. `started` is the `time.perf_counter()` of its start; `answer` has the command and the user, if any."""
    line = {
        "time": iso_time(),
        "level": "info" if status < 500 else "error",
        "command": answer.command if answer else None,
        "method": _loggable_method(environ.get("REQUEST_METHOD") or ""),
        "path": loggable_path(environ.get("PATH_INFO") or ""),
        "status": status,
        "duration_ms": round((time.perf_counter() - started) * 1000, 3),
        "user_id": answer.user_id if answer else None,
        "request_id": request_id,
    }
    write_line(STDOUT, orjson.dumps(line))


@lru_cache(maxsize=64)
def _loggable_method(method: str) -> str:
    return quote(method[:_MAX_METHOD], safe="", encoding="latin-1", errors="replace")


@lru_cache(maxsize=1024)
def loggable_path(path: str) -> str:
    """Return the path percent-encoded, hence in ASCII, without parts that look like an email or a key."""
    parts = ("..." if "@" in part or len(part) > _MAX_PART else part for part in path[:_MAX_PATH].split("/"))
    return quote("/".join(parts), safe="/", encoding="latin-1", errors="replace")
