"""Which persons and visitors does a list know? Read and written as plain rows, in one transaction with the event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tracker.storage.failures import Conflict
from tracker.storage.transaction import Row, Transaction

SUBSCRIBER = ("list_id", "id", "email", "email_key", "external_id", "own_uuid")
VISITOR = ("list_id", "id", "uuid", "segment", "subscriber_id")
BINDING = ("list_id", "visitor_id", "segment", "subscriber_id", "bound_at", "event_id", "reason", "has_past")
_SUBSCRIBERS = f"SELECT {', '.join(SUBSCRIBER)} FROM subscribers"
_VISITORS = f"SELECT {', '.join(VISITOR)} FROM visitors"


def text(value: bytes | None) -> str | None:
    return None if value is None else bytes(value).decode()


def raw(value: str | None) -> bytes | None:
    return None if value is None else value.encode()


def find_subscribers(transaction: Transaction, column: str, keys: Iterable[tuple[int, str]]) -> list[Row]:
    """Rows (list_id, id, email, email_key, external_id, own_uuid) by (list_id, `column`)."""
    wanted = sorted((list_id, value.encode()) for list_id, value in set(keys))
    rows = transaction.lookup(_SUBSCRIBERS, ("list_id", column), wanted)
    return [_subscriber(row) for row in rows]


def lock_subscribers(transaction: Transaction, keys: Iterable[tuple[int, int]]) -> list[Row]:
    """Rows as of `find_subscribers` by (list_id, id). Nobody else deletes them until this transaction ends."""
    rows = transaction.lookup(_SUBSCRIBERS, ("list_id", "id"), sorted(set(keys)), is_locking=True)
    return [_subscriber(row) for row in rows]


def find_visitors(transaction: Transaction, keys: Iterable[tuple[int, bytes]]) -> list[Row]:
    """Rows (list_id, id, uuid, segment, subscriber_id) by (list_id, uuid)."""
    rows = transaction.lookup(_VISITORS, ("list_id", "uuid"), sorted(set(keys)))
    return [(row[0], row[1], bytes(row[2]), row[3], row[4]) for row in rows]


def find_visitor(transaction: Transaction, list_id: int, uuid: bytes) -> Row | None:
    """(id, subscriber_id it is bound to)."""
    rows = find_visitors(transaction, [(list_id, uuid)])
    return (rows[0][1], rows[0][4]) if rows else None


def uuids_of(transaction: Transaction, list_id: int, visitor_ids: Iterable[int]) -> dict[int, bytes]:
    """{visitor_id: uuid}."""
    wanted = [(list_id, visitor_id) for visitor_id in sorted(set(visitor_ids))]
    rows = transaction.lookup("SELECT id, uuid FROM visitors", ("list_id", "id"), wanted)
    return {row[0]: bytes(row[1]) for row in rows}


def bound_to(
    transaction: Transaction, list_id: int, segments: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], tuple[int | None, bool]]:
    """{(visitor_id, segment): (subscriber_id, has_past)} for the segments that have a binding."""
    wanted = [(list_id, *segment) for segment in sorted(set(segments))]
    sql, keys = "SELECT visitor_id, segment, subscriber_id, has_past FROM bindings", BINDING[:3]
    return {(row[0], row[1]): (row[2], bool(row[3])) for row in transaction.lookup(sql, keys, wanted)}


def add_subscribers(transaction: Transaction, rows: Sequence[Row], now: int) -> None:
    encoded = [(r[0], r[1], raw(r[2]), raw(r[3]), raw(r[4]), r[5], now) for r in rows]
    transaction.insert("subscribers", (*SUBSCRIBER, "created_at"), encoded)


def learn_email(transaction: Transaction, list_id: int, subscriber_id: int, shown: str, key: str) -> None:
    """Fill the empty Email of a person; raises Conflict when another process was first."""
    sql = "UPDATE subscribers SET email = ?, email_key = ? WHERE list_id = ? AND id = ? AND email_key IS NULL"
    _change_one(transaction, sql, (raw(shown), raw(key), list_id, subscriber_id))


def learn_external_id(transaction: Transaction, list_id: int, subscriber_id: int, external_id: str) -> None:
    """Fill the empty ID of a person; raises Conflict when another process was first."""
    sql = "UPDATE subscribers SET external_id = ? WHERE list_id = ? AND id = ? AND external_id IS NULL"
    _change_one(transaction, sql, (raw(external_id), list_id, subscriber_id))


def add_visitors(transaction: Transaction, rows: Sequence[Row], now: int) -> None:
    transaction.insert("visitors", (*VISITOR, "created_at"), [(*row, now) for row in rows])


def rebind_visitor(
    transaction: Transaction, list_id: int, visitor_id: int, segment: int, subscriber_id: int
) -> None:
    """Point a visitor to its new binding. Two processes that do so at once collide on the binding's key."""
    sql = "UPDATE visitors SET segment = ?, subscriber_id = ? WHERE list_id = ? AND id = ?"
    transaction.execute(sql, (segment, subscriber_id, list_id, visitor_id))


def add_bindings(transaction: Transaction, rows: Sequence[Row]) -> None:
    """Rows in the order of BINDING."""
    transaction.insert("bindings", BINDING, rows)


def _change_one(transaction: Transaction, sql: str, values: Row) -> None:
    if transaction.change(sql, values) != 1:
        raise Conflict("the row was changed by another process")


def _subscriber(row: Row) -> Row:
    return (row[0], row[1], text(row[2]), text(row[3]), text(row[4]), bytes(row[5]))
