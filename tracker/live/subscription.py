"""What does one who follows a list get, and how far are they?"""

from __future__ import annotations

import time
from collections.abc import Iterator

import gevent
from gevent.event import Event

from tracker.live.buffer import EventBuffer, Row
from tracker.live.sse import heartbeat, sse_message, tracked

#: Seconds between two signs of life, by which a client that is gone is noticed, and between two looks around.
HEARTBEAT_SECONDS, LOOK_SECONDS = 5.0, 1.0
#: Bytes given at once, from which on the rest waits until they are taken.
PIECE_BYTES = 64 * 1024


class Subscription:
    """A place in a buffer. Keeps none of its rows: who reads slowly misses what the buffer has let go, and is told so."""

    def __init__(self, user_id: int, buffer: EventBuffer, name: bytes | None, seconds: int | None) -> None:
        self.user_id, self.buffer = user_id, buffer
        self._name = name
        self._ends_at = None if seconds is None else time.monotonic() + seconds
        #: The greenlet that sends: with a client that does not read it may wait where only killing it helps.
        self.greenlet = gevent.getcurrent()
        self.news = Event()
        self.is_ended = False
        self.newest_id, self._next = 0, 0
        self._is_unavailable_sent = False
        self._beat_at = time.monotonic() + HEARTBEAT_SECONDS

    def start(self) -> None:
        """The buffer has begun: what comes from now on is for this subscription too."""
        self.newest_id, self._next = self.buffer.newest_id, self.buffer.total

    def end(self) -> None:
        self.is_ended = True
        self.news.set()

    def is_over(self) -> bool:
        return self.is_ended or (self._ends_at is not None and time.monotonic() >= self._ends_at)

    def wait(self) -> None:
        """Until something comes, or it is time to look around."""
        left = LOOK_SECONDS if self._ends_at is None else self._ends_at - time.monotonic()
        self.news.wait(max(0.0, min(LOOK_SECONDS, left)))
        self.news.clear()

    def parts(self) -> Iterator[bytes]:
        """What comes, as it comes; an empty part at each look around that shows nothing."""
        while not self.is_over():
            yield self._or_heartbeat(self._taken())
            if self._next == self.buffer.total:
                self.wait()

    def rest(self, seconds: float) -> Iterator[bytes]:
        """A pause that ends with the following; a sign of life if one is due."""
        self.news.wait(seconds)
        self.news.clear()
        yield self._or_heartbeat(b"")

    def _or_heartbeat(self, text: bytes) -> bytes:
        """What there is to give, else a sign of life where nothing has been given for a while."""
        now = time.monotonic()
        if not text and now >= self._beat_at:
            text = heartbeat(self.buffer.list_id, self.newest_id)
        if text:
            self._beat_at = now + HEARTBEAT_SECONDS
        return text

    def row(self, event_id: int, name: bytes, data: bytes) -> bytes:
        """An event, if it is one of those wanted; either way this is how far the subscription is."""
        self.newest_id = max(self.newest_id, event_id)
        if self._name not in (None, name):
            return b""
        return tracked(self.buffer.list_id, self.newest_id, data)

    def availability(self, is_unavailable: bool) -> bytes:
        """Say once that the database cannot be read, and once that it can again."""
        if is_unavailable == self._is_unavailable_sent:
            return b""
        self._is_unavailable_sent = is_unavailable
        return sse_message("unavailable" if is_unavailable else "available")

    def _taken(self) -> bytes:
        """The next rows, about PIECE_BYTES of them, and how many were let go before."""
        parts = [self.availability(self.buffer.is_unavailable)]
        size = 0
        for row in self.buffer.since(self._next):
            parts += [self._skip_to(row.number), self._row(row)]
            size += len(row.data)
            if size >= PIECE_BYTES:
                return b"".join(parts)
        parts.append(self._skip_to(self.buffer.total))
        return b"".join(parts)

    def _row(self, row: Row) -> bytes:
        self._next = row.number + 1
        return self.row(row.event_id, row.name, row.data)

    def _skip_to(self, number: int) -> bytes:
        skipped, self._next = number - self._next, number
        return sse_message("skipped", Count=skipped) if skipped else b""
