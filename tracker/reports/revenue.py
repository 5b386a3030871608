"""Revenue of a subscriber: the sum of their conversions that count, per currency."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from functools import partial

from tracker.domain.conversions import money_of
from tracker.domain.event import NOT_COUNTED, decoded_properties
from tracker.reports.ownership import TimelineOwner
from tracker.reports.timeline_merge import Merge
from tracker.reports.timeline_pages import AT_ONCE, rounds
from tracker.storage.aggregates import lacks_conversions
from tracker.storage.engine import REQUEST_SECONDS, Database
from tracker.storage.events import StoredEvent
from tracker.storage.timeline import Window

#: Conversions that are summed, the newest. No person has more, and summing must not delay others.
MAX_CONVERSIONS = 2_000


@dataclass(frozen=True, slots=True)
class Sum:
    """The conversions of one currency ("" for those without), and their value in millionths."""

    currency: str
    conversions: int
    millionths: int


@dataclass(frozen=True, slots=True)
class Revenue:
    """Sums, the currency with most conversions first. `is_complete`: all conversions are summed, and none was deleted."""

    sums: list[Sum]
    is_complete: bool


def read_revenue(database: Database, owner: TimelineOwner, deadline: float | None = None) -> Revenue:
    """Return the revenue of an owner. Conversions have timeline rows of their own, under the negative owner id."""
    deadline = deadline or time.monotonic() + REQUEST_SECONDS
    owner_ids = [-owner_id for owner_id in owner.owner_ids(database, deadline)]
    merge = Merge(owner.list_id, owner_ids, Window(), None)
    totals: dict[str, list[int]] = defaultdict(list)
    for events in rounds(database, owner, merge, AT_ONCE, deadline, MAX_CONVERSIONS):
        for event in events:
            if not event.flags & NOT_COUNTED:
                currency, millionths = worth(event)
                totals[currency].append(millionths)
    sums = [Sum(currency, len(values), sum(values)) for currency, values in totals.items()]
    is_complete = merge.is_over and not database.read(
        partial(lacks_conversions, list_id=owner.list_id, subscriber_id=owner.id), deadline
    )
    return Revenue(sorted(sums, key=lambda each: (-each.conversions, each.currency)), is_complete)


def worth(event: StoredEvent) -> tuple[str, int]:
    """Return (currency, value in millionths) of a conversion."""
    return money_of(decoded_properties(bytes(event.properties)))
