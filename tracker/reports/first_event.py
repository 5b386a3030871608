"""First event of a subscriber or visitor: when it happened, read from the oldest rows of the timeline."""

from __future__ import annotations

import time
from functools import partial

import gevent

from tracker.domain.spans import Position
from tracker.reports.ownership import TimelineOwner, owned_events
from tracker.storage.engine import REQUEST_SECONDS, Database, Transaction
from tracker.storage.timeline import MIN_TIME, TimelineEntry, oldest, position_of

#: Rows read at once, and at most: rows may be of events that were deleted or belong to somebody else by now.
AT_ONCE, MAX_LOOKED_AT = 20, 1_000


def read_first_event_at(database: Database, owner: TimelineOwner, deadline: float | None) -> int | None:
    """Return when the first stored event of an owner happened, in UTC milliseconds; None: there is none."""
    deadline = deadline or time.monotonic() + REQUEST_SECONDS
    owner_ids = owner.owner_ids(database, deadline)
    after: Position = (MIN_TIME, 0)
    for _ in range(0, MAX_LOOKED_AT, AT_ONCE):
        look = partial(_look, owner=owner, owner_ids=owner_ids, after=after)
        entries, first_at = database.read(look, deadline)
        if first_at is not None or not entries:
            return first_at
        after = position_of(entries[-1])
        gevent.sleep(0)
    return None


def _look(
    transaction: Transaction, owner: TimelineOwner, owner_ids: tuple[int, ...], after: Position
) -> tuple[list[TimelineEntry], int | None]:
    entries = oldest(transaction, owner.list_id, owner_ids, after, AT_ONCE)
    events = owned_events(transaction, owner, entries)
    return entries, events[0].event_at if events else None
