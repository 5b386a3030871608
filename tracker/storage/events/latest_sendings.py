"""Latest sendings: by which clocks and programs the last events of a list came."""

from __future__ import annotations

from typing import NamedTuple

from tracker.domain.event import IS_BOT
from tracker.storage.engine.transaction import Transaction


class Sending(NamedTuple):
    """How one event came. Times are UTC milliseconds; `sent_at` is by the client's clock."""

    received_at: int
    sent_at: int | None
    is_bot: bool
    properties: bytes


def latest_sendings(transaction: Transaction, list_id: int, most: int) -> list[Sending]:
    """Return how the last events of a list came, the last one first."""
    sql = "SELECT received_at, sent_at, flags, properties FROM events WHERE list_id = ? ORDER BY id DESC LIMIT ?"
    rows = transaction.select(sql, (list_id, most))
    return [Sending(row[0], row[1], bool(row[2] & IS_BOT), bytes(row[3])) for row in rows]
