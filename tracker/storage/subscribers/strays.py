"""Strays: custom values and hashes of addresses whose person is gone. An id is never given again, so they are nobody's."""

from __future__ import annotations

from collections.abc import Sequence

from tracker.storage.engine.transaction import Transaction

#: Tables with rows under (list_id, subscriber_id) that are there only while the person is.
TABLES = ("subscriber_fields", "subscriber_hashes")


def page(
    transaction: Transaction, table: str, list_id: int, after_id: int, size: int
) -> list[tuple[int, int, bool]]:
    """(subscriber_id, rows, whether there is such a person) of the next owners of rows, in the order of their ids."""
    sql = (
        f"SELECT t.subscriber_id, COUNT(*), MAX(s.id) FROM {table} t"
        " LEFT JOIN subscribers s ON s.list_id = t.list_id AND s.id = t.subscriber_id"
        " WHERE t.list_id = ? AND t.subscriber_id > ? GROUP BY t.subscriber_id ORDER BY t.subscriber_id LIMIT ?"
    )
    rows = transaction.select(sql, (list_id, after_id, size))
    return [(row[0], int(row[1]), row[2] is not None) for row in rows]


def remove(transaction: Transaction, table: str, list_id: int, subscriber_ids: Sequence[int]) -> None:
    """Delete the rows of those that are gone."""
    wanted = [(list_id, subscriber_id) for subscriber_id in subscriber_ids]
    transaction.remove(table, ("list_id", "subscriber_id"), wanted)
