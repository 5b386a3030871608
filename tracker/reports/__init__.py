"""What do the events say? The read path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracker.reports.revenue import Revenue, read_revenue
from tracker.reports.ties import Explained, explain, why
from tracker.reports.timeline import Page, Wanted, read_page
from tracker.reports.whose import PersonsOwn, Whose, visitor
from tracker.storage import catalogue, events
from tracker.storage.database import Database
from tracker.storage.ties import Place


class Reports:
    """Answers about the events of a list. Never a scan of events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def properties_by_event(self, list_id: int, deadline: float | None = None) -> dict[str, list[str]]:
        """{event name: [property names]}, both sorted by their bytes."""
        return self._database.read(
            lambda transaction: catalogue.properties_by_event(transaction, list_id), deadline
        )

    def last_event_at(self, list_id: int, deadline: float | None = None) -> int | None:
        """When the newest event was received, in UTC milliseconds."""
        return self._database.read(
            lambda transaction: events.last_received_at(transaction, list_id), deadline
        )

    def last_event_by_list(
        self, list_ids: Sequence[int], deadline: float | None = None
    ) -> dict[int, int | None]:
        """`last_event_at` of each of these lists."""
        return self._database.read(
            lambda transaction: events.last_received_by_list(transaction, list_ids), deadline
        )

    def visitor(
        self, list_id: int, uuid: bytes, deadline: float | None = None
    ) -> tuple[int, int | None] | None:
        """(id, subscriber_id it is bound to) of a visitor of the list."""
        return visitor(self._database, list_id, uuid, deadline)

    def timeline(self, whose: Whose, wanted: Wanted, deadline: float | None = None) -> Page:
        """A page of what somebody has done, newest first."""
        return read_page(self._database, whose, wanted, deadline)

    def revenue(self, list_id: int, subscriber_id: int, deadline: float | None = None) -> Revenue:
        """What a person's conversions are worth."""
        return read_revenue(self._database, PersonsOwn(list_id, subscriber_id), deadline)

    def ties(
        self,
        list_id: int,
        subscriber_id: int,
        after: tuple[int, int, int] | None,
        size: int,
        deadline: float | None = None,
    ) -> Explained:
        """What ties visitors to a person, and what did."""
        place = None if after is None else Place(*after)
        return self._database.read(
            lambda transaction: explain(transaction, list_id, subscriber_id, place, size), deadline
        )

    def why(
        self, list_id: int, subscriber_id: int, event_id: int, deadline: float | None = None
    ) -> dict[str, Any] | None:
        """Why an event is a person's; None if it is not."""
        return self._database.read(
            lambda transaction: why(transaction, list_id, subscriber_id, event_id), deadline
        )
