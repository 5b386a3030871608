"""Text encodings: reads a file in UTF-16, or with CR line ends of old Macs, as UTF-8 with LF line ends."""

from __future__ import annotations

import codecs
import io
from typing import Protocol


class LineSource(Protocol):
    """The lines of a file, in bytes."""

    def readline(self, size: int, /) -> bytes: ...


#: Bytes examined to detect the encoding: a header and a row or two.
PEEK_BYTES = 64 * 1024


def as_utf_8(file: io.BufferedReader) -> LineSource:
    """Return the file itself, or a source of its lines in UTF-8.

    Spreadsheets save "Unicode text" in UTF-16, and some programs end lines with CR.
    """
    start = file.peek(PEEK_BYTES)[:PEEK_BYTES]
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _Decoded(file, "utf-16")
    if start[1:2] == b"\0" != start[:1]:  # a header or an object begins with a letter, here of two bytes
        return _Decoded(file, "utf-16-le")
    if start[:1] == b"\0" != start[1:2]:
        return _Decoded(file, "utf-16-be")
    return _Decoded(file, "utf-8") if b"\r" in start and b"\n" not in start else file


class _Decoded:
    """Decoded lines. Bytes that cannot be decoded pass through, in UTF-8 and UTF-16: their line is refused later."""

    def __init__(self, file: io.BufferedReader, encoding: str) -> None:
        self._file, self._text = file, ""
        self._errors = "surrogateescape" if encoding == "utf-8" else "surrogatepass"
        decoder = codecs.getincrementaldecoder(encoding)(self._errors if encoding == "utf-8" else _LONE)
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
        self._is_over = False

    def readline(self, size: int, /) -> bytes:
        """Return a line with its end, or `size` characters of a longer one."""
        parts, left = [], size
        while left > 0 and (self._text or self._has_more()):
            end = self._text.find("\n", 0, left) + 1 or min(left, len(self._text))
            part, self._text = self._text[:end], self._text[end:]
            parts.append(part)
            left -= len(part)
            if part.endswith("\n"):
                break
        return "".join(parts).encode(errors=self._errors)

    def _has_more(self) -> bool:
        while not self._text and not self._is_over:
            read = self._file.read1(PEEK_BYTES)
            self._is_over = not read
            self._text = self._decoder.decode(read, final=self._is_over)
        return bool(self._text)


def _lone(error: UnicodeError) -> tuple[str, int]:
    """Decode a lone surrogate as one that UTF-8 cannot encode, so that its line is refused."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\ud800", error.end


_LONE = "tracker.importing.lone"
codecs.register_error(_LONE, _lone)
