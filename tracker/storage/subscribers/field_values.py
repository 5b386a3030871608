"""Values of subscribers' custom fields: one row a value; a field without a row is empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from tracker.storage import changes
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction

#: (list_id, subscriber_id, field_id) of a value.
FieldKey = tuple[int, int, int]
#: Subscribers whose values are checked in one transaction.
STRIDE = 500
_KEY = ("list_id", "subscriber_id", "field_id")


def write_values(transaction: Transaction, values: Mapping[FieldKey, bytes | None], now: int) -> None:
    """Set fields to their values, or empty them with None. In key order, so that servers do not deadlock."""
    ordered = sorted(values.items())
    filled = [(*key, value, now) for key, value in ordered if value is not None]
    transaction.put("subscriber_fields", _KEY, ("value", "updated_at"), filled)
    sql = "DELETE FROM subscriber_fields WHERE list_id = ? AND subscriber_id = ? AND field_id = ?"
    transaction.update(sql, [key for key, value in ordered if value is None])
    for list_id in sorted({key[0] for key in values}):
        changes.note_values(transaction, list_id, (key[1] for key in values if key[0] == list_id))


def find_values(
    transaction: Transaction, list_id: int, subscriber_ids: Sequence[int]
) -> dict[int, dict[int, bytes]]:
    """Return {subscriber_id: {field_id: value}} of those that have any."""
    sql = "SELECT subscriber_id, field_id, value FROM subscriber_fields"
    keys = [(list_id, subscriber_id) for subscriber_id in subscriber_ids]
    found: dict[int, dict[int, bytes]] = {}
    for subscriber_id, field_id, value in transaction.lookup(sql, ("list_id", "subscriber_id"), keys):
        found.setdefault(subscriber_id, {})[field_id] = bytes(value)
    return found


def remove_values(transaction: Transaction, list_id: int, subscriber_id: int) -> None:
    """Delete all values of a subscriber."""
    sql = "DELETE FROM subscriber_fields WHERE list_id = ? AND subscriber_id = ?"
    transaction.execute(sql, (list_id, subscriber_id))


def remove_stale_values(database: Database, list_id: int) -> None:
    """Delete the values of fields that were removed, in short transactions."""
    after: int | None = 0
    while after is not None:
        after = database.write(partial(_remove_some, list_id=list_id, after=after), list_id=list_id)


def _remove_some(transaction: Transaction, list_id: int, after: int) -> int | None:
    """Delete them for one stride; return the last subscriber's id, None when there are no more."""
    sql = "SELECT id FROM subscribers WHERE list_id = ? AND id > ? ORDER BY id LIMIT ?"
    rows = transaction.select(sql, (list_id, after, STRIDE))
    if not rows:
        return None
    last = int(rows[-1][0])
    where = "FROM subscriber_fields WHERE list_id = ? AND subscriber_id > ? AND subscriber_id <= ?"
    found = {
        row[0] for row in transaction.select(f"SELECT DISTINCT field_id {where}", (list_id, after, last))
    }
    # The fields are read after their values, so that one that is added meanwhile is among them or has no values here.
    found -= {
        row[0] for row in transaction.select("SELECT id FROM custom_fields WHERE list_id = ?", (list_id,))
    }
    if found:
        sql = f"DELETE {where} AND field_id IN ({', '.join('?' * len(found))})"
        transaction.execute(sql, (list_id, after, last, *sorted(found)))
    return last
