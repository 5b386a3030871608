"""Ring buffer of the events that one followed list received: numbered rows, of which the latest are kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

from gevent.lock import BoundedSemaphore

from tracker.domain.row_ids import first_id_at, received_ms

#: Ids of several writers are not in commit order, so ids up to this much older than the newest are read again. A write
#: takes up to 5 s; the rest allows for clocks that differ.
OVERLAP_MS = 10_000
#: Ids read at once: more arrive only when events are skipped anyway.
MAX_IDS = 10_000
#: Rows of one poll; of more events the latest are taken, and the others counted as skipped.
MAX_ROWS = 500
#: Rows kept for slow clients, and their bytes.
MAX_KEPT, MAX_KEPT_BYTES = 1_000, 4 * 1024 * 1024


class BufferedEvent(NamedTuple):
    """An event as it is sent. Numbers count the events that arrived; a missing number is a skipped event."""

    number: int
    event_id: int
    name: bytes
    data: bytes


class EventBuffer:
    """The buffer of one followed list. `SubscriptionHub` fills it, each `Subscription` reads it by number."""

    def __init__(self, list_id: int) -> None:
        self.list_id = list_id
        self.subscription_count = 0
        #: Whether the last poll could not read the database.
        self.is_unavailable = False
        #: Locked while the buffer begins; nothing is added before.
        self.lock, self.is_begun = BoundedSemaphore(1), False
        #: The number of events that arrived, and the largest id of them and of those from before.
        self.total, self.newest_id = 0, 0
        self._seen: set[int] = set()
        self._floor = 0
        self._rows: deque[BufferedEvent] = deque()
        self._bytes = 0

    def begin(self, ids: Sequence[int]) -> None:
        """Begin: the events with these ids, the largest first, are known, and every later one is new."""
        self._note(ids)
        self.is_begun = True

    def first_id(self, now: int) -> int:
        """Return the id from which the list must be read."""
        newest = min(now, received_ms(self.newest_id))
        return max(first_id_at(newest - OVERLAP_MS), self._floor)

    def news(self, ids: Sequence[int]) -> list[int]:
        """Return the ids that are new, in ascending order."""
        return [event_id for event_id in reversed(ids) if event_id not in self._seen]

    def add(self, ids: Sequence[int], skipped: int, rows: Sequence[tuple[int, bytes, bytes]]) -> None:
        """Add a poll: all ids read, the number of new events skipped, and (event_id, name, data) of the other new ones."""
        self._note(ids)
        self.total += skipped
        for row in rows:
            self._rows.append(BufferedEvent(self.total, *row))
            self._bytes += len(row[2])
            self.total += 1
        while len(self._rows) > MAX_KEPT or self._bytes > MAX_KEPT_BYTES:
            self._bytes -= len(self._rows.popleft().data)

    def since(self, number: int) -> list[BufferedEvent]:
        """Return the kept rows from a number on, oldest first."""
        later = list(takewhile(lambda row: row.number >= number, reversed(self._rows)))
        return later[::-1]

    def _note(self, ids: Sequence[int]) -> None:
        """Remember the ids of this poll: only they can be read again."""
        self._seen = set(ids)
        self.newest_id = max(self.newest_id, ids[0] if ids else 0)
        if len(ids) >= MAX_IDS:  # older ids are not read again, even if newer events are deleted
            self._floor = ids[-1]
