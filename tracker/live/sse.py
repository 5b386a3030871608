"""Server-sent events (SSE): the messages of a stream, and the cursors in their `id` fields."""

from __future__ import annotations

from typing import Any

import orjson

from tracker.domain.cursors import cursor_of, numbers_in
from tracker.domain.row_ids import first_id_at, next_id_after

#: The owner number in cursors of streams: subscribers and visitors have numbers from 1.
_STREAM = -1
#: Milliseconds after which a browser reconnects when a stream has ended.
_RETRY_MS = 2_000


def cursor_at(list_id: int, newest_id: int) -> str:
    """Return the cursor from which a stream resumes after this event id."""
    return cursor_of(list_id, _STREAM, (newest_id,))


def newest_id_in(list_id: int, cursor: str, now: int) -> int | None:
    """Return the event id in a cursor of this list's streams, or None if the text is no such cursor.

    An id ahead of `now` (UTC milliseconds) comes from an event dated in the future, or was made up. It is replaced by the
    first id of now, since otherwise no event would follow it for long.
    """
    numbers = numbers_in(list_id, _STREAM, cursor, 1)
    if numbers is None or numbers[0] < 0:
        return None
    return numbers[0] if numbers[0] < next_id_after(now) else first_id_at(now)


def greeting(list_id: int, newest_id: int) -> bytes:
    """Return the first bytes of a stream: they tell a browser that it is connected, and where to resume."""
    return b"retry: %d\nid: %s\n\n" % (_RETRY_MS, cursor_at(list_id, newest_id).encode())


def heartbeat(list_id: int, newest_id: int) -> bytes:
    """Return a comment for a stream without events, with the cursor it has reached."""
    return b":\nid: %s\n\n" % cursor_at(list_id, newest_id).encode()


def tracked(list_id: int, newest_id: int, data: bytes) -> bytes:
    """Return the message of an event; `data` is one line of JSON."""
    return b"id: %s\nevent: tracked\ndata: %s\n\n" % (cursor_at(list_id, newest_id).encode(), data)


def sse_message(name: str, **data: Any) -> bytes:
    """Return a message about the stream itself."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(data))
