"""How are many rows taken out of timelines, and who has any left? Wherever a file or a server keeps them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.timeline.sorted_runs import COLUMNS, sources

#: (list_id, owner_id, event_at, event_id) of rows in one statement.
MAX_KEYS = 500
_KEY = COLUMNS[:4]


def remove_keys(transaction: Transaction, keys: Sequence[Row]) -> None:
    """Take out the rows with these keys (list_id, owner_id, event_at, event_id), copies included."""
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
    """Those of these visitors that have rows of their own."""
    ids, found = sorted(owner_ids), set[int]()
    marks = ", ".join("?" * len(ids))
    for source in sources(transaction) if ids else ():
        rows = f"SELECT 1 FROM {source.table} WHERE {source.condition}list_id = v.list_id AND owner_id = v.id"
        has_rows = f"EXISTS ({rows})"
        if source.table == "timeline_recent":  # it has no key: once through all of it
            has_rows = "v.id IN (SELECT owner_id FROM timeline_recent WHERE list_id = v.list_id)"
        sql = f"SELECT v.id FROM visitors v WHERE v.list_id = ? AND v.id IN ({marks}) AND {has_rows}"
        found.update(row[0] for row in transaction.select(sql, (list_id, *ids, *source.values)))
    return found
