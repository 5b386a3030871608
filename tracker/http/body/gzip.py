"""Gzip decoding of request bodies, up to a limit: a decompression bomb never becomes large in memory."""

from __future__ import annotations

import zlib

from tracker.errors import UNSUPPORTED_MEDIA, CommandError, because
from tracker.http.body.reader import MAX_BODY_BYTES, too_large
from tracker.registry.json_object import unreadable

#: zlib's window size, plus 16 for the gzip format.
_GZIP = 15 + 16
#: Members of one gzip body: finding the next copies the rest, so very many small ones would cost much.
_MAX_MEMBERS = 100
#: The factor by which an unknown sender's body may grow, beyond the size that any body may have.
MAX_RATIO = 100


def unpacked(body: bytes, encoding: str, limit: int, is_known: bool = True) -> bytes:
    """Return the decoded body. Raises CommandError (100000, 100010 above `limit` bytes, 100011).

    An unknown sender's body (`is_known` is False) may grow by MAX_RATIO at most.
    """
    name = encoding.strip().lower()
    if name == "identity":
        return body
    if name not in ("gzip", "x-gzip"):
        raise CommandError(because(UNSUPPORTED_MEDIA, "Content-Encoding may be gzip or nothing"))
    if is_known:
        return _gunzipped(body, limit)
    return _gunzipped(body, min(limit, max(MAX_BODY_BYTES, MAX_RATIO * len(body))))


def _gunzipped(body: bytes, limit: int) -> bytes:
    """Decode all members, as `cat a.gz b.gz` makes them; other bytes after a member are refused."""
    data = b""
    for _ in range(_MAX_MEMBERS):
        unpacker = zlib.decompressobj(_GZIP)
        try:
            data += unpacker.decompress(body, limit + 1 - len(data))
        except zlib.error:
            raise unreadable("it is not valid gzip") from None
        if len(data) > limit:
            raise too_large(limit)
        if not unpacker.eof:
            raise unreadable("the gzip data broke off")
        body = unpacker.unused_data
        if not body:
            return data
    raise unreadable(f"more than {_MAX_MEMBERS} gzip members")
