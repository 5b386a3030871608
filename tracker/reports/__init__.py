"""Reports, the read path: timelines, revenue, identity explanation, the event catalogue and recent events."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from tracker.domain.event_ids import stored_keys
from tracker.domain.product_names import CountedEvent
from tracker.domain.row_ids import next_id_after
from tracker.reports.catalogue_listing import (
    CataloguePage,
    NameOrder,
    is_full,
    read_most,
    read_name,
    read_names,
    read_similar_names,
)
from tracker.reports.first_event import read_first_event_at
from tracker.reports.identity_explain import ExplainedEvent, ExplainedLinks, explain_event, explain_links
from tracker.reports.known_actors import KnownActors, read_actors
from tracker.reports.ownership import SubscriberTimeline, TimelineOwner, visitor
from tracker.reports.property_values import ValueCounts, read_values
from tracker.reports.recent_events import Received, RecentPage, read_received, read_recent
from tracker.reports.revenue import Revenue, read_revenue
from tracker.reports.spelled_names import ALL_AS_SENT, ShownNames
from tracker.reports.timeline_pages import TimelinePage, Wanted, read_page
from tracker.storage.aggregates import catalogue, catalogue_pages
from tracker.storage.engine import Database
from tracker.storage.events import events
from tracker.storage.subscribers import LinkCursor


class Reports:
    """Queries about the events of a list, each of bounded work: never a scan of all events.

    `now()` is in UTC milliseconds. An event whose row id lies in the future, after a wrong clock, is not reported as the
    newest before its time.
    """

    def __init__(
        self, database: Database, now: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    ) -> None:
        self._database, self._now = database, now

    def properties_by_event(
        self, list_id: int, deadline: float | None = None, shown: ShownNames = ALL_AS_SENT
    ) -> dict[str, list[str]]:
        """Return {event name: [property names]}, both sorted by their bytes."""
        found: dict[str, list[str]] = self._database.read(
            lambda transaction: catalogue.properties_by_event(transaction, list_id), deadline
        )
        return found if shown.is_plain() else shown.properties_by_event(found)

    def counted_names(
        self, list_id: int, deadline: float | None = None, shown: ShownNames = ALL_AS_SENT
    ) -> dict[str, CountedEvent]:
        """Return {event name: how often it came, and with which property}, names sorted by their bytes."""
        found = self._database.read(
            lambda transaction: catalogue_pages.counted_names(transaction, list_id), deadline
        )
        return shown.counted(found)

    def last_event_at(self, list_id: int, deadline: float | None = None) -> int | None:
        """Return when the newest event was received, in UTC milliseconds, or None."""
        return self._database.read(
            partial(events.last_received_at, list_id=list_id, before_id=next_id_after(self._now())), deadline
        )

    def last_event_by_list(
        self, list_ids: Sequence[int], deadline: float | None = None
    ) -> dict[int, int | None]:
        """Return {list_id: `last_event_at`} of these lists."""
        return self._database.read(
            partial(events.last_received_by_list, list_ids=list_ids, before_id=next_id_after(self._now())),
            deadline,
        )

    def visitor(
        self, list_id: int, uuid: bytes, deadline: float | None = None
    ) -> tuple[int, int | None] | None:
        """Return (id, subscriber_id of its current link) of a visitor of the list, or None."""
        return visitor(self._database, list_id, uuid, deadline)

    def timeline(self, owner: TimelineOwner, wanted: Wanted, deadline: float | None = None) -> TimelinePage:
        """Return a page of an owner's timeline, newest first."""
        return read_page(self._database, owner, wanted, deadline)

    def first_event_at(self, owner: TimelineOwner, deadline: float | None = None) -> int | None:
        """Return when the first stored event of an owner happened, in UTC milliseconds; None: there is none."""
        return read_first_event_at(self._database, owner, deadline)

    def revenue(self, list_id: int, subscriber_id: int, deadline: float | None = None) -> Revenue:
        """Return the sums of a subscriber's conversions."""
        return read_revenue(self._database, SubscriberTimeline(list_id, subscriber_id), deadline)

    def explain_links(
        self,
        list_id: int,
        subscriber_id: int,
        after: tuple[int, int, int] | None,
        size: int,
        deadline: float | None = None,
    ) -> ExplainedLinks:
        """Return a page of the present and former links of visitors to a subscriber."""
        place = None if after is None else LinkCursor(*after)
        return self._database.read(
            lambda transaction: explain_links(transaction, list_id, subscriber_id, place, size), deadline
        )

    def explain_event(
        self, list_id: int, subscriber_id: int, event_id: int, deadline: float | None = None
    ) -> ExplainedEvent | None:
        """Return why an event is a subscriber's, or None if it is not."""
        return self._database.read(
            lambda transaction: explain_event(transaction, list_id, subscriber_id, event_id), deadline
        )

    def actors(
        self, list_id: int, actors: Iterable[Mapping[str, Any]], deadline: float | None = None
    ) -> KnownActors:
        """Return who the people and visitors in an answer of the engine are now."""
        listed = list(actors)
        return self._database.read(lambda transaction: read_actors(transaction, list_id, listed), deadline)

    def received(
        self, list_id: int, event_ids: Sequence[int], deadline: float | None = None
    ) -> list[Received]:
        """Return those of these events that are stored, in this order, with their present owners."""
        read = partial(read_received, list_id=list_id, event_ids=event_ids)
        return self._database.read(read, deadline)

    def events_with_key(
        self, list_id: int, event_key: str, deadline: float | None = None
    ) -> tuple[int | None, int | None]:
        """Return the numbers of the events that are stored with an EventID: that of a call with a credential, and that of a page."""
        keys = [(list_id, each) for each in stored_keys(event_key)]
        found = self._database.read(lambda transaction: events.find_event_ids(transaction, keys), deadline)
        own, public = (found[key][0] if key in found else None for key in keys)
        return own, public

    def recent(
        self,
        list_id: int,
        names: frozenset[bytes] | None,
        before_id: int | None,
        size: int,
        deadline: float | None = None,
    ) -> RecentPage:
        """Return a page of the events that a list has received, of these names or of all, newest first."""
        end = next_id_after(self._now())
        before = end if before_id is None else min(before_id, end)
        return read_recent(self._database, list_id, names, before, size, deadline)

    def names(
        self,
        list_id: int,
        after: str,
        search: str | None,
        size: int,
        deadline: float | None = None,
        shown: ShownNames = ALL_AS_SENT,
    ) -> CataloguePage:
        """Return a page of a list's catalogue, in the order of names."""
        return read_names(self._database, list_id, after, search, size, deadline, shown)

    def most(
        self,
        list_id: int,
        order: NameOrder,
        after: str,
        search: str | None,
        size: int,
        deadline: float | None = None,
        shown: ShownNames = ALL_AS_SENT,
    ) -> CataloguePage | None:
        """Return a page of a list's catalogue, in another order; None if it lists no event of the name `after`."""
        return read_most(self._database, list_id, order, after, search, size, deadline, shown)

    def name(
        self, list_id: int, event: str, deadline: float | None = None, shown: ShownNames = ALL_AS_SENT
    ) -> CataloguePage:
        """Return one event of the catalogue, or an empty page."""
        return read_name(self._database, list_id, event, deadline, shown)

    def similar_names(
        self, list_id: int, deadline: float | None = None, shown: ShownNames = ALL_AS_SENT
    ) -> dict[str, list[list[str]]]:
        """Return groups of event names, and of property names, that are probably one thing spelled twice."""
        return read_similar_names(self._database, list_id, deadline, shown)

    def is_catalogue_full(self, list_id: int, deadline: float | None = None) -> bool:
        """Return whether the list has had more names than the catalogue can hold."""
        return is_full(self._database, list_id, deadline)

    def values(
        self,
        list_id: int,
        events: frozenset[bytes],
        properties: Sequence[str],
        deadline: float | None = None,
    ) -> ValueCounts:
        """Return the values of a property, given with its spellings, in the latest events of these names."""
        return read_values(self._database, list_id, events, properties, deadline)
