"""Expired conversions: totals of those that retention has deleted, and the owners whose revenue lacks them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tracker.domain.conversions import MILLIONTHS, Total
from tracker.storage.engine.transaction import Transaction


def add_expired(transaction: Transaction, totals: Mapping[Total, tuple[int, int, int]]) -> None:
    """Add (count, units, millionths) to the deleted conversions of (list_id, conversion name, currency)."""
    rows = [(*key, *amounts) for key, amounts in sorted(totals.items())]
    keys, sums = ("list_id", "name", "currency"), ("conversions", "units", "millionths")
    transaction.add_up("expired_totals", keys, sums, rows)


def expired_totals(transaction: Transaction, list_id: int) -> dict[tuple[bytes, bytes], tuple[int, int]]:
    """Return {(conversion name, currency): (count, value in millionths)}."""
    sql = "SELECT name, currency, conversions, units, millionths FROM expired_totals WHERE list_id = ?"
    rows = transaction.select(sql, (list_id,))
    return {(bytes(r[0]), bytes(r[1])): (r[2], r[3] * MILLIONTHS + r[4]) for r in rows}


def mark_owners(transaction: Transaction, list_id: int, owner_ids: Iterable[int]) -> None:
    """Mark the subscribers and visitors whose conversions were deleted, without which or how many."""
    rows = [(list_id, owner_id) for owner_id in owner_ids]
    transaction.insert_missing("expired_owners", ("list_id", "owner_id"), rows)


def lacks_conversions(transaction: Transaction, list_id: int, subscriber_id: int) -> bool:
    """Return whether conversions of a subscriber or of its linked visitors were deleted."""
    own = "SELECT 1 FROM expired_owners WHERE list_id = ? AND owner_id = ?"
    visitors = (
        "SELECT 1 FROM identity_links b JOIN expired_owners e ON e.list_id = b.list_id AND e.owner_id = b.visitor_id"
        " WHERE b.list_id = ? AND b.subscriber_id = ? LIMIT 1"
    )
    owner = (list_id, subscriber_id)
    return bool(transaction.select(own, owner) or transaction.select(visitors, owner))


def unmark_owner(transaction: Transaction, list_id: int, owner_id: int) -> int:
    """Remove an owner's mark; return how many there were."""
    return transaction.remove("expired_owners", ("list_id", "owner_id"), [(list_id, owner_id)])
