"""How does a command answer with more than fits into memory, or with what is yet to come? Piece by piece."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar

#: Bytes of what is sent at once: parts may be small.
PIECE_BYTES = 16 * 1024
#: Between two looks whether the caller of an answer that lasts may still have it.
ALLOWED_SECONDS = 2.0


class Stream:
    """What `run` returns instead of a dict: `parts` together are one JSON document.

    The first part is made before the answer begins, so that whatever `run` and it raise is answered as usual. What fails
    later ends the connection: the client gets a document that is not complete, which no reader of JSON takes for one.
    """

    media_type: ClassVar[str] = "application/json"

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._first: bytes | None = None

    def begin(self) -> None:
        """Make the first part. Raises what making it raises, and TypeError if that is not bytes."""
        self._first = _checked(next(self._parts, b""))

    def __iter__(self) -> Iterator[bytes]:
        """The document in pieces of at least PIECE_BYTES but the last. What was made before a failure is given first."""
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
        """Nobody reads on."""
        close = getattr(self._parts, "close", None)
        if close is not None:
            close()


class EventStream(Stream):
    """Server-sent events: `parts` are sent as they are made, for as long as they come and the caller may have them.

    A part that is empty sends nothing. There must be one at least each second, so that whether the caller is still allowed
    to call the command is noticed: the dispatcher says so in `may_go_on`.
    """

    media_type = "text/event-stream"

    def __init__(self, parts: Iterable[bytes]) -> None:
        super().__init__(parts)
        self.may_go_on: Callable[[], bool] = lambda: True

    def __iter__(self) -> Iterator[bytes]:
        """Each part by itself."""
        yield self._first or b""
        looked_at = time.monotonic()
        for part in self._parts:
            if time.monotonic() - looked_at >= ALLOWED_SECONDS:
                if not self.may_go_on():
                    return
                looked_at = time.monotonic()
            yield _checked(part)


def _checked(part: object) -> bytes:
    if not isinstance(part, bytes):
        raise TypeError(f"a part of a stream is {type(part).__name__}, not bytes")
    return part
