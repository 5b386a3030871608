"""Text encodings: a file in UTF-16, or with the line ends of old Macs, is read as UTF-8 with line ends that all know."""

from __future__ import annotations

import codecs
import io
from typing import Protocol


class LineSource(Protocol):
    """The lines of a file, in bytes."""

    def readline(self, size: int, /) -> bytes: ...


#: Bytes that are looked at before anything is read: a header and a row or two.
PEEK_BYTES = 64 * 1024


def as_utf_8(file: io.BufferedReader) -> LineSource:
    """The file itself, or what gives its lines in UTF-8. Spreadsheets save "Unicode text" in UTF-16, and some lines end in CR."""
    start = file.peek(PEEK_BYTES)[:PEEK_BYTES]
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _Decoded(file, "utf-16")
    if start[1:2] == b"\0" != start[:1]:  # the first letter of a header or an object, of two bytes each
        return _Decoded(file, "utf-16-le")
    if start[:1] == b"\0" != start[1:2]:
        return _Decoded(file, "utf-16-be")
    return _Decoded(file, "utf-8") if b"\r" in start and b"\n" not in start else file


class _Decoded:
    """Lines that were decoded. What cannot be stays as it is, in UTF-8 as in UTF-16: its line is refused later."""

    def __init__(self, file: io.BufferedReader, encoding: str) -> None:
        self._file, self._text = file, ""
        self._errors = "surrogateescape" if encoding == "utf-8" else "surrogatepass"
        decoder = codecs.getincrementaldecoder(encoding)(self._errors if encoding == "utf-8" else _LONE)
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
        self._is_over = False

    def readline(self, size: int, /) -> bytes:
        """A line with its end, or `size` characters of one that is longer."""
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
    """Half a character is read as one that UTF-8 does not have."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\ud800", error.end


_LONE = "tracker.importing.lone"
codecs.register_error(_LONE, _lone)
