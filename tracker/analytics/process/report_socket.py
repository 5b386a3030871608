"""Report socket: where the reports process listens, and the lines of JSON that go over it.

A line asks, a line answers. `{"ask": question, "user": n, "seconds": s}` is answered with `{"answer": …}`,
`{"building": share}` or `{"error": kind, "detail": text}`; `{"status": true}`, `{"rebuild": list}`, `{"check": list}`,
`{"maintain": true}` and `{"stop": true}` are for the command line and for tests; `{"ping": true}` is answered at once by any
process that does not hang, and `{"figures": true}` tells its memory and the lag of its copies, which keeps no process from
ending. Whoever may open the socket may read every
list: it is its owner's alone.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

SOCKET = "socket"
#: Bytes of a line that asks, and of one that answers.
MAX_QUESTION_BYTES, MAX_ANSWER_BYTES = 1024 * 1024, 64 * 1024 * 1024
#: Bytes read at a time.
CHUNK = 64 * 1024
#: Kinds of errors.
UNAVAILABLE, TIMEOUT, TOO_LARGE = "unavailable", "timeout", "too_large"
#: The key of an encoded question under which the spellings of the list's names stand, if it has any.
SPELLINGS = "spellings"
#: The key under which a serving instance tells another one's log why it is not answered.
SERVING = "serving"
BAD_REGEX, BAD_GOAL, BAD_STEP = "bad_regex", "bad_goal", "bad_step"


class LineTooLong(Exception):
    """The other side sent a line that is too long, or broke off within one."""


@contextmanager
def short_path(folder: Path) -> Iterator[str]:
    """Yield a path to the socket in the folder that is short enough for an address (108 bytes), however deep the folder is."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{opened}/{SOCKET}"
    finally:
        os.close(opened)


def send_line(connection: socket.socket, message: Any) -> None:
    """Send a JSON object as a line. Raises OSError."""
    connection.sendall(orjson.dumps(message) + b"\n")


def peer_of(connection: socket.socket) -> tuple[int, int]:
    """Return the process at the other end, and its user id: of a server those of the process that began to listen."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    process, user, _ = struct.unpack("3i", credentials)
    return int(process), int(user)


class LineReader:
    """The lines that come over one connection."""

    def __init__(self, connection: socket.socket, max_bytes: int) -> None:
        self._connection, self._max_bytes = connection, max_bytes
        self._rest = b""

    def line(self) -> bytes:
        """Return the next line, or b"" at the end. Raises LineTooLong and OSError."""
        parts, size = [self._rest], len(self._rest)
        while b"\n" not in parts[-1]:
            if size > self._max_bytes:
                raise LineTooLong(f"a line is longer than {self._max_bytes} bytes")
            part = self._connection.recv(CHUNK)
            if not part:
                if size:
                    raise LineTooLong("the connection ended within a line")
                return b""
            parts.append(part)
            size += len(part)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        return line
