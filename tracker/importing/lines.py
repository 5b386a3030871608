"""Lines of a file, one after the other, each bounded by the size of an event."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from tracker.importing.encodings import LineSource
from tracker.storage.engine import SpillCounter

#: Bytes of a line: the size of a batch, which one event may fill.
MAX_LINE_BYTES = 1024 * 1024
#: The prefix of the EventID of a line without one.
LINE_ID_PREFIX = "line-"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Lines:
    """The lines of a file with their ends. Of a line that is too long only its first MAX_LINE_BYTES + 1 bytes are returned.

    `number` is that of the last line returned.
    """

    def __init__(self, file: LineSource) -> None:
        self._file = file
        self.number = 0

    def __iter__(self) -> Iterator[bytes]:
        while line := self._part():
            self.number += 1
            if self.number == 1:
                line = line.removeprefix(BYTE_ORDER_MARK)
            rest = line
            while len(rest) > MAX_LINE_BYTES and rest[-1:] != b"\n":
                rest = self._part()
            yield line

    def _part(self) -> bytes:
        return self._file.readline(MAX_LINE_BYTES + 1)


def is_too_long(line: bytes) -> bool:
    return len(line.rstrip(b"\r\n")) > MAX_LINE_BYTES


class LineIds:
    """EventIDs derived from lines' bytes and their occurrence numbers, so that a second run makes the same ones."""

    def __init__(self) -> None:
        self._occurrences = SpillCounter()

    def of(self, raw: bytes) -> str:
        """Return the EventID of the next occurrence of a line."""
        digest = hashlib.sha256(raw).digest()
        number = self._occurrences.count(digest[:16])
        return LINE_ID_PREFIX + hashlib.sha256(b"%s %d" % (digest, number)).hexdigest()[:40]

    def close(self) -> None:
        self._occurrences.close()
