"""How is something told to whoever follows? As server-sent events: lines of text, which browsers read by themselves."""

from __future__ import annotations

from typing import Any

import orjson

from tracker.domain.cursors import cursor_of, numbers_in
from tracker.domain.row_ids import first_id_at, next_id_after

#: Cursors of followers are of no person or visitor: those have numbers from 1.
_FOLLOWER = -1
#: Milliseconds after which a browser comes again when a stream has ended.
_RETRY_MS = 2_000


def cursor_at(list_id: int, newest_id: int) -> str:
    """The cursor to go on from."""
    return cursor_of(list_id, _FOLLOWER, (newest_id,))


def newest_id_in(list_id: int, cursor: str, now: int) -> int | None:
    """The id that a cursor of this list's followers says; None for what is none.

    One that lies ahead is of an event that was dated in the future, or made up: nothing would come after it for long.
    """
    numbers = numbers_in(list_id, _FOLLOWER, cursor, 1)
    if numbers is None or numbers[0] < 0:
        return None
    return numbers[0] if numbers[0] < next_id_after(now) else first_id_at(now)


def greeting(list_id: int, newest_id: int) -> bytes:
    """The first bytes: a browser knows by them that it is connected, and from where to go on."""
    return b"retry: %d\nid: %s\n\n" % (_RETRY_MS, cursor_at(list_id, newest_id).encode())


def heartbeat(list_id: int, newest_id: int) -> bytes:
    """Nothing has come: a comment, and how far that is true."""
    return b":\nid: %s\n\n" % cursor_at(list_id, newest_id).encode()


def tracked(list_id: int, newest_id: int, data: bytes) -> bytes:
    """An event; `data` is one line."""
    return b"id: %s\nevent: tracked\ndata: %s\n\n" % (cursor_at(list_id, newest_id).encode(), data)


def sse_message(name: str, **data: Any) -> bytes:
    """Something about the stream itself."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(data))
