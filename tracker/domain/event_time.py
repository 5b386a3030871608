"""Event time: when an event happened by the server's clock, computed from the client's clock and the time of receipt.

All times are UTC milliseconds.
"""

from __future__ import annotations

#: Milliseconds: the clock error that is tolerated; how far in the future and in the past an event may lie.
SKEW_MS, MAX_FUTURE_MS, MAX_PAST_MS = 60_000, 24 * 3_600_000, 3653 * 24 * 3_600_000


def event_time(received_at: int, claimed_at: int | None, sent_at: int | None) -> int:
    """Return when an event happened by the server's clock, in UTC milliseconds.

    The client's clock is trusted while it is right within SKEW_MS at the moment of sending; beyond that all its times
    are shifted by its error, so that the events of one request keep their order and spacing.
    """
    if claimed_at is None:
        return received_at
    skew = 0 if sent_at is None else sent_at - received_at
    return claimed_at - skew if abs(skew) > SKEW_MS else claimed_at


def public_event_time(received_at: int, claimed_at: int | None, sent_at: int | None) -> int:
    """Return when a browser's event happened: never in the future, and never so long ago that it would be refused.

    A clock that is ahead at the moment of sending is wrong, however little, and its times are shifted. A time that is still
    ahead, or older than an event can be, was taken before the clock was set right: then the time of receipt is used.
    """
    if claimed_at is not None and sent_at is not None and sent_at > received_at:
        event_at = claimed_at - (sent_at - received_at)
    else:
        event_at = event_time(received_at, claimed_at, sent_at)
    return event_at if received_at - MAX_PAST_MS <= event_at <= received_at else received_at


def is_event_time(event_at: int, received_at: int) -> bool:
    """Return whether the time is at most a day ahead of the receipt and at most ten years before it."""
    return received_at - MAX_PAST_MS <= event_at <= received_at + MAX_FUTURE_MS
