"""JSON log lines: one line for each event of the log, without any value of a request."""

from __future__ import annotations

import json
import logging
import os
import time
import traceback
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import PurePath
from typing import Any

STDOUT, STDERR = 1, 2
#: Exceptions of a chain, and frames of each, that a line shows: the innermost ones.
_MAX_CHAIN, _MAX_FRAMES = 5, 30


def write_line(descriptor: int, line: bytes) -> None:
    """Write one line in one system call, so that the lines of several processes never mix."""
    try:
        os.write(descriptor, line + b"\n")
    except OSError:
        # The reader of the log is gone, or its disk is full. A committed event must still be acknowledged, and there is
        # nowhere left to report to.
        return


def iso_time(now: float | None = None) -> str:
    """Return seconds since the epoch as `2025-01-31T12:00:00.123Z`; the current time for None."""
    now = time.time() if now is None else now
    second = int(now)
    return f"{_iso_second(second)}.{int((now - second) * 1000):03d}Z"


@lru_cache(maxsize=2)
def _iso_second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def as_line(fields: Mapping[str, Any]) -> bytes:
    """Return the line in ASCII: characters that could end a line or move a terminal's cursor become escapes."""
    return json.dumps(fields, ensure_ascii=True, default=repr).replace("\x7f", "\\u007f").encode()


def log_failure(request_id: str | None, failure: BaseException) -> None:
    """Log an unexpected exception to stderr, without its text, which may quote a key, an email or a property."""
    fields = {"time": iso_time(), "level": "error", "message": "unexpected failure", "request_id": request_id}
    write_line(STDERR, as_line({**fields, "failure": list(described(failure))}))


def described(failure: BaseException) -> Iterator[dict[str, Any]]:
    """Yield the exception and its causes: types, error numbers and places in the code, never the text."""
    following: BaseException | None = failure
    for _ in range(_MAX_CHAIN):
        if following is None:
            return
        kind = type(following)
        yield {
            "type": f"{kind.__module__}.{kind.__qualname__}",
            "frames": _frames(following),
            **_number(following),
        }
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)


def _frames(failure: BaseException) -> list[str]:
    frames = [
        f"{'/'.join(PurePath(frame.f_code.co_filename).parts[-3:])}:{line}:{frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(failure.__traceback__)
    ]
    return frames[-_MAX_FRAMES:]


def _number(failure: BaseException) -> dict[str, int]:
    """Return the error number of an exception whose arguments are (number, text), as those of OSError and drivers are."""
    if len(failure.args) > 1 and type(failure.args[0]) is int:
        return {"number": failure.args[0]}
    return {}


class JsonLines(logging.Formatter):
    """Formats log records of libraries and of the server as lines of the same form."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": iso_time(record.created),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            "process": record.process,
        }
        if record.exc_info and record.exc_info[1]:
            fields["failure"] = list(described(record.exc_info[1]))
        return as_line(fields).decode()
