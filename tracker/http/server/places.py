"""Connection table: who holds a place in this process, what each waits for, and who leaves first when there is no room."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Protocol

from tracker.http.server.budget import Holder

#: Whoever has just come, or has just begun to send, is left alone: a request may still be a round trip away. It also
#: bounds how fast the places change hands, so that a client has this long however fast others come again.
GRACE_SECONDS = 0.1
#: A new connection that has sent nothing yet is among the first to leave from here on, and before that the last.
YOUNG_SECONDS = 1.0
#: A client that takes nothing of its answer for so long may be sent away, where there is no room.
STALLED_SECONDS = 2.0
#: How many of those that wait for the same are looked at in one go: nobody else is served meanwhile.
_MAX_LOOKED_AT = 64


class Placed(Holder, Protocol):
    """What stands in the table. `waits` is the column it stands in."""

    waits: dict[Placed, float]

    def end_waiting(self) -> bool:
        """Have it see the end of what it waits for; False when something has just arrived, so that it goes on."""


#: The connections that wait for the same, and since when; the longest waiting first.
Column = dict[Placed, float]


class Places:
    """The connections of one process, each in the column of what it waits for. Nothing in here gives way to others."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._taken = 0
        #: For the first byte of a new connection; for the next request; for the rest of a request.
        self.fresh, self.kept, self.part = Column(), Column(), Column()
        #: For us; for the client to take its answer; for a refused client to stop sending.
        self.busy, self.sending, self.lingering = Column(), Column(), Column()
        #: For nothing: they have been told that it is over.
        self._leaving = Column()

    def __len__(self) -> int:
        return self._taken

    @property
    def is_full(self) -> bool:
        return self._taken >= self.most

    def enter(self, connection: Placed, now: float) -> None:
        connection.waits = self.fresh
        self.fresh[connection] = now
        self._taken += 1

    def move(self, connection: Placed, to: Column, now: float) -> None:
        """It now waits for something else, or for more of the same, as one that has only begun to."""
        del connection.waits[connection]
        connection.waits = to
        to[connection] = now

    def leave(self, connection: Placed) -> None:
        del connection.waits[connection]
        self._taken -= 1

    def make_room(self, now: float) -> bool:
        """Send away as many as there are too many; whether that was enough. A few places are kept free, for who comes next."""
        spare = self.most // 32
        missing = self._taken - len(self._leaving) - (self.most - 1 - spare)
        if missing <= 0:
            return True
        return self._send_away(missing, now) == missing

    def give_up(self, count: int, now: float) -> None:
        """Send away `count` of them, whatever the number of places: the process has no room for more."""
        self._send_away(count, now)

    def _send_away(self, count: int, now: float) -> int:
        sent = 0
        for connection in self._first_to_leave(now):
            if sent >= count:
                break
            if connection.end_waiting():
                self.move(connection, self._leaving, now)
                sent += 1
        return sent

    def _first_to_leave(self, now: float) -> Iterator[Placed]:
        """Those who wait for nothing urgent, then those whose client keeps us waiting, then whoever has just come.

        So neither keep-alive nor a client that sends, or takes, a byte now and then can keep others out.
        """
        too_many = len(self.sending) - self.most // 2
        return chain(
            _longest(self.lingering, now),
            _longest(self.kept, now),
            _longest(self.fresh, now - YOUNG_SECONDS),
            _longest(self.sending, now - STALLED_SECONDS),
            # Half of the places are for those who read slowly. Beyond that they are what there is no room for.
            islice(_longest(self.sending, now - GRACE_SECONDS), max(0, too_many)),
            _longest(self.part, now - GRACE_SECONDS),
            _longest(self.fresh, now - GRACE_SECONDS),
        )

    def outstayed(self, elapsed: float, now: float) -> list[Placed]:
        """Who is not waited for any longer, `elapsed` seconds after the stop began."""
        waiting = [*self.kept, *self.lingering]
        if elapsed >= BEGIN_SECONDS:
            waiting += self.fresh
        if elapsed >= TAKE_SECONDS:
            waiting += _since(self.sending, now - STALLED_SECONDS)
        if elapsed >= REST_SECONDS:
            waiting += self.part
        return waiting


#: After SIGTERM: how long a connection that has not sent anything yet may still begin, how long a client that takes
#: nothing of its answer is waited for, and how long one that has begun may take to send the rest.
BEGIN_SECONDS, TAKE_SECONDS, REST_SECONDS = 0.5, 5.0, 10.0


def _longest(column: Column, until: float) -> Iterator[Placed]:
    """Those who have waited since `until` or longer, of whom a bounded number is looked at. The column may change."""
    yield from [connection for connection, since in islice(column.items(), _MAX_LOOKED_AT) if since <= until]


def _since(column: Column, until: float) -> list[Placed]:
    return [connection for connection, since in column.items() if since <= until]
