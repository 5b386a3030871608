"""How is a page of subscribers found without looking at all of them? Each order and each search is an index's."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tracker.formats.email_address import shown_label
from tracker.storage.engine.transaction import Row, Transaction

#: What can be sorted by, and the column of the index that is sorted so. Ids are given in the order of time.
ORDERS = {"id": "id", "email": "email_key", "external_id": "external_id"}

#: Addresses of one local part at international domains that are looked at.
MAX_FITTING = 1_000


@dataclass(frozen=True, slots=True)
class Slice:
    """Which persons: a page of `size` from number `start` on, or after the id `after` (in the order of ids only).

    `search` looks in the column that is sorted by: it is the value, or with `is_prefix` how it begins. `begun` is (key up to
    the last label of a domain, what that label begins with as people write it): addresses that fit it fit too; `fitting`
    are those of them that there are.
    """

    size: int
    start: int = 0
    order: str = "id"
    is_descending: bool = False
    after: int | None = None
    search: bytes | None = None
    is_prefix: bool = True
    begun: tuple[str, str] | None = None
    fitting: tuple[bytes, ...] = ()


def with_fitting(transaction: Transaction, list_id: int, wanted: Slice) -> Slice:
    """The slice that knows which addresses of international domains fit: those of one local part, so they are few."""
    if wanted.begun is None:
        return wanted
    start, label = wanted.begun[0].encode() + b"xn--", wanted.begun[1]
    sql = f"SELECT email_key FROM subscribers WHERE list_id = ? AND email_key >= ? AND email_key < ? LIMIT {MAX_FITTING}"
    keys = [bytes(key) for (key,) in transaction.select(sql, (list_id, start, _after_prefix(start)))]
    at = len(wanted.begun[0])
    fitting = [key for key in keys if shown_label(key.decode()[at:].partition(".")[0]).startswith(label)]
    return replace(wanted, fitting=tuple(fitting))


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
    wanted = with_fitting(transaction, list_id, wanted)
    return int(transaction.select(*count_sql(list_id, wanted))[0][0])


def _condition(list_id: int, wanted: Slice) -> tuple[str, Row]:
    column, search = ORDERS[wanted.order], wanted.search
    if not search:
        return "list_id = ?", (list_id,)
    if not wanted.is_prefix:
        return f"list_id = ? AND {column} = ?", (list_id, search)
    condition = f"{column} >= ? AND {column} < ?"
    if wanted.fitting:
        condition = f"({condition} OR {column} IN ({', '.join('?' * len(wanted.fitting))}))"
    return f"list_id = ? AND {condition}", (list_id, search, _after_prefix(search), *wanted.fitting)


def _after_prefix(prefix: bytes) -> bytes:
    """The first bytes that come after all that begin with the prefix. No byte of UTF-8 is 255."""
    return prefix[:-1] + bytes((prefix[-1] + 1,))
