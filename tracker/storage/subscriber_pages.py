"""How is a page of subscribers found without looking at all of them? Each order and each search is an index's."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.storage.transaction import Row, Transaction

#: What can be sorted by, and the column of the index that is sorted so. Ids are given in the order of time.
ORDERS = {"id": "id", "email": "email_key", "external_id": "external_id"}


@dataclass(frozen=True, slots=True)
class Slice:
    """Which persons: a page of `size` from number `start` on, or after the id `after` (in the order of ids only).

    `search` looks in the column that is sorted by: it is the value, or with `is_prefix` how it begins.
    """

    size: int
    start: int = 0
    order: str = "id"
    is_descending: bool = False
    after: int | None = None
    search: bytes | None = None
    is_prefix: bool = True


def page_sql(select: str, list_id: int, wanted: Slice) -> tuple[str, Row]:
    """The statement that gives the page (after `select`, a SELECT without WHERE), and its values."""
    condition, values = _condition(list_id, wanted)
    if wanted.after is not None:
        condition += f" AND id {'<' if wanted.is_descending else '>'} ?"
        values += (wanted.after,)
    order = f"{ORDERS[wanted.order]} {'DESC' if wanted.is_descending else 'ASC'}"
    sql = f"{select} WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?"
    return sql, (*values, wanted.size, wanted.start)


def count_sql(list_id: int, wanted: Slice) -> tuple[str, Row]:
    """The statement that counts all who fit."""
    condition, values = _condition(list_id, wanted)
    return f"SELECT COUNT(*) FROM subscribers WHERE {condition}", values


def count(transaction: Transaction, list_id: int, wanted: Slice) -> int:
    return int(transaction.select(*count_sql(list_id, wanted))[0][0])


def _condition(list_id: int, wanted: Slice) -> tuple[str, Row]:
    column, search = ORDERS[wanted.order], wanted.search
    if not search:
        return "list_id = ?", (list_id,)
    if not wanted.is_prefix:
        return f"list_id = ? AND {column} = ?", (list_id, search)
    return f"list_id = ? AND {column} >= ? AND {column} < ?", (list_id, search, _after_prefix(search))


def _after_prefix(prefix: bytes) -> bytes:
    """The first bytes that come after all that begin with the prefix. No byte of UTF-8 is 255."""
    return prefix[:-1] + bytes((prefix[-1] + 1,))
