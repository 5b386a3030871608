"""Cursor pagination: opaque, checksummed text for the position at which the next page of an answer begins."""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct

from tracker.domain.spans import Position

_CHECK_BYTES = 8


def cursor_of(list_id: int, owner_id: int, position: tuple[int, ...]) -> str:
    """Return the cursor for a position among the rows of this owner."""
    place = struct.pack(f">{len(position)}q", *position)
    return base64.urlsafe_b64encode(place + _check(list_id, owner_id, place)).decode()


def position_in(list_id: int, owner_id: int, cursor: str) -> Position | None:
    """Return the position in the timeline of this owner, or None if the text is no cursor of it."""
    numbers = numbers_in(list_id, owner_id, cursor, 2)
    return None if numbers is None else (numbers[0], numbers[1])


def numbers_in(list_id: int, owner_id: int, cursor: str, count: int) -> tuple[int, ...] | None:
    """Return the `count` numbers of the position, or None if the text is no cursor of this owner.

    The checksum is no signature: a cursor only names a position, so a forged one shows nothing that the caller could not
    read anyway.
    """
    try:
        decoded = base64.b64decode(cursor, b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    place, check = decoded[:-_CHECK_BYTES], decoded[-_CHECK_BYTES:]
    if len(place) != 8 * count or check != _check(list_id, owner_id, place):
        return None
    return struct.unpack(f">{count}q", place)


def _check(list_id: int, owner_id: int, place: bytes) -> bytes:
    return hashlib.sha256(b"timeline %d %d " % (list_id, owner_id) + place).digest()[:_CHECK_BYTES]
