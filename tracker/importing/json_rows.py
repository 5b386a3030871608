"""JSON rows: the objects of a file with one a line, or with all of them in one array, each read by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tracker.errors import CommandError
from tracker.importing.encodings import LineSource
from tracker.importing.lines import BYTE_ORDER_MARK, MAX_LINE_BYTES, Lines, is_too_long
from tracker.importing.records import TOO_LONG, Record
from tracker.registry.json_object import unreadable
from tracker.sdks.shapes import json_of

#: Bytes of an item of an array: a visit has many actions.
MAX_ITEM_BYTES = 8 * MAX_LINE_BYTES
_CHUNK_BYTES = 64 * 1024
#: What may begin or end an item, and a backslash with what it escapes; the last byte of a chunk may be a backslash alone.
_MARK = re.compile(rb'\\[\s\S]?|["\[\]{},]')
_NO_ARRAY = "the array breaks off, or something follows it"


def json_rows(source: LineSource, first: int = 0) -> Iterator[Record]:
    """Yield a record for each object, whose parameters are what it says; `line` is that of the file, or the number of an item."""
    start = source.readline(_CHUNK_BYTES).removeprefix(BYTE_ORDER_MARK)
    if start.lstrip().startswith(b"["):
        yield from _array(start, source, first)
        return
    lines = Lines(_Begun(start, source))
    for line in lines:
        raw = line.strip()
        if is_too_long(line):
            yield Record(first + lines.number, raw, {}, TOO_LONG)
        elif raw:
            yield json_row(first + lines.number, raw)


class _Begun:
    """The lines of a source of which something has been read."""

    def __init__(self, start: bytes, source: LineSource) -> None:
        self._start, self._source = start, source

    def readline(self, size: int, /) -> bytes:
        start, self._start = self._start[:size], self._start[size:]
        is_whole = start.endswith(b"\n") or len(start) == size
        return start if is_whole else start + self._source.readline(size - len(start))


def json_row(line: int, raw: bytes) -> Record:
    """Return the record of one object, or why it is none."""
    try:
        value = json_of(raw)
    except CommandError as refused:
        return Record(line, raw, {}, refused.errors[0])
    if not isinstance(value, dict):
        return Record(line, raw, {}, unreadable("the JSON must be an object").errors[0])
    return Record(line, raw, value)


def _array(start: bytes, source: LineSource, first: int) -> Iterator[Record]:
    items = _Items()
    number = first
    chunk = start
    while chunk:
        for item in items.feed(chunk):
            number += 1
            is_long = len(item) > MAX_ITEM_BYTES
            yield Record(number, item, {}, TOO_LONG) if is_long else json_row(number, item)
        chunk = source.readline(_CHUNK_BYTES)
    if not items.is_whole:
        yield Record(number + 1, items.rest, {}, unreadable(_NO_ARRAY).errors[0])


class _Items:
    """Splits the text of one array into its items, whatever they are. Of an item that is too long only its start is kept."""

    def __init__(self) -> None:
        self._depth = 0
        self._is_text = self._is_escaped = self._is_over = False
        self._item = bytearray()
        self._after = bytearray()

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        at = kept = int(self._is_escaped)
        self._add(chunk[:at])
        self._is_escaped = False
        while mark := _MARK.search(chunk, at):
            at, sign = mark.end(), mark[0]
            if sign[:1] == b"\\":
                self._is_escaped = self._is_text and len(sign) == 1
            elif sign == b'"':
                self._is_text = not self._is_text
            elif not self._is_text:
                self._add(chunk[kept : mark.start()])
                kept = mark.start()
                if self._is_border(sign):
                    kept = at
                    if item := bytes(self._item.strip()):
                        yield item
                    self._item.clear()
        self._add(chunk[kept:])

    def _is_border(self, sign: bytes) -> bool:
        """Count brackets, and return whether the sign stands between two items or around all of them."""
        if sign in b"[{":
            self._depth += 1
            return self._depth == 1
        if sign in b"]}":
            self._depth -= 1
            self._is_over = self._is_over or self._depth <= 0
            return self._depth <= 0
        return self._depth == 1

    def _add(self, piece: bytes) -> None:
        if self._is_over and self._depth <= 0:
            self._after += piece.strip()[: 100 - len(self._after)]
        else:
            self._item += piece[: MAX_ITEM_BYTES + 1 - len(self._item)]

    @property
    def rest(self) -> bytes:
        return bytes(self._item.strip() or self._after)

    @property
    def is_whole(self) -> bool:
        return self._is_over and self._depth == 0 and not self.rest
