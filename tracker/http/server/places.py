"""Connection table: the connections of a process by the state they wait in, and the order of eviction when it is full."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Protocol

from tracker.http.server.budget import Holder

#: Seconds for which a connection that has just come, or has just begun to send, is not evicted: a request may still be a
#: round trip away. It also bounds how fast places change hands, so that a client has this long however fast others reconnect.
GRACE_SECONDS = 0.1
#: Seconds after which a new connection that has sent nothing is among the first to be evicted; before that it is the last.
YOUNG_SECONDS = 1.0
#: Seconds without progress after which a client that does not read its answer may be evicted when the table is full.
STALLED_SECONDS = 2.0
#: Connections of one column that are looked at in one go: nothing else is served meanwhile.
_MAX_LOOKED_AT = 64


class Placed(Holder, Protocol):
    """A connection in the table. `waits` is the column that it stands in."""

    waits: dict[Placed, float]

    def end_waiting(self) -> bool:
        """End the wait of the connection. Returns False when bytes have just arrived, so that it goes on."""


#: The connections that wait for the same, each with the `time.monotonic()` second since when; the longest waiting first.
PlaceColumn = dict[Placed, float]


class Places:
    """The connections of one process, each in the column of what it waits for. Nothing in here yields to other greenlets."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._taken = 0
        #: For the first byte of a new connection; for the next request; for the rest of a request.
        self.fresh, self.kept, self.part = PlaceColumn(), PlaceColumn(), PlaceColumn()
        #: For the server; for the client to read its answer; for a refused client to stop sending.
        self.busy, self.sending, self.lingering = PlaceColumn(), PlaceColumn(), PlaceColumn()
        #: For nothing: their wait has been ended.
        self._leaving = PlaceColumn()

    def __len__(self) -> int:
        return self._taken

    @property
    def is_full(self) -> bool:
        return self._taken >= self.most

    def enter(self, connection: Placed, now: float) -> None:
        connection.waits = self.fresh
        self.fresh[connection] = now
        self._taken += 1

    def move(self, connection: Placed, to: PlaceColumn, now: float) -> None:
        """Move a connection to the column `to`, or within its column to the end, as one that begins to wait now."""
        del connection.waits[connection]
        connection.waits = to
        to[connection] = now

    def leave(self, connection: Placed) -> None:
        del connection.waits[connection]
        self._taken -= 1

    def make_room(self, now: float) -> bool:
        """Evict the connections that are too many. Returns whether that was enough. One place in 32 is kept free for newcomers."""
        spare = self.most // 32
        missing = self._taken - len(self._leaving) - (self.most - 1 - spare)
        if missing <= 0:
            return True
        return self._evict(missing, now) == missing

    def give_up(self, count: int, now: float) -> None:
        """Evict `count` connections, whatever the number of places: the process has no descriptors left."""
        self._evict(count, now)

    def _evict(self, count: int, now: float) -> int:
        sent = 0
        for connection in self._eviction_order(now):
            if sent >= count:
                break
            if connection.end_waiting():
                self.move(connection, self._leaving, now)
                sent += 1
        return sent

    def _eviction_order(self, now: float) -> Iterator[Placed]:
        """Yield idle connections first, then those whose client keeps the server waiting, then new ones.

        So neither keep-alive nor a client that sends, or reads, a byte now and then can keep others out.
        """
        too_many = len(self.sending) - self.most // 2
        return chain(
            _longest(self.lingering, now),
            _longest(self.kept, now),
            _longest(self.fresh, now - YOUNG_SECONDS),
            _longest(self.sending, now - STALLED_SECONDS),
            # Slow readers may hold half of the places. Beyond that they are evicted.
            islice(_longest(self.sending, now - GRACE_SECONDS), max(0, too_many)),
            _longest(self.part, now - GRACE_SECONDS),
            _longest(self.fresh, now - GRACE_SECONDS),
        )

    def outstayed(self, elapsed: float, now: float) -> list[Placed]:
        """Return the connections that are not waited for any longer, `elapsed` seconds after the stop began."""
        waiting = [*self.kept, *self.lingering]
        if elapsed >= BEGIN_SECONDS:
            waiting += self.fresh
        if elapsed >= TAKE_SECONDS:
            waiting += _since(self.sending, now - STALLED_SECONDS)
        if elapsed >= REST_SECONDS:
            waiting += self.part
        return waiting


#: Seconds after SIGTERM: until when a connection that has sent nothing yet may begin, a client that reads nothing of its
#: answer is waited for, and one that has begun may send the rest.
BEGIN_SECONDS, TAKE_SECONDS, REST_SECONDS = 0.5, 5.0, 10.0


def _longest(column: PlaceColumn, until: float) -> Iterator[Placed]:
    """Yield connections that have waited since `until` or longer, from a bounded number. The column may change meanwhile."""
    yield from [connection for connection, since in islice(column.items(), _MAX_LOOKED_AT) if since <= until]


def _since(column: PlaceColumn, until: float) -> list[Placed]:
    return [connection for connection, since in column.items() if since <= until]
