"""Row ids: unique over all processes, ordered by time, and known before the transaction."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import NamedTuple

from tracker.domain.row_ids import EPOCH_MS, SEQUENCE_BITS, SHIFT, WRITER_BITS
from tracker.storage.engine.transaction import Transaction

#: Milliseconds: length of a lease, how long before its end it is renewed, and how long after its end another process
#: may take the number (clocks of machines differ).
LEASE_MS, RENEW_BEFORE_MS, GRACE_MS = 60_000, 20_000, 60_000


class Lease(NamedTuple):
    """A lease of a writer number: `until` in UTC milliseconds, `renew_at` in seconds of the monotonic clock."""

    number: int
    until: int
    renew_at: float


class _Place(NamedTuple):
    """Where a process writes: the server's node, its own instance, since when by the server's clock, and how many
    milliseconds its own clock is ahead of that."""

    node: bytes | None
    instance: bytes
    since: int
    ahead: int


_LEASE = "UPDATE writer_leases SET token = ?, leased_until = ?, node = ?, instance = ?, since = ?, ahead = ?"


class WriterNumber:
    """This process's number among all that write to the database: leased, so that no two processes ever share one.

    `now()` returns UTC milliseconds, `clock()` monotonic seconds: a wall clock that is set back must not make a lease
    look longer than other processes take it to be.
    """

    def __init__(
        self,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.number = -1
        #: The instance that this process serves for, as HOST:PORT; "" for a command line.
        self.instance = ""
        self._now, self._clock = now, clock
        self._token = b""
        self._until, self._renew_at = 0, 0.0

    def is_due(self) -> bool:
        """Return whether the lease has to be renewed."""
        return self._clock() >= self._renew_at or self._until - self._now() < RENEW_BEFORE_MS

    def lease(self, transaction: Transaction) -> Lease:
        """Renew or take a number, inside `transaction`; call `keep` with the lease after the commit.

        It never ends before an earlier lease of this process: ids made while the clock was ahead are passed before
        another process gets the number.
        """
        begun_at, now = self._clock(), self._now()
        until = max(now + LEASE_MS, self._until)
        renew_at = begun_at + (LEASE_MS - RENEW_BEFORE_MS) / 1000
        place = self._place(transaction, now)
        if self.number >= 0 and self._renewed(transaction, until, place):
            return Lease(self.number, until, renew_at)
        # Made here, not at the start: processes forked from one application must not hold the same token.
        self._token = os.urandom(16)
        return Lease(self._taken(transaction, now, until, place), until, renew_at)

    def keep(self, lease: Lease) -> None:
        """Use a lease whose transaction was committed."""
        self.number, self._until, self._renew_at = lease

    def leave(self, transaction: Transaction) -> None:
        """Say that this process writes no more. Its number stays leased: ids made with it may be of a clock that was ahead."""
        sql = "UPDATE writer_leases SET node = NULL WHERE number = ? AND token = ?"
        transaction.execute(sql, (self.number, self._token))

    def _place(self, transaction: Transaction, now: int) -> _Place:
        """Return where this process writes; in a file everybody writes to the same place, which is not kept."""
        if not transaction.engine.is_remote:
            return _Place(None, b"", 0, 0)
        node, server_now = transaction.engine.server_reading(transaction.database)
        return _Place(node.encode()[:255], self.instance.encode()[:255], server_now, now - server_now)

    def _renewed(self, transaction: Transaction, until: int, place: _Place) -> bool:
        mine = (self.number, self._token)
        sql = "SELECT node, instance, since FROM writer_leases WHERE number = ? AND token = ?"
        rows = transaction.select(sql, mine)
        if not rows:
            return False
        node, instance, since = rows[0]
        if (node and bytes(node), bytes(instance or b"")) == place[:2]:
            place = place._replace(since=since)
        transaction.execute(f"{_LEASE} WHERE number = ? AND token = ?", (self._token, until, *place, *mine))
        return True

    def _taken(self, transaction: Transaction, now: int, until: int, place: _Place) -> int:
        """Take the first number that is free, or a new one, and return it.

        All rows are locked, for taking numbers is rare. No lock prevents others from adding a row: of two processes
        that add the same number one fails, and tries again.
        """
        rows = transaction.select(
            f"SELECT number, leased_until FROM writer_leases ORDER BY number{transaction.engine.for_update}"
        )
        for number, leased_until in rows:
            if leased_until + GRACE_MS < now:
                transaction.execute(f"{_LEASE} WHERE number = ?", (self._token, until, *place, number))
                return int(number)
        if len(rows) >= 1 << WRITER_BITS:
            raise RuntimeError("more than 1,024 processes write to this database")
        columns = ("number", "token", "leased_until", *_Place._fields)
        transaction.insert("writer_leases", columns, [(len(rows), self._token, until, *place)])
        return len(rows)


class IdMaker:
    """Ids that never repeat and never decrease within a process."""

    def __init__(self, writer: WriterNumber) -> None:
        self._writer = writer
        self._last = 0

    @property
    def last(self) -> int:
        """The last id without its number; 0 before the first."""
        return self._last

    def next_id(self, now: int) -> int:
        """Return the next id for the time `now` in UTC milliseconds; after a step back of the clock, the last id plus one."""
        stamp = (now - EPOCH_MS) << SEQUENCE_BITS
        self._last = stamp if stamp > self._last else self._last + 1
        milliseconds, sequence = self._last >> SEQUENCE_BITS, self._last & (1 << SEQUENCE_BITS) - 1
        return milliseconds << SHIFT | self._writer.number << SEQUENCE_BITS | sequence
