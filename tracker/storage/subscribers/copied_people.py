"""Copied people: links, subscribers and values of fields of a list as numbers, in pages, for a derived copy of the list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.schema.models import CustomFieldRow

#: Runs a piece of work in a short reading transaction of its own.
Read = Callable[[Callable[[Transaction], list[Row]]], list[Row]]
#: Rows of one page.
SIZE = 20_000

_LINKS = (
    "SELECT visitor_id, span, subscriber_id FROM identity_links WHERE list_id = ?"
    " AND (visitor_id > ? OR visitor_id = ? AND span > ?) ORDER BY visitor_id, span LIMIT ?"
)
_ALIVE = "SELECT id, is_left_out FROM subscribers WHERE list_id = ? AND id > ? ORDER BY id LIMIT ?"
_VALUES = (
    "SELECT subscriber_id, field_id, value FROM subscriber_fields WHERE list_id = ?"
    " AND (subscriber_id > ? OR subscriber_id = ? AND field_id > ?) ORDER BY subscriber_id, field_id LIMIT ?"
)


def links_pages(read: Read, list_id: int) -> Iterator[list[Row]]:
    """Yield pages of (visitor_id, span, subscriber_id or None) of a list. `read(work)` runs one page's work."""
    return _pages(read, lambda at: (_LINKS, (list_id, at[0], at[0], at[1], SIZE)), (-1, -1))


def living_pages(read: Read, list_id: int) -> Iterator[list[Row]]:
    """Yield pages of (id, is_left_out) of the subscribers of a list."""
    return _pages(read, lambda at: (_ALIVE, (list_id, at[0], SIZE)), (-1,))


def values_pages(read: Read, list_id: int) -> Iterator[list[Row]]:
    """Yield pages of (subscriber_id, field_id, value) of a list."""
    return _pages(read, lambda at: (_VALUES, (list_id, at[0], at[0], at[1], SIZE)), (-1, -1))


def living_of(transaction: Transaction, list_id: int, subscriber_ids: Iterable[int]) -> dict[int, bool]:
    """Return {id: whether left out of reports} of those of the subscribers who exist."""
    wanted = [(list_id, subscriber_id) for subscriber_id in sorted(subscriber_ids)]
    sql = "SELECT id, is_left_out FROM subscribers"
    return {row[0]: bool(row[1]) for row in transaction.lookup(sql, ("list_id", "id"), wanted)}


def field_types(transaction: Transaction, list_id: int) -> dict[int, str]:
    """Return {field number: data type} of a list's custom fields."""
    query = CustomFieldRow.select(CustomFieldRow.id, CustomFieldRow.data_type)
    rows = transaction.rows(query.where(CustomFieldRow.list_id == list_id))
    return {row[0]: row[1] for row in rows}


def _pages(
    read: Read, statement: Callable[[Sequence[int]], tuple[str, Row]], start: Sequence[int]
) -> Iterator[list[Row]]:
    """Yield pages until one is not full; each begins after the last row of the one before."""
    position = start
    while True:
        sql, values = statement(position)
        rows = read(partial(Transaction.select, sql=sql, values=values))
        if rows:
            yield rows
            position = rows[-1]
        if len(rows) < SIZE:
            return
