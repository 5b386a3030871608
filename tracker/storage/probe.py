"""Can the database be written to? Found out by writing: an update that changes nothing needs no room on the disk."""

from __future__ import annotations

import time

from tracker.storage.transaction import Transaction


def probe(transaction: Transaction) -> None:
    """Write down when this was asked."""
    transaction.insert_missing("probes", ("number", "asked_at"), [(0, 0)])
    transaction.execute("UPDATE probes SET asked_at = ? WHERE number = 0", (time.time_ns(),))
