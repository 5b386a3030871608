"""What have deleted conversions added to the totals that stay? Kept so that totals can still be checked."""

from __future__ import annotations

from collections.abc import Mapping

from tracker.storage.counters import MILLIONTHS, Total
from tracker.storage.transaction import Transaction


def add_expired(transaction: Transaction, totals: Mapping[Total, tuple[int, int, int]]) -> None:
    """Add (count, units, millionths) to what was deleted of (list_id, conversion name, currency)."""
    rows = [(*key, *amounts) for key, amounts in sorted(totals.items())]
    keys, sums = ("list_id", "name", "currency"), ("conversions", "units", "millionths")
    transaction.add_up("expired_totals", keys, sums, rows)


def expired_totals(transaction: Transaction, list_id: int) -> dict[tuple[bytes, bytes], tuple[int, int]]:
    """{(conversion name, currency): (count, value in millionths)}."""
    sql = "SELECT name, currency, conversions, units, millionths FROM expired_totals WHERE list_id = ?"
    rows = transaction.select(sql, (list_id,))
    return {(bytes(r[0]), bytes(r[1])): (r[2], r[3] * MILLIONTHS + r[4]) for r in rows}
