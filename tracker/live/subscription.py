"""Subscription: the position of one client in a list's ring buffer, and the messages it is sent."""

from __future__ import annotations

import time
from collections.abc import Iterator

import gevent
from gevent.event import Event

from tracker.live.buffer import BufferedEvent, EventBuffer
from tracker.live.sse import heartbeat, sse_message, tracked

#: Seconds between two heartbeats, by which a client that is gone is noticed, and between two checks of the end.
HEARTBEAT_SECONDS, LOOK_SECONDS = 5.0, 1.0
#: Bytes of one part; further rows wait until the client has taken it.
PIECE_BYTES = 64 * 1024


class Subscription:
    """A position in a ring buffer, without a queue of its own.

    A slow client skips the rows that the buffer has dropped, and is sent their number.
    """

    def __init__(
        self, user_id: int, buffer: EventBuffer, names: frozenset[bytes] | None, seconds: int | None
    ) -> None:
        self.user_id, self.buffer = user_id, buffer
        self._names = names
        self._ends_at = None if seconds is None else time.monotonic() + seconds
        #: The greenlet that sends. With a client that does not read it may block where only killing it helps.
        self.greenlet = gevent.getcurrent()
        self.news = Event()
        self.is_ended = False
        self.newest_id, self._next = 0, 0
        self._is_unavailable_sent = False
        self._beat_at = time.monotonic() + HEARTBEAT_SECONDS

    def start(self) -> None:
        """Set the position to the present end of the buffer, which has begun."""
        self.newest_id, self._next = self.buffer.newest_id, self.buffer.total

    def end(self) -> None:
        self.is_ended = True
        self.news.set()

    def is_over(self) -> bool:
        return self.is_ended or (self._ends_at is not None and time.monotonic() >= self._ends_at)

    def wait(self) -> None:
        """Wait for news, LOOK_SECONDS at most."""
        left = LOOK_SECONDS if self._ends_at is None else self._ends_at - time.monotonic()
        self.news.wait(max(0.0, min(LOOK_SECONDS, left)))
        self.news.clear()

    def parts(self) -> Iterator[bytes]:
        """Yield messages as events arrive, and an empty part at each check without news."""
        while not self.is_over():
            yield self._or_heartbeat(self._taken())
            if self._next == self.buffer.total:
                self.wait()

    def rest(self, seconds: float) -> Iterator[bytes]:
        """Pause for so many seconds, less if the subscription ends; yields a heartbeat if one is due."""
        self.news.wait(seconds)
        self.news.clear()
        yield self._or_heartbeat(b"")

    def _or_heartbeat(self, text: bytes) -> bytes:
        """Return the text, or a heartbeat if there is none and none was sent for HEARTBEAT_SECONDS."""
        now = time.monotonic()
        if not text and now >= self._beat_at:
            text = heartbeat(self.buffer.list_id, self.newest_id)
        if text:
            self._beat_at = now + HEARTBEAT_SECONDS
        return text

    def row(self, event_id: int, name: bytes, data: bytes) -> bytes:
        """Return the message of an event, or b"" if its name is not wanted; moves the cursor in both cases."""
        self.newest_id = max(self.newest_id, event_id)
        if self._names is not None and name not in self._names:
            return b""
        return tracked(self.buffer.list_id, self.newest_id, data)

    def availability(self, is_unavailable: bool) -> bytes:
        """Return `unavailable` when the database becomes unreadable, `available` when it is back, else b""."""
        if is_unavailable == self._is_unavailable_sent:
            return b""
        self._is_unavailable_sent = is_unavailable
        return sse_message("unavailable" if is_unavailable else "available")

    def _taken(self) -> bytes:
        """Return the next rows, about PIECE_BYTES, with the numbers of rows that were skipped."""
        parts = [self.availability(self.buffer.is_unavailable)]
        size = 0
        for row in self.buffer.since(self._next):
            parts += [self._skip_to(row.number), self._row(row)]
            size += len(row.data)
            if size >= PIECE_BYTES:
                return b"".join(parts)
        parts.append(self._skip_to(self.buffer.total))
        return b"".join(parts)

    def _row(self, row: BufferedEvent) -> bytes:
        self._next = row.number + 1
        return self.row(row.event_id, row.name, row.data)

    def _skip_to(self, number: int) -> bytes:
        skipped, self._next = number - self._next, number
        return sse_message("skipped", Count=skipped) if skipped else b""
