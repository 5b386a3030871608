"""How does a command answer with more than fits into memory? A JSON document, given piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

#: Bytes of what is sent at once: parts may be small.
PIECE_BYTES = 16 * 1024


class Stream:
    """What `run` returns instead of a dict: `parts` together are one JSON document.

    The first part is made before the answer begins, so that whatever `run` and it raise is answered as usual. What fails
    later ends the connection: the client gets a document that is not complete, which no reader of JSON takes for one.
    """

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


def _checked(part: object) -> bytes:
    if not isinstance(part, bytes):
        raise TypeError(f"a part of a stream is {type(part).__name__}, not bytes")
    return part
