"""Expiry of events: the retention periods of lists, and the ages of their events."""

from __future__ import annotations

from tracker.storage.engine.sharding import ALL_LISTS, Among
from tracker.storage.engine.transaction import Transaction
from tracker.storage.subscribers.erasure_rows import FORGET

#: The kind of the jobs that delete events by name and time.
DELETE_EVENTS = "delete_events"


def days_by_list(transaction: Transaction, among: Among = ALL_LISTS) -> dict[int, int]:
    """Return {list_id: retention in days} of the lists that have one."""
    sql = (
        f"SELECT list_id, retention_days FROM list_settings WHERE retention_days IS NOT NULL{among.sql}"
        " ORDER BY list_id"
    )
    return {row[0]: row[1] for row in transaction.select(sql, among.values)}


def set_events_from(transaction: Transaction, list_id: int, moment: int) -> None:
    """Record the time before which events are being deleted, in UTC milliseconds. It never decreases."""
    sql = "UPDATE list_settings SET events_from = ? WHERE list_id = ? AND (events_from IS NULL OR events_from < ?)"
    transaction.execute(sql, (moment, list_id, moment))


def ids_and_times(transaction: Transaction, list_id: int, after_id: int, most: int) -> list[tuple[int, int]]:
    """Return (id, event time) after an id, in the order of receipt (a keyset page)."""
    sql = "SELECT id, event_at FROM events WHERE list_id = ? AND id > ? ORDER BY id LIMIT ?"
    return [(row[0], row[1]) for row in transaction.select(sql, (list_id, after_id, most))]


def has_deletions(transaction: Transaction, list_id: int) -> bool:
    """Return whether events of this list have been deleted: then the catalogue may have names that no event has any more."""
    expired = "SELECT 1 FROM list_settings WHERE list_id = ? AND events_from IS NOT NULL"
    deleted = "SELECT 1 FROM jobs WHERE list_id = ? AND kind IN (?, ?) LIMIT 1"
    kinds = (FORGET.encode(), DELETE_EVENTS.encode())
    return bool(transaction.select(expired, (list_id,)) or transaction.select(deleted, (list_id, *kinds)))


def has_jobs_since(transaction: Transaction, list_id: int, since: int) -> bool:
    """Return whether a job that may delete events of this list has made a step since `since`, in UTC milliseconds."""
    sql = "SELECT 1 FROM jobs WHERE list_id = ? AND updated_at >= ? LIMIT 1"
    return bool(transaction.select(sql, (list_id, since)))
