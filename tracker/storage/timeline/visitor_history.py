"""Whose own rows must be read for a person, beside the person's? Of visitors whose past has not been copied yet."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import NamedTuple

from tracker.domain.row_ids import received_ms
from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction
from tracker.storage.timeline import timeline_rows
from tracker.storage.timeline.timeline_rows import MAX_COPIED, SpanKey

#: Seconds after which a server has no write under way any more that saw a visitor before its link: longer than any
#: deadline. Writes of an SQLite file see all that was committed before them.
SERVER_SECONDS = 15.0
#: Pasts that are read where they are, one look-up each; of a person with more they are settled at the next reading.
MAX_APART = 16
#: Pasts read at once at most: what cannot be settled in the time of a request is so in that of the next ones.
MAX_READ = 2_000
#: Events of a past that are copied then, and pasts copied in one transaction, first short ones, then these: bounds how
#: long it holds up events.
MAX_COPIED_THEN = 1_000
ROUNDS = ((MAX_COPIED, 200), (MAX_COPIED_THEN, 5))
#: Seconds of a request that are left for its answer.
ANSWER_SECONDS = 2.5

_PASTS = (
    "SELECT visitor_id, span, linked_at, event_id FROM identity_links WHERE list_id = ? AND subscriber_id = ? AND has_unmerged_history = 1"
    " AND visitor_id >= ? AND (visitor_id > ? OR span > ?) ORDER BY visitor_id, span LIMIT ?"
)
_log = logging.getLogger("tracker.storage")


class Past(NamedTuple):
    """A visitor's span whose rows before the link stand under the visitor."""

    visitor_id: int
    span: int
    linked_at: int
    event_id: int

    def linked_ms(self) -> int:
        """When it was certainly linked, in UTC milliseconds; neither of an event's two times is later."""
        return max(self.linked_at, received_ms(self.event_id))


def pasts_of(
    transaction: Transaction, list_id: int, subscriber_id: int, most: int, after: tuple[int, int] = (-1, -1)
) -> list[Past]:
    """The first `most` after (visitor_id, span)."""
    visitor_id, span = after
    rows = transaction.select(_PASTS, (list_id, subscriber_id, visitor_id, visitor_id, span, most))
    return [Past(*row) for row in rows]


def owners(
    database: Database, list_id: int, subscriber_id: int, deadline: float | None = None
) -> tuple[int, ...]:
    """The owners whose rows a person's timeline is made of. Many pasts are settled first.

    Raises StorageUnavailable when there are too many to read, and more time is needed to settle them.
    """
    read = partial(pasts_of, list_id=list_id, subscriber_id=subscriber_id)
    pasts = database.read(partial(read, most=MAX_APART + 1), deadline)
    if len(pasts) > MAX_APART:
        _settle_many(database, list_id, subscriber_id, deadline or time.monotonic() + ANSWER_SECONDS * 2)
        pasts = database.read(partial(read, most=MAX_READ + 1), deadline)
    if len(pasts) > MAX_READ:
        raise StorageUnavailable("a person has more visitors than could be settled in time")
    return subscriber_id, *sorted({past.visitor_id for past in pasts})


def _settle_many(database: Database, list_id: int, subscriber_id: int, deadline: float) -> None:
    """As many as there is time for. What cannot be settled is read where it is."""
    until = deadline - ANSWER_SECONDS
    try:
        for most, at_once in ROUNDS:
            due = _due(database, list_id, subscriber_id)
            while spans := list(islice(due, at_once)):
                if time.monotonic() > until:
                    return
                database.write(partial(timeline_rows.settle, spans=spans, most=most), deadline)
    except (StorageUnavailable, OutcomeUnknown) as failure:
        _log.warning("pasts of a person were not settled: %s", type(failure).__name__)


def _due(database: Database, list_id: int, subscriber_id: int) -> Iterator[SpanKey]:
    """Those linked long enough ago that nobody writes to them any more, a page at a time."""
    seconds = SERVER_SECONDS if database.engine.is_remote else 0.0
    before = time.time_ns() // 1_000_000 - int(seconds * 1000)
    read = partial(pasts_of, list_id=list_id, subscriber_id=subscriber_id, most=MAX_READ)
    pasts = database.read(read)
    while pasts:
        yield from ((list_id, past.visitor_id, past.span) for past in pasts if past.linked_ms() <= before)
        last = pasts[-1]
        pasts = database.read(partial(read, after=(last.visitor_id, last.span)))
