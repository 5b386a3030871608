"""Whose events are where in time? One small row an event under its owner, so that no event is touched when people change.

An event's owner is the person it names; else the person its visitor was linked to when it came; else the visitor. A
link whose `has_unmerged_history` is 1 says that the visitor's own rows are the person's too. Soon afterwards a short past is
copied to the person (`settle`), so that a hundred thousand visitors are read like one; a long one stays where it is.
A row tells where an event may belong: whether it does, the event and the link of its visitor's span say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

from tracker.storage.engine.transaction import Transaction
from tracker.storage.timeline.sorted_runs import sources
from tracker.storage.timeline.timeline_removal import remove_keys

#: The name whose events have a second row each.
CONVERSION = b"conversion"
#: Events of a visitor's past that are copied at most; a longer past is read from the visitor's own rows.
MAX_COPIED = 32
#: Rows of several pasts that are read together.
MAX_TOGETHER = 10_000


class Entry(NamedTuple):
    """One row. A conversion has a second one, under the negative of its owner, so that money is found by itself."""

    list_id: int
    owner_id: int
    event_at: int
    event_id: int
    visitor_id: int
    span: int
    name_key: int


#: The order of a page.
NEWEST = "ORDER BY event_at DESC, event_id DESC"
_ALL = ", ".join(Entry._fields)
_OWN_ROWS = "list_id = ? AND owner_id = ? AND span = ?"
_SPAN = "list_id = ? AND visitor_id = ? AND span = ?"

#: (list_id, visitor_id, span)
SpanKey = tuple[int, int, int]


@lru_cache(maxsize=4096)
def name_key(name: bytes) -> int:
    """64 bits of an event name, to choose rows by; two names may share them."""
    return int.from_bytes(hashlib.sha256(name).digest()[:8], signed=True)


def entries(
    list_id: int, owner_id: int, event_at: int, event_id: int, visitor_id: int, span: int, name: bytes
) -> Sequence[Entry]:
    """The row of an event, and a conversion's second one."""
    row = Entry(list_id, owner_id, event_at, event_id, visitor_id, span, name_key(name))
    return (row, row._replace(owner_id=-owner_id)) if name == CONVERSION else (row,)


def copies(past: Iterable[Entry], owner_id: int) -> list[Entry]:
    """The same rows under another owner."""
    return [row._replace(owner_id=owner_id if row.owner_id > 0 else -owner_id) for row in past]


def add(transaction: Transaction, entries: Iterable[Entry]) -> None:
    """Keep these rows. One that is there already may then be read twice."""
    if transaction.engine.is_remote:
        transaction.insert_missing("timeline", Entry._fields, entries)
    else:
        transaction.insert("timeline_recent", Entry._fields, list(entries))


def remove(transaction: Transaction, entries: Iterable[Entry]) -> None:
    """Take these rows out, wherever they are."""
    remove_keys(transaction, sorted({entry[:4] for entry in entries}))


def read(transaction: Transaction, where: str, values: Sequence[Any], tail: str = "") -> list[Entry]:
    """Rows for which `where` holds, which names the list and the owner first; sorted, each once, newest first.

    `tail` (ORDER BY and LIMIT) goes to each place where rows are: the newest n rows of all are among the newest n of
    each. Call it `at_one_moment` if you read more than this.
    """
    found = set()
    with at_one_moment(transaction):
        for source in sources(transaction):
            sql = f"SELECT {_ALL} FROM {source.table} WHERE {source.condition}{where} {tail}"
            found.update(transaction.select(sql, (*source.values, *values)))
    return sorted((Entry(*row) for row in found), key=_time, reverse=True)


def _time(entry: Entry) -> tuple[int, int]:
    return entry.event_at, entry.event_id


@contextmanager
def at_one_moment(transaction: Transaction) -> Iterator[None]:
    """All that is read inside is of one moment, where the rows of a timeline move from table to table."""
    with transaction.engine.at_one_moment(transaction.database):
        yield


def settle(transaction: Transaction, spans: Iterable[SpanKey], most: int = MAX_COPIED) -> None:
    """Copy pasts of linked spans of at most `most` events to the persons they are linked to.

    These then read their own rows alone. Not before every write that saw the visitor unlinked is over. A span that is
    linked no more is left as it is.
    """
    linked = _linked(transaction, sorted(set(spans)))
    for list_id in sorted({span[0] for span in linked}):
        own = {span: person for span, person in linked.items() if span[0] == list_id}
        pasts = [(span, past) for span, past in _pasts(transaction, own, most) if past is not None]
        add(transaction, (row for span, past in pasts for row in copies(past, own[span])))
        sql = f"UPDATE identity_links SET has_unmerged_history = 0 WHERE {_SPAN} AND subscriber_id = ?"
        transaction.update(sql, [(*span, own[span]) for span, _ in pasts])


def _linked(transaction: Transaction, spans: Sequence[SpanKey]) -> dict[SpanKey, int]:
    """{span: subscriber_id} for those that have a past to settle; they stay so until the transaction ends."""
    sql = "SELECT list_id, visitor_id, span, subscriber_id, has_unmerged_history FROM identity_links"
    rows = transaction.lookup(sql, ("list_id", "visitor_id", "span"), spans, is_locking=True)
    return {(row[0], row[1], row[2]): row[3] for row in rows if row[3] is not None and row[4]}


def _pasts(
    transaction: Transaction, spans: Iterable[SpanKey], most: int
) -> Iterator[tuple[SpanKey, list[Entry] | None]]:
    """The past of each of these spans of one list; None if it is too long to copy.

    Short ones are read together. Where that is too much, some are long, and each is read by itself.
    """
    spans = list(spans)
    owner_ids = [owner for _, visitor_id, _ in spans for owner in (visitor_id, -visitor_id)]
    where = f"list_id = ? AND owner_id IN ({', '.join('?' * len(owner_ids))})"
    rows = read(transaction, where, (spans[0][0], *owner_ids), f"LIMIT {MAX_TOGETHER + 1}")
    if len(rows) > MAX_TOGETHER:
        yield from ((span, _past(transaction, span, most)) for span in spans)
        return
    pasts: dict[SpanKey, list[Entry]] = {span: [] for span in spans}
    for row in rows:
        pasts.get((row.list_id, row.visitor_id, row.span), []).append(row)
    for span, past in pasts.items():
        yield span, past if sum(row.owner_id > 0 for row in past) <= most else None


def _past(transaction: Transaction, span: SpanKey, most: int) -> list[Entry] | None:
    """The visitor's own rows in this span; None if they are too many to copy."""
    list_id, visitor_id, number = span
    events, conversions = (
        read(transaction, _OWN_ROWS, (list_id, owner_id, number), f"{NEWEST} LIMIT {most + 1}")
        for owner_id in (visitor_id, -visitor_id)
    )
    return events + conversions if len(events) <= most else None
