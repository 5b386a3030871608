"""Do the timelines hold all events, and nothing else? Many events at a time, as of one instant: others write meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from tracker.integrity.catalogue_check import Difference
from tracker.storage.engine import Database, Row, Transaction
from tracker.storage.events import find_events, pending_reassignments, scan
from tracker.storage.subscribers import identity_rows
from tracker.storage.timeline import Entry, name_key, timeline_reading, timeline_rows
from tracker.times import iso_utc

#: Events looked at in one go: all rows of a list are looked through for them.
PAGE = 100_000
#: Rows mended in one transaction.
MENDED = 2_000

#: (visitor_id, span): whose it is, and whether the visitor's own rows are read for them.
Linked = dict[tuple[int, int], tuple[int | None, bool]]


def timeline_differences(database: Database, list_id: int) -> list[Difference]:
    """Events without a row under their owner, and rows that say what no event says. Raises StorageUnavailable."""
    found: list[Difference] = []
    after_id = -1
    while after_id != timeline_reading.LAST_ID:
        page = partial(_compared, list_id=list_id, after_id=after_id)
        after_id, lacking, strays = database.snapshot(page)
        found += _differences("too few", "each has a row under its owner", lacking, _add)
        found += _differences("too many", "there is no such event", strays, _remove)
    return found


def _compared(transaction: Transaction, list_id: int, after_id: int) -> tuple[int, list[Entry], list[Entry]]:
    """The last id of a page of events, the rows that these lack, and the rows that are of none of them."""
    events = {row[0]: row for row in scan.full_scan(transaction, list_id, after_id, PAGE)}
    until_id = max(events) if len(events) == PAGE else timeline_reading.LAST_ID
    unnamed = [(visitor_id, span) for _, visitor_id, span, named, *_ in events.values() if named is None]
    linked = identity_rows.linked_to(transaction, list_id, unnamed)
    there: set[tuple[int, int]] = set()
    strays: list[Entry] = []
    for rows in timeline_reading.rows_of_events(transaction, list_id, after_id, until_id):
        for row in rows:
            if _is_of(row, events.get(row.event_id)):
                there.add((row.event_id, row.owner_id))
            else:
                strays.append(row)
    on_their_way = pending_reassignments(transaction, list_id)
    settled = [e for e in events.values() if e[3] is not None or (e[1], e[2]) not in on_their_way]
    lacking = [row for event in settled for row in _lacking(list_id, event, linked, there)]
    return until_id, lacking, sorted(set(strays))


def _is_of(row: Entry, event: Row | None) -> bool:
    """Whether the row says what the event says, and a second one stands only for a conversion."""
    if event is None:
        return False
    _, visitor_id, span, _, event_at, name = event
    said = (event_at, visitor_id, span, name_key(name))
    is_second = row.owner_id < 0
    return said == (row.event_at, row.visitor_id, row.span, row.name_key) and not (
        is_second and name != timeline_rows.CONVERSION
    )


def _lacking(list_id: int, event: Row, linked: Linked, there: set[tuple[int, int]]) -> list[Entry]:
    """The rows an event must have and has not: under one of its owners, the last of them for choice."""
    event_id, visitor_id, span, named, event_at, name = event
    person, has_unmerged_history = linked.get((visitor_id, span), (None, False))
    if named is not None:
        owner_ids = [named]
    else:
        owner_ids = [owner for owner in (person, visitor_id) if owner is not None]
        owner_ids = owner_ids if has_unmerged_history or person is None else owner_ids[:1]
    choices = [
        [
            row
            for row in timeline_rows.entries(list_id, owner_id, event_at, event_id, visitor_id, span, name)
            if (event_id, row.owner_id) not in there
        ]
        for owner_id in owner_ids
    ]
    return choices[-1] if all(choices) else []


def _differences(
    stored: str, counted: str, rows: list[Entry], mend: Callable[..., None]
) -> Iterator[Difference]:
    for start in range(0, len(rows), MENDED):
        some = rows[start : start + MENDED]
        when = iso_utc(max(0, min(row.event_at for row in some)))
        repair = partial(mend, rows=some)
        yield Difference(f"timeline rows of events from {when} on", f"{len(some)} {stored}", counted, repair)


def _add(transaction: Transaction, rows: list[Entry]) -> None:
    """Of events that are still there."""
    there = find_events(transaction, [(row.list_id, row.event_id) for row in rows])
    timeline_rows.add(transaction, [row for row in rows if (row.list_id, row.event_id) in there])


def _remove(transaction: Transaction, rows: list[Entry]) -> None:
    """No event ever gets such rows: ids are not given twice, and events do not change."""
    timeline_rows.remove(transaction, rows)
