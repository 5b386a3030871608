"""Erasure check: one query for each key that leads to rows of a subscriber; all must find nothing."""

from __future__ import annotations

from tracker.storage.engine import Transaction
from tracker.storage.subscribers import SUBSCRIBER_TABLES
from tracker.storage.timeline import timeline_rows

_SUBSCRIBER = "list_id = ? AND subscriber_id = ?"
#: {name of the check: rows of (list_id, subscriber_id)}. Events and visitors have no such key: timeline and links lead
#: to them.
CHECKS = {
    "subscribers": "subscribers WHERE list_id = ? AND id = ?",
    **{table: f"{table} WHERE {_SUBSCRIBER}" for table in SUBSCRIBER_TABLES},
    "expired_owners": "expired_owners WHERE list_id = ? AND owner_id = ?",
    "identity_links": f"identity_links WHERE {_SUBSCRIBER}",
    "identity_links.unlinked_from": "identity_links WHERE list_id = ? AND subscriber_id IS NULL AND unlinked_from = ?",
}
#: Rows of a timeline that are counted at most.
MAX_COUNTED = 100


def verify_erased(transaction: Transaction, list_id: int, subscriber_id: int) -> dict[str, int]:
    """Return {name of the check: rows found}."""
    found = {
        name: int(transaction.select(f"SELECT COUNT(*) FROM {rows}", (list_id, subscriber_id))[0][0])  # noqa: S608
        for name, rows in CHECKS.items()
    }
    for name, owner_id in (("timeline.events", subscriber_id), ("timeline.conversions", -subscriber_id)):
        rows = timeline_rows.read(
            transaction, "list_id = ? AND owner_id = ?", (list_id, owner_id), f"LIMIT {MAX_COUNTED}"
        )
        found[name] = len(rows)
    return found
