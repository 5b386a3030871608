"""Which rows of timelines are there? For checks, which read all of them, never for an answer."""

from __future__ import annotations

from collections.abc import Iterator

from tracker.storage.engine.transaction import Transaction
from tracker.storage.timeline.sorted_runs import COLUMNS, sources
from tracker.storage.timeline.timeline_rows import Entry

#: No event has a larger id.
LAST_ID = 2**63 - 1


def rows_of_events(
    transaction: Transaction, list_id: int, after_id: int, until_id: int
) -> Iterator[list[Entry]]:
    """All rows of events with ids in (after_id, until_id], table by table; a row may come twice."""
    for source in sources(transaction):
        sql = (
            f"SELECT {', '.join(COLUMNS)} FROM {source.table} WHERE {source.condition}list_id = ?"
            " AND event_id > ? AND event_id <= ?"
        )
        yield [Entry(*row) for row in transaction.select(sql, (*source.values, list_id, after_id, until_id))]
