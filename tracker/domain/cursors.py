"""How is a place in a long answer given to a client, and read when it comes back?"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct

from tracker.domain.spans import Position

_CHECK_BYTES = 8


def cursor_of(list_id: int, owner_id: int, position: tuple[int, ...]) -> str:
    """Text for a position among what is this owner's."""
    place = struct.pack(f">{len(position)}q", *position)
    return base64.urlsafe_b64encode(place + _check(list_id, owner_id, place)).decode()


def position_in(list_id: int, owner_id: int, cursor: str) -> Position | None:
    """The position in the timeline of this owner; None for what is no cursor of it."""
    numbers = numbers_in(list_id, owner_id, cursor, 2)
    return None if numbers is None else (numbers[0], numbers[1])


def numbers_in(list_id: int, owner_id: int, cursor: str, count: int) -> tuple[int, ...] | None:
    """The `count` numbers of the position; None for what is no cursor of this owner's. It can only ever name a place: a
    made-up one shows nothing that the caller could not read anyway."""
    try:
        given = base64.b64decode(cursor, b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    place, check = given[:-_CHECK_BYTES], given[-_CHECK_BYTES:]
    if len(place) != 8 * count or check != _check(list_id, owner_id, place):
        return None
    return struct.unpack(f">{count}q", place)


def _check(list_id: int, owner_id: int, place: bytes) -> bytes:
    return hashlib.sha256(b"timeline %d %d " % (list_id, owner_id) + place).digest()[:_CHECK_BYTES]
