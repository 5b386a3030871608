"""Timeline rows: one small row an event under its owner, so that no event is rewritten when visitors are linked.

An event's owner is the subscriber that the event names; else the subscriber to whom its visitor was linked when the
event came; else the visitor. A link whose `has_uncopied_history` is 1 says that the visitor's own rows are the
subscriber's too. Soon afterwards a short history is copied to the subscriber (`copy_history`, a backfill), so that a
hundred thousand visitors are read like one; a long history stays under its visitor. A row says where an event may
belong: whether it does, the event and the link of its visitor's span decide.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.timeline.sorted_runs import COLUMNS, sources

#: The name whose events have a second row each.
CONVERSION = b"conversion"
#: Events of a visitor's history that are copied at most; a longer history is read from the visitor's own rows.
MAX_COPIED = 32
#: Rows of several histories that are read together.
MAX_TOGETHER = 10_000


class TimelineEntry(NamedTuple):
    """One row. A conversion has a second row under the negative of its owner, so that revenue is found without other events."""

    list_id: int
    owner_id: int
    event_at: int
    event_id: int
    visitor_id: int
    span: int
    name_key: int


#: The order of a page.
NEWEST = "ORDER BY event_at DESC, event_id DESC"
#: The order from the first event on.
OLDEST = "ORDER BY event_at, event_id"
_ALL = ", ".join(TimelineEntry._fields)
_OWN_ROWS = "list_id = ? AND owner_id = ? AND span = ?"
_SPAN = "list_id = ? AND visitor_id = ? AND span = ?"
#: Keys (list_id, owner_id, event_at, event_id) of rows deleted in one statement.
MAX_KEYS = 500
_KEY = COLUMNS[:4]

#: (list_id, visitor_id, span)
SpanKey = tuple[int, int, int]


@lru_cache(maxsize=4096)
def name_key(name: bytes) -> int:
    """Return 64 bits of the hash of an event name, to select rows by; two names may share them."""
    return int.from_bytes(hashlib.sha256(name).digest()[:8], signed=True)


def entries(
    list_id: int, owner_id: int, event_at: int, event_id: int, visitor_id: int, span: int, name: bytes
) -> Sequence[TimelineEntry]:
    """Return the row of an event, and for a conversion its second row."""
    row = TimelineEntry(list_id, owner_id, event_at, event_id, visitor_id, span, name_key(name))
    return (row, row._replace(owner_id=-owner_id)) if name == CONVERSION else (row,)


def copies(history: Iterable[TimelineEntry], owner_id: int) -> list[TimelineEntry]:
    """Return the same rows under another owner."""
    return [row._replace(owner_id=owner_id if row.owner_id > 0 else -owner_id) for row in history]


def add(transaction: Transaction, entries: Iterable[TimelineEntry]) -> None:
    """Insert these rows. In an SQLite file a row that exists already may then be read twice."""
    if transaction.engine.is_remote:
        transaction.insert_missing("timeline", TimelineEntry._fields, entries)
    else:
        transaction.insert("timeline_recent", TimelineEntry._fields, list(entries))


def remove(transaction: Transaction, entries: Iterable[TimelineEntry]) -> None:
    """Delete these rows from every table that has them."""
    remove_keys(transaction, sorted({entry[:4] for entry in entries}))


def remove_keys(transaction: Transaction, keys: Sequence[Row]) -> None:
    """Delete the rows with these keys (list_id, owner_id, event_at, event_id), copies in runs included."""
    if transaction.engine.is_remote:
        transaction.remove("timeline", _KEY, keys)
        return
    for source in sources(transaction, is_reading=False):
        for start in range(0, len(keys), MAX_KEYS):
            part = keys[start : start + MAX_KEYS]
            marks = ", ".join(["(?, ?, ?, ?)"] * len(part))
            sql = (
                f"DELETE FROM {source.table} WHERE {source.condition}({', '.join(_KEY)}) IN (VALUES {marks})"
            )
            transaction.execute(sql, (*source.values, *(value for key in part for value in key)))


def owners_with_rows(transaction: Transaction, list_id: int, owner_ids: Collection[int]) -> set[int]:
    """Return those of these visitors that have rows of their own."""
    ids, found = sorted(owner_ids), set[int]()
    marks = ", ".join("?" * len(ids))
    for source in sources(transaction) if ids else ():
        rows = f"SELECT 1 FROM {source.table} WHERE {source.condition}list_id = v.list_id AND owner_id = v.id"
        has_rows = f"EXISTS ({rows})"
        if source.table == "timeline_recent":  # it has no key: one scan of all its rows
            has_rows = "v.id IN (SELECT owner_id FROM timeline_recent WHERE list_id = v.list_id)"
        sql = f"SELECT v.id FROM visitors v WHERE v.list_id = ? AND v.id IN ({marks}) AND {has_rows}"
        found.update(row[0] for row in transaction.select(sql, (list_id, *ids, *source.values)))
    return found


def read(transaction: Transaction, where: str, values: Sequence[Any], tail: str = "") -> list[TimelineEntry]:
    """Return the rows for which `where` holds, each once, newest first. `where` names the list and the owner first.

    `tail` (ORDER BY and LIMIT) applies to each table: the newest n rows of all are among the newest n of each. A caller
    that reads more than this calls it inside `at_one_moment`.
    """
    found = set()
    with at_one_moment(transaction):
        for source in sources(transaction):
            sql = f"SELECT {_ALL} FROM {source.table} WHERE {source.condition}{where} {tail}"
            found.update(transaction.select(sql, (*source.values, *values)))
    return sorted((TimelineEntry(*row) for row in found), key=_time, reverse=True)


def _time(entry: TimelineEntry) -> tuple[int, int]:
    return entry.event_at, entry.event_id


@contextmanager
def at_one_moment(transaction: Transaction) -> Iterator[None]:
    """Give everything read inside one consistent state: compaction moves rows from table to table."""
    with transaction.engine.at_one_moment(transaction.database):
        yield


def copy_history(transaction: Transaction, spans: Iterable[SpanKey], most: int = MAX_COPIED) -> None:
    """Copy the history of linked spans, of at most `most` events each, to the subscribers they are linked to (a backfill).

    The subscriber is then read from its own rows alone. Call it only when every write that saw the visitor unlinked has
    ended (`in_flight_seconds`). A span whose link was removed meanwhile stays as it is.
    """
    linked = _linked(transaction, sorted(set(spans)))
    for list_id in sorted({span[0] for span in linked}):
        own = {span: subscriber_id for span, subscriber_id in linked.items() if span[0] == list_id}
        histories = [
            (span, history) for span, history in _histories(transaction, own, most) if history is not None
        ]
        add(transaction, (row for span, history in histories for row in copies(history, own[span])))
        sql = f"UPDATE identity_links SET has_uncopied_history = 0 WHERE {_SPAN} AND subscriber_id = ?"
        transaction.update(sql, [(*span, own[span]) for span, _ in histories])


def _linked(transaction: Transaction, spans: Sequence[SpanKey]) -> dict[SpanKey, int]:
    """Return {span: subscriber_id} of the spans with an uncopied history; lock their links until the transaction ends."""
    sql = "SELECT list_id, visitor_id, span, subscriber_id, has_uncopied_history FROM identity_links"
    rows = transaction.lookup(sql, ("list_id", "visitor_id", "span"), spans, is_locking=True)
    return {(row[0], row[1], row[2]): row[3] for row in rows if row[3] is not None and row[4]}


def _histories(
    transaction: Transaction, spans: Iterable[SpanKey], most: int
) -> Iterator[tuple[SpanKey, list[TimelineEntry] | None]]:
    """Yield the history of each of these spans of one list; None for a history that is too long to copy.

    Short histories are read together. If that is more than MAX_TOGETHER rows, some are long, and each is read by
    itself.
    """
    spans = list(spans)
    owner_ids = [owner for _, visitor_id, _ in spans for owner in (visitor_id, -visitor_id)]
    where = f"list_id = ? AND owner_id IN ({', '.join('?' * len(owner_ids))})"
    rows = read(transaction, where, (spans[0][0], *owner_ids), f"LIMIT {MAX_TOGETHER + 1}")
    if len(rows) > MAX_TOGETHER:
        yield from ((span, _history(transaction, span, most)) for span in spans)
        return
    histories: dict[SpanKey, list[TimelineEntry]] = {span: [] for span in spans}
    for row in rows:
        histories.get((row.list_id, row.visitor_id, row.span), []).append(row)
    for span, history in histories.items():
        yield span, history if sum(row.owner_id > 0 for row in history) <= most else None


def _history(transaction: Transaction, span: SpanKey, most: int) -> list[TimelineEntry] | None:
    """Return the visitor's own rows in this span; None if they are too many to copy."""
    list_id, visitor_id, number = span
    events, conversions = (
        read(transaction, _OWN_ROWS, (list_id, owner_id, number), f"{NEWEST} LIMIT {most + 1}")
        for owner_id in (visitor_id, -visitor_id)
    )
    return events + conversions if len(events) <= most else None
