"""What do the events say? The read path."""

from __future__ import annotations

from tracker.storage import catalogue, events
from tracker.storage.database import Database


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
