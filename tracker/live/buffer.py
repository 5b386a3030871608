"""What has come to one list since somebody began to watch it? Numbered rows, of which the last ones are kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

from gevent.lock import BoundedSemaphore

from tracker.domain.row_ids import first_id_at, received_ms

#: Ids of several writers are not in commit order: what is this much older than the newest is read again. A write takes
#: up to 5 s; the rest is for clocks that differ.
OVERLAP_MS = 10_000
#: Ids that are read at once: more come only where more are skipped anyway.
MAX_IDS = 10_000
#: Rows of one reading; of more the last ones are taken, and the others counted as skipped.
MAX_ROWS = 500
#: Rows that are kept for those who read slowly, and bytes of them.
MAX_KEPT, MAX_KEPT_BYTES = 1_000, 4 * 1024 * 1024


class Row(NamedTuple):
    """An event as followers get it. Numbers count the events that came; one that is missing was skipped."""

    number: int
    event_id: int
    name: bytes
    data: bytes


class EventBuffer:
    """One watched list. Reading and telling are others' work."""

    def __init__(self, list_id: int) -> None:
        self.list_id = list_id
        self.subscription_count = 0
        #: It could not be read the last time.
        self.is_unavailable = False
        #: Held while it begins; until then there is nothing to be added to.
        self.lock, self.is_begun = BoundedSemaphore(1), False
        #: How many events have come, and the largest id of them and of what was there before.
        self.total, self.newest_id = 0, 0
        self._seen: set[int] = set()
        self._floor = 0
        self._rows: deque[Row] = deque()
        self._bytes = 0

    def begin(self, ids: Sequence[int]) -> None:
        """These are there, the largest first: what comes from now on is news."""
        self._note(ids)
        self.is_begun = True

    def first_id(self, now: int) -> int:
        """From which id on the list is to be read."""
        newest = min(now, received_ms(self.newest_id))
        return max(first_id_at(newest - OVERLAP_MS), self._floor)

    def news(self, ids: Sequence[int]) -> list[int]:
        """Those of the ids read that are new, in their order."""
        return [event_id for event_id in reversed(ids) if event_id not in self._seen]

    def add(self, ids: Sequence[int], skipped: int, rows: Sequence[tuple[int, bytes, bytes]]) -> None:
        """The ids read, and their news: how many were skipped, and (event_id, name, data) of the others."""
        self._note(ids)
        self.total += skipped
        for row in rows:
            self._rows.append(Row(self.total, *row))
            self._bytes += len(row[2])
            self.total += 1
        while len(self._rows) > MAX_KEPT or self._bytes > MAX_KEPT_BYTES:
            self._bytes -= len(self._rows.popleft().data)

    def since(self, number: int) -> list[Row]:
        """The kept rows from a number on, oldest first."""
        later = list(takewhile(lambda row: row.number >= number, reversed(self._rows)))
        return later[::-1]

    def _note(self, ids: Sequence[int]) -> None:
        """Only what was read this time is read again, so nothing else need be remembered."""
        self._seen = set(ids)
        self.newest_id = max(self.newest_id, ids[0] if ids else 0)
        if len(ids) >= MAX_IDS:  # what is older is not read again, even if later ones are deleted
            self._floor = ids[-1]
