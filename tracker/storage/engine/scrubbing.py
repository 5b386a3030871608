"""Scrubbing: bytes that a page of the database file does not use are zeros.

With `secure_delete` SQLite overwrites what it deletes. Where it moves rows from one page to another, as it does when pages
are split or become empty, it leaves copies in the unused middle of pages, and those outlive the rows. They are overwritten
here, in the file itself: no reader looks at them, so that a write that is cut short harms nothing.
"""

from __future__ import annotations

import struct
from pathlib import Path

import apsw

#: Pages looked through at a time, while nobody else writes: 8 MB.
SCRUBBED_PAGES = 2_000
#: Pages of files in which the first byte tells a page of rows from one that goes on with a long row (137 GB). Beyond it
#: that byte belongs to a page's number, and nothing is touched.
MAX_PAGES = 2 << 24

#: Kind of page, first free block, number of cells, where their contents begin.
_HEADER = struct.Struct(">BHHH")
#: Bytes of the header by kind: index and table, inner pages and leaves. The first page has the file's own before it.
_HEADER_BYTES = {2: 12, 5: 12, 10: 8, 13: 8}
_FILE_HEADER_BYTES = 100


def scrub(connection: apsw.Connection, path: Path, first: int) -> None:
    """Overwrite what SCRUBBED_PAGES pages from `first` (1 is the first of all) do not use.

    Only in a write transaction, with nothing in the write-ahead log; its commit has to change something, so that others
    forget the pages they have read.
    """
    size, pages = int(connection.pragma("page_size")), int(connection.pragma("page_count"))
    if pages >= MAX_PAGES or first > pages:
        return
    start, length = (first - 1) * size, min(SCRUBBED_PAGES, pages - first + 1) * size
    data = connection.read("main", 0, start, length)[1]
    gaps = [
        gap for at in range(0, len(data), size) if (gap := _gap(data, at, size, is_first=start + at == 0))
    ]
    used = [(at, end) for at, end in gaps if data.count(0, at, end) != end - at]
    if used:
        _overwrite(path, [(start + at, end - at) for at, end in used])


def _gap(data: bytes, page: int, size: int, is_first: bool) -> tuple[int, int] | None:
    """Where the unused middle of the page that begins at `page` is; None if it is no page of rows."""
    header = page + (_FILE_HEADER_BYTES if is_first else 0)
    kind, _, cells, contents = _HEADER.unpack_from(data, header)
    if kind not in _HEADER_BYTES:
        return None
    begins, ends = header + _HEADER_BYTES[kind] + 2 * cells, page + (contents or 65_536)
    return (begins, ends) if begins < ends <= page + size else None


def _overwrite(path: Path, spans: list[tuple[int, int]]) -> None:
    """Through SQLite's own way to the file: closing it in another way would take the locks of this process away."""
    flags = [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READWRITE, 0]
    file = apsw.VFSFile("", str(path.absolute()), flags)
    try:
        for offset, length in spans:
            file.xWrite(bytes(length), offset)
        file.xSync(apsw.SQLITE_SYNC_NORMAL)
    finally:
        file.xClose()
