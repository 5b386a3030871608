"""Scrubbing: bytes that a page of the database file does not use are set to zero.

With `secure_delete` SQLite overwrites what it deletes. Where it moves rows from one page to another, as it does when
pages are split or become empty, it leaves copies in the unused middle of pages, and those outlive the rows. They are
overwritten here, in the file itself: no reader looks at them, so that a write that is cut short harms nothing.
"""

from __future__ import annotations

import struct
from pathlib import Path

import apsw

#: Pages scrubbed at a time, while no other connection writes: 8 MB.
SCRUBBED_PAGES = 2_000
#: Pages up to which a page's first byte tells a page of rows from an overflow page of a long row (137 GB). Beyond it
#: that byte belongs to a page's number, and nothing is touched.
MAX_PAGES = 2 << 24

#: Header of a page: kind, first free block, number of cells, offset of their contents.
_HEADER = struct.Struct(">BHHH")
#: Bytes of the header by kind: index and table, inner pages and leaves. On the first page the file's own header
#: precedes it.
_HEADER_BYTES = {2: 12, 5: 12, 10: 8, 13: 8}
_FILE_HEADER_BYTES = 100


def scrub(connection: apsw.Connection, path: Path, first: int) -> None:
    """Overwrite the unused bytes of SCRUBBED_PAGES pages from `first` (1 is the first page of the file).

    Call it only in a write transaction, with an empty write-ahead log; its commit has to change something, so that
    other connections drop their cached pages.
    """
    size, pages = int(connection.pragma("page_size")), int(connection.pragma("page_count"))
    if pages >= MAX_PAGES or first > pages:
        return
    start, length = (first - 1) * size, min(SCRUBBED_PAGES, pages - first + 1) * size
    data = connection.read("main", 0, start, length)[1]
    gaps = [
        gap
        for page in range(0, len(data), size)
        if (gap := _gap(data, page, size, is_first=start + page == 0))
    ]
    used = [(begin, end) for begin, end in gaps if data.count(0, begin, end) != end - begin]
    if used:
        _overwrite(path, [(start + begin, end - begin) for begin, end in used])


def _gap(data: bytes, page: int, size: int, is_first: bool) -> tuple[int, int] | None:
    """Return where the unused middle of the page that begins at `page` is; None if it is no page of rows."""
    header = page + (_FILE_HEADER_BYTES if is_first else 0)
    kind, _, cells, contents = _HEADER.unpack_from(data, header)
    if kind not in _HEADER_BYTES:
        return None
    begins, ends = header + _HEADER_BYTES[kind] + 2 * cells, page + (contents or 65_536)
    return (begins, ends) if begins < ends <= page + size else None


def _overwrite(path: Path, spans: list[tuple[int, int]]) -> None:
    """Write zeros through SQLite's own VFS: closing the file in another way would release the locks of this process."""
    flags = [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READWRITE, 0]
    file = apsw.VFSFile("", str(path.absolute()), flags)
    try:
        for offset, length in spans:
            file.xWrite(bytes(length), offset)
        file.xSync(apsw.SQLITE_SYNC_NORMAL)
    finally:
        file.xClose()
