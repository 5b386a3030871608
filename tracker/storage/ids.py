"""How does a process make row ids that are unique, time-ordered and known before the transaction?"""

from __future__ import annotations

import os
import time

from tracker.storage.transaction import Transaction

#: 63 bits: milliseconds since EPOCH (41), the process's leased writer number (10), a sequence (12).
EPOCH_MS = 1_704_067_200_000  # 2024-01-01T00:00:00Z
WRITER_BITS, SEQUENCE_BITS = 10, 12
SHIFT = WRITER_BITS + SEQUENCE_BITS
#: Milliseconds: a lease, when it is renewed, and how long after its end another process may take the number (clocks
#: of machines differ).
LEASE_MS, RENEW_BEFORE_MS, GRACE_MS = 60_000, 20_000, 60_000


def received_ms(row_id: int) -> int:
    """When the row with this id was made, in UTC milliseconds."""
    return (row_id >> SHIFT) + EPOCH_MS


def first_id_at(at_ms: int) -> int:
    """The smallest id a row made at this time can have."""
    return max(0, at_ms - EPOCH_MS) << SHIFT


class WriterNumber:
    """This process's number among all that write to the database: leased, so that no two ever share one."""

    def __init__(self) -> None:
        self.number = -1
        self._token = os.urandom(16)
        self._until = 0

    def is_due(self, now: int) -> bool:
        return self._until - now < RENEW_BEFORE_MS

    def lease(self, transaction: Transaction) -> tuple[int, int]:
        """Renew or take a number, inside `transaction`; gives (number, until), to be kept after the commit."""
        now = time.time_ns() // 1_000_000
        until = now + LEASE_MS
        if self.number >= 0 and self._renewed(transaction, until):
            return self.number, until
        number = self._free_number(transaction, now)
        transaction.execute("DELETE FROM writers WHERE number = ?", (number,))
        transaction.insert("writers", ("number", "token", "leased_until"), [(number, self._token, until)])
        return number, until

    def keep(self, lease: tuple[int, int]) -> None:
        self.number, self._until = lease

    def _renewed(self, transaction: Transaction, until: int) -> bool:
        mine = (self.number, self._token)
        if not transaction.select("SELECT 1 FROM writers WHERE number = ? AND token = ?", mine):
            return False
        transaction.execute("UPDATE writers SET leased_until = ? WHERE number = ? AND token = ?", (until, *mine))
        return True

    def _free_number(self, transaction: Transaction, now: int) -> int:
        """The number free for longest. The lock is on all rows: taking numbers is rare."""
        rows = transaction.select(f"SELECT number, leased_until FROM writers ORDER BY number{transaction.engine.for_update}")
        free = [number for number, until in rows if until + GRACE_MS < now]
        number = free[0] if free else len(rows)
        if number >= 1 << WRITER_BITS:
            raise RuntimeError("more than 1,024 processes write to this database")
        return int(number)


class IdMaker:
    """Ids that never repeat and never go back within a process."""

    def __init__(self, writer: WriterNumber) -> None:
        self._writer = writer
        self._last = 0

    def next_id(self, now: int) -> int:
        stamp = (now - EPOCH_MS) << SEQUENCE_BITS
        self._last = stamp if stamp > self._last else self._last + 1
        milliseconds, sequence = self._last >> SEQUENCE_BITS, self._last & (1 << SEQUENCE_BITS) - 1
        return milliseconds << SHIFT | self._writer.number << SEQUENCE_BITS | sequence
