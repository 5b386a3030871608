"""Pages of subscribers: every sort order and every search uses an index, by keyset or offset."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tracker.formats.email_address import shown_label
from tracker.storage.engine.transaction import Row, Transaction

#: Sort orders, and the indexed column of each. Ids grow with time.
ORDERS = {"id": "id", "email": "email_key", "external_id": "external_id"}

#: Addresses of one local part at international domains that are compared.
MAX_FITTING = 1_000


@dataclass(frozen=True, slots=True)
class Slice:
    """A page of `size` subscribers from number `start` on, or after the id `after` (keyset; in the order of ids only).

    `search` applies to the column that is sorted by: the value, or with `is_prefix` its beginning. `begun` is (key up
    to the last label of a domain, beginning of that label as people write it): addresses that match it match too;
    `fitting` are the existing ones.
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
    """Return the slice with the matching addresses of international domains: those of one local part, so they are few."""
    if wanted.begun is None:
        return wanted
    start, label = wanted.begun[0].encode() + b"xn--", wanted.begun[1]
    sql = f"SELECT email_key FROM subscribers WHERE list_id = ? AND email_key >= ? AND email_key < ? LIMIT {MAX_FITTING}"
    keys = [bytes(key) for (key,) in transaction.select(sql, (list_id, start, _after_prefix(start)))]
    known = len(wanted.begun[0])
    fitting = [key for key in keys if shown_label(key.decode()[known:].partition(".")[0]).startswith(label)]
    return replace(wanted, fitting=tuple(fitting))


def page_sql(select: str, list_id: int, wanted: Slice) -> tuple[str, Row]:
    """Return the statement of the page (after `select`, a SELECT without WHERE), and its values."""
    condition, values = _condition(list_id, wanted)
    if wanted.after is not None:
        condition += f" AND id {'<' if wanted.is_descending else '>'} ?"
        values += (wanted.after,)
    order = f"{ORDERS[wanted.order]} {'DESC' if wanted.is_descending else 'ASC'}"
    sql = f"{select} WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?"
    return sql, (*values, wanted.size, wanted.start)


def count_sql(list_id: int, wanted: Slice) -> tuple[str, Row]:
    """Return the statement that counts all matches, and its values."""
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
    """Return the first bytes after all that begin with the prefix. No byte of UTF-8 is 255."""
    return prefix[:-1] + bytes((prefix[-1] + 1,))
