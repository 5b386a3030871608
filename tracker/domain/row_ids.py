"""Row ids: 63-bit numbers that begin with the time at which the row was made, so that ids sort by arrival."""

from __future__ import annotations

#: 63 bits: milliseconds since EPOCH_MS (41), the process's leased writer number (10), a sequence (12).
EPOCH_MS = 1_704_067_200_000  # 2024-01-01T00:00:00Z

WRITER_BITS = 10

SEQUENCE_BITS = 12

SHIFT = WRITER_BITS + SEQUENCE_BITS

#: Milliseconds by which an id may be ahead of the clock: another machine made it, or this one before its clock was corrected.
MAX_AHEAD_MS = 60_000


def received_ms(row_id: int) -> int:
    """Return when the row with this id was made, in UTC milliseconds."""
    return (row_id >> SHIFT) + EPOCH_MS


def first_id_at(at_ms: int) -> int:
    """Return the smallest id that a row made at this time (UTC milliseconds) can have."""
    return max(0, at_ms - EPOCH_MS) << SHIFT


def next_id_after(now: int) -> int:
    """Return an upper bound of the ids made until now by clocks that are less than MAX_AHEAD_MS ahead.

    It changes once a minute, so that prepared statements with it can be reused.
    """
    return first_id_at(now - now % MAX_AHEAD_MS + 2 * MAX_AHEAD_MS)
