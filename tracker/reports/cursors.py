"""How is a place in a timeline given to a client, and read when it comes back?"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct

from tracker.storage.timeline_reading import Position

_FORM = struct.Struct(">qq")
_CHECK_BYTES = 8


def cursor_of(list_id: int, owner_id: int, position: Position) -> str:
    """Text for a position in the timeline of this owner."""
    place = _FORM.pack(*position)
    return base64.urlsafe_b64encode(place + _check(list_id, owner_id, place)).decode()


def position_in(list_id: int, owner_id: int, cursor: str) -> Position | None:
    """The position; None for what is no cursor of this timeline. It can only ever name a place in it: a made-up one
    shows nothing that the caller could not read anyway."""
    try:
        given = base64.b64decode(cursor, b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    place, check = given[: _FORM.size], given[_FORM.size :]
    if len(place) != _FORM.size or check != _check(list_id, owner_id, place):
        return None
    event_at, event_id = _FORM.unpack(place)
    return event_at, event_id


def _check(list_id: int, owner_id: int, place: bytes) -> bytes:
    return hashlib.sha256(b"timeline %d %d " % (list_id, owner_id) + place).digest()[:_CHECK_BYTES]
