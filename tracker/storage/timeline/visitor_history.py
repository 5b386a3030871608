"""Unmerged histories: visitors whose own rows are read for a subscriber because they have not been copied to it yet."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import NamedTuple

from tracker.domain.row_ids import received_ms
from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage.engine.database import Database, in_flight_seconds
from tracker.storage.engine.transaction import Transaction
from tracker.storage.timeline import timeline_rows
from tracker.storage.timeline.timeline_rows import MAX_COPIED, SpanKey

#: Histories that are read under their visitors, one look-up each; if a subscriber has more, they are merged at the next
#: reading.
MAX_IN_PLACE = 16
#: Histories read at once: those that cannot be merged within one request are merged within the next ones.
MAX_READ = 2_000
#: Events of a history that a reading copies, and (events of a history, histories in one transaction): short histories
#: first, then long ones. Bounds how long a transaction delays events.
MAX_COPIED_BY_READING = 1_000
MERGE_ROUNDS = ((MAX_COPIED, 200), (MAX_COPIED_BY_READING, 5))
#: Seconds of a request that are left for its answer.
ANSWER_SECONDS = 2.5

_PASTS = (
    "SELECT visitor_id, span, linked_at, event_id FROM identity_links WHERE list_id = ? AND subscriber_id = ? AND has_uncopied_history = 1"
    " AND visitor_id >= ? AND (visitor_id > ? OR span > ?) ORDER BY visitor_id, span LIMIT ?"
)
_log = logging.getLogger("tracker.storage")


class UncopiedHistory(NamedTuple):
    """A visitor's span whose rows from before its link are under the visitor."""

    visitor_id: int
    span: int
    linked_at: int
    event_id: int

    def linked_ms(self) -> int:
        """Return a time at which the span was certainly linked, in UTC milliseconds: the later of the event's two times."""
        return max(self.linked_at, received_ms(self.event_id))


def uncopied_histories(
    transaction: Transaction, list_id: int, subscriber_id: int, most: int, after: tuple[int, int] = (-1, -1)
) -> list[UncopiedHistory]:
    """Return the first `most` uncopied histories of a subscriber after (visitor_id, span): a keyset page."""
    visitor_id, span = after
    rows = transaction.select(_PASTS, (list_id, subscriber_id, visitor_id, visitor_id, span, most))
    return [UncopiedHistory(*row) for row in rows]


def owners(
    database: Database, list_id: int, subscriber_id: int, deadline: float | None = None
) -> tuple[int, ...]:
    """Return the owners whose rows make a subscriber's timeline: itself and its visitors with an uncopied history.

    More than MAX_IN_PLACE histories are merged first. Raises StorageUnavailable when there are more than MAX_READ to
    read and the time does not suffice to merge them.
    """
    read = partial(uncopied_histories, list_id=list_id, subscriber_id=subscriber_id)
    histories = database.read(partial(read, most=MAX_IN_PLACE + 1), deadline)
    if len(histories) > MAX_IN_PLACE:
        _merge_many(database, list_id, subscriber_id, deadline or time.monotonic() + ANSWER_SECONDS * 2)
        histories = database.read(partial(read, most=MAX_READ + 1), deadline)
    if len(histories) > MAX_READ:
        raise StorageUnavailable("a subscriber has more visitors than could be merged in time")
    return subscriber_id, *sorted({history.visitor_id for history in histories})


def _merge_many(database: Database, list_id: int, subscriber_id: int, deadline: float) -> None:
    """Merge as many histories as there is time for; those that cannot be merged are read under their visitors."""
    until = deadline - ANSWER_SECONDS
    try:
        for most, at_once in MERGE_ROUNDS:
            due = _due(database, list_id, subscriber_id)
            while spans := list(islice(due, at_once)):
                if time.monotonic() > until:
                    return
                copy = partial(timeline_rows.copy_history, spans=spans, most=most)
                database.write(copy, deadline, list_id)
    except (StorageUnavailable, OutcomeUnknown) as failure:
        _log.warning("histories of a subscriber were not copied: %s", type(failure).__name__)


def _due(database: Database, list_id: int, subscriber_id: int) -> Iterator[SpanKey]:
    """Yield, a page at a time, the spans linked so long ago that no write to their visitor's rows is in flight any more."""
    before = time.time_ns() // 1_000_000 - int(in_flight_seconds(database.engine) * 1000)
    read = partial(uncopied_histories, list_id=list_id, subscriber_id=subscriber_id, most=MAX_READ)
    histories = database.read(read)
    while histories:
        yield from (
            (list_id, history.visitor_id, history.span)
            for history in histories
            if history.linked_ms() <= before
        )
        last = histories[-1]
        histories = database.read(partial(read, after=(last.visitor_id, last.span)))
