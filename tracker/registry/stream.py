"""Streamed answers: JSON documents larger than memory, and server-sent events, made piece by piece."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import ClassVar

#: Bytes that are sent at once, at least: parts may be small.
PIECE_BYTES = 16 * 1024
#: Seconds between two checks that the caller of a stream may still have it.
ALLOWED_SECONDS = 2.0


class Stream:
    """An answer that `run` returns instead of a dict: `parts` together are one JSON document.

    The first part is made before the answer begins, so that whatever `run` and this part raise is answered as usual. A
    later failure ends the connection: the client gets an incomplete document, which no JSON reader accepts. `headers` go with
    the answer: their values are lines of printable ASCII.
    """

    media_type: ClassVar[str] = "application/json"

    def __init__(self, parts: Iterable[bytes], headers: Mapping[str, str] | None = None) -> None:
        self._parts = iter(parts)
        self.headers = dict(headers or {})
        self._first: bytes | None = None

    def begin(self) -> None:
        """Make the first part. Raises what making it raises, and TypeError if it is not bytes."""
        self._first = _checked(next(self._parts, b""))

    def __iter__(self) -> Iterator[bytes]:
        """Yield the document in pieces of at least PIECE_BYTES, except the last. Parts made before a failure are yielded first."""
        made, size = [self._first or b""], 0
        try:
            for part in self._parts:
                made.append(_checked(part))
                size += len(part)
                if size >= PIECE_BYTES:
                    piece, made, size = b"".join(made), [], 0
                    yield piece
        except Exception:
            yield b"".join(made)
            raise
        yield b"".join(made)

    def close(self) -> None:
        """End the answer: its reader is gone or has everything."""
        close = getattr(self._parts, "close", None)
        if close is not None:
            close()


class CsvStream(Stream):
    """Lines of comma-separated values. One that ends early after a failure is a broken transfer to an HTTP client."""

    media_type = "text/csv; charset=utf-8"


class NdjsonStream(Stream):
    """JSON objects, one a line."""

    media_type = "application/x-ndjson"


class EventStream(Stream):
    """Server-sent events: `parts` are sent as they are made, as long as they come and the caller may have them.

    An empty part sends nothing. A part has to come each second at least, so that a revoked permission is noticed: the
    dispatcher checks it in `may_go_on`, about every ALLOWED_SECONDS.
    """

    media_type = "text/event-stream"

    def __init__(self, parts: Iterable[bytes]) -> None:
        super().__init__(parts)
        self.may_go_on: Callable[[], bool] = lambda: True

    def __iter__(self) -> Iterator[bytes]:
        """Yield each part by itself."""
        yield self._first or b""
        checked_at = time.monotonic()
        for part in self._parts:
            if time.monotonic() - checked_at >= ALLOWED_SECONDS:
                if not self.may_go_on():
                    return
                checked_at = time.monotonic()
            yield _checked(part)


def _checked(part: object) -> bytes:
    if not isinstance(part, bytes):
        raise TypeError(f"a part of a stream is {type(part).__name__}, not bytes")
    return part
