"""Pages of timelines: the newest rows of one owner or of several before a position, no more than a bound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tracker.domain.spans import Position
from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.timeline.sorted_runs import COLUMNS, RunTable, sources
from tracker.storage.timeline.timeline_rows import NEWEST, OLDEST, TimelineEntry, at_one_moment

#: The time before every event, and the position after all of them.
MIN_TIME, MAX_POSITION = -(2**63), (2**63 - 1, 0)
#: No event has a larger id.
LAST_ID = 2**63 - 1


class Window(NamedTuple):
    """Rows from the time `since` on and before the position `before`, which is excluded."""

    since: int = MIN_TIME
    before: Position = MAX_POSITION


class Part(NamedTuple):
    """Rows of one owner, newest first, complete down to `reached`; None: complete to the end of the window."""

    entries: list[TimelineEntry]
    reached: Position | None


#: A statement without ORDER BY and LIMIT, and its values.
Select = tuple[str, Row]
_ALL = ", ".join(COLUMNS)
_OWNER = "list_id = ? AND owner_id = ?"
# Two ranges instead of one with an OR: each is a piece of the key, however many events happened at the same time.
_AT = f"{_OWNER} AND event_at = ? AND event_id < ?"
_BEFORE = f"{_OWNER} AND event_at < ? AND event_at >= ?"


def newest(
    transaction: Transaction, list_id: int, owner_ids: Sequence[int], window: Window, most: int
) -> list[Part]:
    """Return for each owner at most `most` rows, newest first."""
    found: dict[int, list[TimelineEntry]] = {owner_id: [] for owner_id in owner_ids}
    with at_one_moment(transaction):
        tables = sources(transaction)
        selects = [each for owner_id in owner_ids for each in _ranges(tables, list_id, owner_id, window)]
        for row in _together(transaction, selects, most):
            found[row[1]].append(TimelineEntry(*row))
    return [_part(sorted(entries, key=position_of, reverse=True), most) for entries in found.values()]


def oldest(
    transaction: Transaction, list_id: int, owner_ids: Sequence[int], after: Position, most: int
) -> list[TimelineEntry]:
    """Return the first `most` rows of these owners after the position `after`, which is excluded, oldest first."""
    moment, _ = after
    with at_one_moment(transaction):
        tables = sources(transaction)
        selects = [
            _from_all(tables, f"{_OWNER} AND {part}", (list_id, owner_id, *values))
            for owner_id in owner_ids
            for part, values in (("event_at = ? AND event_id > ?", after), ("event_at > ?", (moment,)))
        ]
        rows = _together(transaction, selects, most, OLDEST)
        return sorted((TimelineEntry(*row) for row in rows), key=position_of)[:most]


def named(
    transaction: Transaction,
    list_id: int,
    owner_id: int,
    window: Window,
    keys: Sequence[int],
    most: int,
    examined: int,
) -> Part:
    """Return at most `most` rows of some event names (by their `name_key`s) among the next `examined` rows of one owner."""
    found: list[TimelineEntry] = []
    marks = ", ".join("?" * len(keys))
    with at_one_moment(transaction):
        for select, values in _ranges(sources(transaction), list_id, owner_id, window):
            looked_at = f"{select} {NEWEST} LIMIT ?"
            chosen = (
                f"SELECT {_ALL} FROM ({looked_at}) AS examined WHERE name_key IN ({marks}) {NEWEST} LIMIT ?"
            )
            found += [
                TimelineEntry(*row) for row in transaction.select(chosen, (*values, examined, *keys, most))
            ]
            if len(found) >= most:
                return _part(found, most)
            last = transaction.select(f"{looked_at} OFFSET ?", (*values, 1, examined - 1))
            if last:
                return Part(found, position_of(TimelineEntry(*last[0])))
    return Part(found, None)


def rows_of_events(
    transaction: Transaction, list_id: int, after_id: int, until_id: int
) -> Iterator[list[TimelineEntry]]:
    """Yield all rows of events with ids in (after_id, until_id], table by table; a row may come twice.

    For integrity checks only.
    """
    for source in sources(transaction):
        sql = (
            f"SELECT {', '.join(COLUMNS)} FROM {source.table} WHERE {source.condition}list_id = ?"
            " AND event_id > ? AND event_id <= ?"
        )
        yield [
            TimelineEntry(*row)
            for row in transaction.select(sql, (*source.values, list_id, after_id, until_id))
        ]


def position_of(entry: TimelineEntry) -> Position:
    """Return (event_at, event_id), the place of a row in the order of a page."""
    return entry.event_at, entry.event_id


def _ranges(tables: Sequence[RunTable], list_id: int, owner_id: int, window: Window) -> Iterator[Select]:
    """Yield the statements that select the window together, newest rows first."""
    before, event_id = window.before
    if event_id > 0 and before >= window.since:
        yield _from_all(tables, _AT, (list_id, owner_id, before, event_id))
    yield _from_all(tables, _BEFORE, (list_id, owner_id, before, window.since))


def _from_all(tables: Sequence[RunTable], where: str, values: Row) -> Select:
    """Return one statement for the same range of each table.

    All tables but the small unsorted one are in the order of the key, so SQLite merges them as it reads.
    """
    selects = [f"SELECT {_ALL} FROM {source.table} WHERE {source.condition}{where}" for source in tables]
    return " UNION ALL ".join(selects), tuple(v for source in tables for v in (*source.values, *values))


def _together(
    transaction: Transaction, selects: Sequence[Select], most: int, order: str = NEWEST
) -> Iterator[Row]:
    """Yield at most `most` rows of each statement, in as few statements as the engine's `lookup_batch` allows."""
    size = transaction.engine.lookup_batch
    for start in range(0, len(selects), size):
        some = selects[start : start + size]
        texts = [f"{select} {order} LIMIT ?" for select, _ in some]
        sql = texts[0] if len(texts) == 1 else " UNION ALL ".join(f"({text})" for text in texts)
        yield from transaction.select(sql, [value for _, values in some for value in (*values, most)])


def _part(entries: list[TimelineEntry], most: int) -> Part:
    if len(entries) < most:
        return Part(entries, None)
    return Part(entries[:most], position_of(entries[most - 1]))
