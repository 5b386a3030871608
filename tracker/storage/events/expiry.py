"""Which lists keep their events for a while only, and which events are how old?"""

from __future__ import annotations

from tracker.storage.engine.transaction import Transaction
from tracker.storage.subscribers.erasure_rows import FORGET


def days_by_list(transaction: Transaction) -> dict[int, int]:
    """{list_id: days that its events are kept} of the lists that do not keep them for ever."""
    sql = (
        "SELECT list_id, retention_days FROM list_settings WHERE retention_days IS NOT NULL ORDER BY list_id"
    )
    return {row[0]: row[1] for row in transaction.select(sql)}


def set_events_from(transaction: Transaction, list_id: int, moment: int) -> None:
    """Record the time before which events are being deleted, in UTC milliseconds. It never goes back."""
    sql = "UPDATE list_settings SET events_from = ? WHERE list_id = ? AND (events_from IS NULL OR events_from < ?)"
    transaction.execute(sql, (moment, list_id, moment))


def ids_and_times(transaction: Transaction, list_id: int, after_id: int, most: int) -> list[tuple[int, int]]:
    """(id, event time) after an id, in the order in which they were received."""
    sql = "SELECT id, event_at FROM events WHERE list_id = ? AND id > ? ORDER BY id LIMIT ?"
    return [(row[0], row[1]) for row in transaction.select(sql, (list_id, after_id, most))]


def has_deletions(transaction: Transaction, list_id: int) -> bool:
    """Whether events of this list have been deleted: then names may be catalogued that no event has any more."""
    expired = "SELECT 1 FROM list_settings WHERE list_id = ? AND events_from IS NOT NULL"
    forgotten = "SELECT 1 FROM jobs WHERE list_id = ? AND kind = ? LIMIT 1"
    return bool(
        transaction.select(expired, (list_id,)) or transaction.select(forgotten, (list_id, FORGET.encode()))
    )


def has_jobs_since(transaction: Transaction, list_id: int, since: int) -> bool:
    """Whether a job that may delete events of this list has come further since then, in UTC milliseconds."""
    sql = "SELECT 1 FROM jobs WHERE list_id = ? AND updated_at >= ? LIMIT 1"
    return bool(transaction.select(sql, (list_id, since)))
