"""Row ids: 63 bits that begin with the time at which a row was made."""

from __future__ import annotations

#: 63 bits: milliseconds since EPOCH (41), the process's leased writer number (10), a sequence (12).
EPOCH_MS = 1_704_067_200_000  # 2024-01-01T00:00:00Z

WRITER_BITS = 10

SEQUENCE_BITS = 12

SHIFT = WRITER_BITS + SEQUENCE_BITS

#: Milliseconds by which an id may be ahead of a clock: that of another machine, or of this one before it was set right.
MAX_AHEAD_MS = 60_000


def received_ms(row_id: int) -> int:
    """When the row with this id was made, in UTC milliseconds."""
    return (row_id >> SHIFT) + EPOCH_MS


def first_id_at(at_ms: int) -> int:
    """The smallest id a row made at this time can have."""
    return max(0, at_ms - EPOCH_MS) << SHIFT


def next_id_after(now: int) -> int:
    """An id that lies before nothing that is to come, and after all that can have been made until now by clocks that go
    about right. It changes once a minute, so that statements with it can be kept.
    """
    return first_id_at(now - now % MAX_AHEAD_MS + 2 * MAX_AHEAD_MS)
