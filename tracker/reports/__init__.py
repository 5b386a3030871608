"""What do the events say? The read path."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from tracker.domain.row_ids import next_id_after
from tracker.reports.catalogue_listing import Names, is_full, read_look_alikes, read_name, read_names
from tracker.reports.identity_explain import ExplainedEvent, ExplainedLinks, explain_event, explain_links
from tracker.reports.ownership import SubscriberTimeline, TimelineOwner, visitor
from tracker.reports.property_values import Values, read_values
from tracker.reports.recent_events import RecentPage, read_recent
from tracker.reports.revenue import Revenue, read_revenue
from tracker.reports.timeline_pages import Page, Wanted, read_page
from tracker.storage.aggregates import catalogue
from tracker.storage.engine import Database
from tracker.storage.events import events
from tracker.storage.subscribers import LinkCursor


class Reports:
    """Answers about the events of a list. Never a scan of events.

    An event that a wrong clock has dated in the future is nobody's newest before its time has come.
    """

    def __init__(
        self, database: Database, now: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    ) -> None:
        self._database, self._now = database, now

    def properties_by_event(self, list_id: int, deadline: float | None = None) -> dict[str, list[str]]:
        """{event name: [property names]}, both sorted by their bytes."""
        return self._database.read(
            lambda transaction: catalogue.properties_by_event(transaction, list_id), deadline
        )

    def last_event_at(self, list_id: int, deadline: float | None = None) -> int | None:
        """When the newest event was received, in UTC milliseconds."""
        return self._database.read(
            partial(events.last_received_at, list_id=list_id, before_id=next_id_after(self._now())), deadline
        )

    def last_event_by_list(
        self, list_ids: Sequence[int], deadline: float | None = None
    ) -> dict[int, int | None]:
        """`last_event_at` of each of these lists."""
        return self._database.read(
            partial(events.last_received_by_list, list_ids=list_ids, before_id=next_id_after(self._now())),
            deadline,
        )

    def visitor(
        self, list_id: int, uuid: bytes, deadline: float | None = None
    ) -> tuple[int, int | None] | None:
        """(id, subscriber_id it is linked to) of a visitor of the list."""
        return visitor(self._database, list_id, uuid, deadline)

    def timeline(self, whose: TimelineOwner, wanted: Wanted, deadline: float | None = None) -> Page:
        """A page of what somebody has done, newest first."""
        return read_page(self._database, whose, wanted, deadline)

    def revenue(self, list_id: int, subscriber_id: int, deadline: float | None = None) -> Revenue:
        """What a person's conversions are worth."""
        return read_revenue(self._database, SubscriberTimeline(list_id, subscriber_id), deadline)

    def links(
        self,
        list_id: int,
        subscriber_id: int,
        after: tuple[int, int, int] | None,
        size: int,
        deadline: float | None = None,
    ) -> ExplainedLinks:
        """What links visitors to a person, and what did."""
        place = None if after is None else LinkCursor(*after)
        return self._database.read(
            lambda transaction: explain_links(transaction, list_id, subscriber_id, place, size), deadline
        )

    def why(
        self, list_id: int, subscriber_id: int, event_id: int, deadline: float | None = None
    ) -> ExplainedEvent | None:
        """Why an event is a person's; None if it is not."""
        return self._database.read(
            lambda transaction: explain_event(transaction, list_id, subscriber_id, event_id), deadline
        )

    def recent(
        self, list_id: int, name: str | None, before_id: int | None, size: int, deadline: float | None = None
    ) -> RecentPage:
        """A page of what a list has received, newest first."""
        end = next_id_after(self._now())
        before = end if before_id is None else min(before_id, end)
        return read_recent(self._database, list_id, name, before, size, deadline)

    def names(
        self, list_id: int, after: str, search: str | None, size: int, deadline: float | None = None
    ) -> Names:
        """Some of a list's catalogue, in the order of names."""
        return read_names(self._database, list_id, after, search, size, deadline)

    def name(self, list_id: int, event: str, deadline: float | None = None) -> Names:
        """One event of the catalogue."""
        return read_name(self._database, list_id, event, deadline)

    def look_alikes(self, list_id: int, deadline: float | None = None) -> dict[str, list[list[str]]]:
        """Names of events and of properties that look like one thing spelled twice."""
        return read_look_alikes(self._database, list_id, deadline)

    def is_catalogue_full(self, list_id: int, deadline: float | None = None) -> bool:
        """Whether names went beyond the catalogue's bounds."""
        return is_full(self._database, list_id, deadline)

    def values(self, list_id: int, event: str, name: str, deadline: float | None = None) -> Values:
        """The values of a property in the last events of a name."""
        return read_values(self._database, list_id, event, name, deadline)
