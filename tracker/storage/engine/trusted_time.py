"""Trusted time: deletion by age goes by a clock that running time has confirmed, not by one reading of it.

The last trusted reading is stored in the database. A reading less than a day later is trusted too. One that is further
ahead may come from a clock that jumped, or from a Tracker that did not run: nothing is deleted by it until a monotonic
clock has counted a day of running, or an operator confirms it. Events are no evidence, since a wrong clock has stamped
them. An earlier reading is trusted at once: less is deleted by it.
"""

from __future__ import annotations

import logging
import time
from typing import NamedTuple

from tracker.storage.engine.transaction import Transaction

_DAY_MS = 24 * 3_600_000
#: Milliseconds by which a clock may be ahead of the last trusted reading, and for which a clock that is further ahead
#: has to be so while Tracker runs until it is trusted.
MAX_AHEAD_MS, PROOF_MS = _DAY_MS, _DAY_MS
#: Milliseconds by which the clocks of machines that share a database may differ.
_SKEW_MS = 60_000

_log = logging.getLogger("tracker.storage")


class Reading(NamedTuple):
    """`seen_at` is the last trusted reading.

    While the clock is in doubt, `doubted_at` is its last reading, confirmed for `waited`.

    `seen_at` and `doubted_at` are UTC milliseconds, `waited` milliseconds.
    """

    seen_at: int
    doubted_at: int | None = None
    waited: int = 0

    def is_ahead(self, now: int) -> bool:
        """Return whether `now` is too far ahead to delete by."""
        return now > self.seen_at + MAX_AHEAD_MS

    def trusted(self, now: int) -> int:
        """Return the latest time that deletion by age may use, in UTC milliseconds."""
        return self.seen_at if self.is_ahead(now) else now


def judged(reading: Reading, now: int, elapsed: int) -> Reading:
    """Return the state after one more reading. `elapsed`: milliseconds that the same process has run since its last reading."""
    if not reading.is_ahead(now):
        return Reading(now)
    passed = None if reading.doubted_at is None else now - reading.doubted_at
    if reading.doubted_at is None or passed is None or not -_SKEW_MS <= passed <= MAX_AHEAD_MS:
        return Reading(reading.seen_at, now)
    # Several processes take readings: together they confirm no more than what has passed by the clock itself.
    waited = reading.waited + max(0, min(elapsed, passed))
    if waited >= PROOF_MS:
        return Reading(now)
    return Reading(reading.seen_at, max(now, reading.doubted_at), waited)


def read(transaction: Transaction) -> Reading:
    return _read(transaction, "")


def trusted(transaction: Transaction, now: int) -> int:
    """Return the latest time that deletion by age may use, in UTC milliseconds."""
    return read(transaction).trusted(now)


def note(transaction: Transaction, now: int, elapsed: int) -> Reading:
    """Store a reading; return the state after it."""
    before = _read(transaction, transaction.engine.for_update)
    after = judged(before, now, elapsed)
    _keep(transaction, after)
    if after.doubted_at is not None and before.doubted_at is None:
        days = (now - after.seen_at) / _DAY_MS
        _log.warning(
            "the clock is %.1f days ahead of what this database has seen: nothing is deleted by its age until Tracker has"
            " run for a day, or 'tracker retention --clock-is-right' confirms it",
            days,
        )
    return after


def trust(transaction: Transaction, now: int) -> None:
    """Take `now` as the trusted time, because an operator confirmed the clock."""
    _keep(transaction, Reading(now))


def begin_clock(transaction: Transaction) -> None:
    """Store the first reading, at an upgrade.

    If processes have written before, it is bounded by their latest lease plus a day.
    """
    now = time.time_ns() // 1_000_000
    [(leased_until,)] = transaction.select("SELECT MAX(leased_until) FROM writer_leases")
    seen_at = now if leased_until is None else min(now, int(leased_until) + MAX_AHEAD_MS)
    transaction.insert_missing("trusted_time", ("number", *Reading._fields), [(0, seen_at, 0, 0)])


def _read(transaction: Transaction, locking: str) -> Reading:
    """Return the stored state; before any upgrade nothing has been seen."""
    sql = f"SELECT seen_at, doubted_at, waited FROM trusted_time WHERE number = 0{locking}"
    for seen_at, doubted_at, waited in transaction.select(sql):
        return Reading(seen_at, doubted_at or None, waited)
    return Reading(0)


def _keep(transaction: Transaction, reading: Reading) -> None:
    sql = "UPDATE trusted_time SET seen_at = ?, doubted_at = ?, waited = ? WHERE number = 0"
    transaction.execute(sql, (reading.seen_at, reading.doubted_at or 0, reading.waited))
