"""Timeline check: every event has a row under its owner and every row an event, compared page by page in one snapshot each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from tracker.integrity.catalogue_check import Difference
from tracker.storage.engine import Database, Row, Transaction
from tracker.storage.events import find_events, pending_reassignments, scan
from tracker.storage.subscribers import identity_rows
from tracker.storage.timeline import TimelineEntry, name_key, timeline_reading, timeline_rows
from tracker.times import iso_utc

#: Events compared in one snapshot: all rows of a list are scanned for them.
PAGE = 100_000
#: Rows repaired in one transaction.
MAX_REPAIRED = 2_000

#: {(visitor_id, span): (subscriber it is linked to, whether the visitor's own rows are read for that subscriber)}.
Linked = dict[tuple[int, int], tuple[int | None, bool]]


def timeline_differences(database: Database, list_id: int) -> list[Difference]:
    """Return events without a row under their owner, and rows without an event. Raises StorageUnavailable."""
    found: list[Difference] = []
    after_id = -1
    while after_id != timeline_reading.LAST_ID:
        page = partial(_compared, list_id=list_id, after_id=after_id)
        after_id, lacking, unmatched = database.snapshot(page)
        found += _differences("too few", "each has a row under its owner", lacking, _add)
        found += _differences("too many", "there is no such event", unmatched, _remove)
    return found


def _compared(
    transaction: Transaction, list_id: int, after_id: int
) -> tuple[int, list[TimelineEntry], list[TimelineEntry]]:
    """Return the last id of a page of events, the rows that these lack, and the rows that belong to none of them."""
    events = {row[0]: row for row in scan.full_scan(transaction, list_id, after_id, PAGE)}
    until_id = max(events) if len(events) == PAGE else timeline_reading.LAST_ID
    unnamed = [(visitor_id, span) for _, visitor_id, span, named, *_ in events.values() if named is None]
    linked = identity_rows.linked_to(transaction, list_id, unnamed)
    found_rows: set[tuple[int, int]] = set()
    unmatched: list[TimelineEntry] = []
    for rows in timeline_reading.rows_of_events(transaction, list_id, after_id, until_id):
        for row in rows:
            if _is_of(row, events.get(row.event_id)):
                found_rows.add((row.event_id, row.owner_id))
            else:
                unmatched.append(row)
    reassigning = pending_reassignments(transaction, list_id)
    placed = [e for e in events.values() if e[3] is not None or (e[1], e[2]) not in reassigning]
    lacking = [row for event in placed for row in _lacking(list_id, event, linked, found_rows)]
    return until_id, lacking, sorted(set(unmatched))


def _is_of(row: TimelineEntry, event: Row | None) -> bool:
    """Return whether the row agrees with the event; a second row is right for a conversion only."""
    if event is None:
        return False
    _, visitor_id, span, _, event_at, name = event
    expected = (event_at, visitor_id, span, name_key(name))
    is_second = row.owner_id < 0
    return expected == (row.event_at, row.visitor_id, row.span, row.name_key) and not (
        is_second and name != timeline_rows.CONVERSION
    )


def _lacking(
    list_id: int, event: Row, linked: Linked, found_rows: set[tuple[int, int]]
) -> list[TimelineEntry]:
    """Return the rows that an event lacks under all of its possible owners, for the last of them."""
    event_id, visitor_id, span, named, event_at, name = event
    subscriber_id, has_uncopied_history = linked.get((visitor_id, span), (None, False))
    if named is not None:
        owner_ids = [named]
    else:
        owner_ids = [owner for owner in (subscriber_id, visitor_id) if owner is not None]
        owner_ids = owner_ids if has_uncopied_history or subscriber_id is None else owner_ids[:1]
    choices = [
        [
            row
            for row in timeline_rows.entries(list_id, owner_id, event_at, event_id, visitor_id, span, name)
            if (event_id, row.owner_id) not in found_rows
        ]
        for owner_id in owner_ids
    ]
    return choices[-1] if all(choices) else []


def _differences(
    stored: str, counted: str, rows: list[TimelineEntry], repair_rows: Callable[..., None]
) -> Iterator[Difference]:
    for start in range(0, len(rows), MAX_REPAIRED):
        some = rows[start : start + MAX_REPAIRED]
        when = iso_utc(max(0, min(row.event_at for row in some)))
        repair = partial(repair_rows, rows=some)
        yield Difference(f"timeline rows of events from {when} on", f"{len(some)} {stored}", counted, repair)


def _add(transaction: Transaction, rows: list[TimelineEntry]) -> None:
    """Add rows of events that still exist."""
    found_rows = find_events(transaction, [(row.list_id, row.event_id) for row in rows])
    timeline_rows.add(transaction, [row for row in rows if (row.list_id, row.event_id) in found_rows])


def _remove(transaction: Transaction, rows: list[TimelineEntry]) -> None:
    """Remove rows. No event ever gets them later: ids are not used again, and events do not change."""
    timeline_rows.remove(transaction, rows)
