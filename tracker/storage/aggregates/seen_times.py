"""Seen times of a catalogued name: when its first and last events happened, and when the last to arrive came."""

from __future__ import annotations

from typing import NamedTuple

#: Later than every event, as the first time of none.
NEVER = 2**63 - 1


class EventTimes(NamedTuple):
    """When one event happened and was received, in UTC milliseconds."""

    event_at: int
    received_at: int


class SeenTimes(NamedTuple):
    """Event times of the first and last event of a name, and the time of the last arrival, in UTC milliseconds.

    An import, or a browser that was offline, brings old events late: first and last go by when events happened.
    """

    first_seen_at: int
    last_seen_at: int
    last_received_at: int


#: The times of no event.
NO_TIMES = SeenTimes(NEVER, -NEVER, 0)
COLUMNS = SeenTimes._fields
#: Assignments that widen a row by the times `widening(...)`.
WIDEN = ", ".join(
    f"{column} = CASE WHEN {column} {sign} ? THEN ? ELSE {column} END"
    for column, sign in zip(COLUMNS, "><<", strict=True)
)


def widening(times: SeenTimes) -> tuple[int, ...]:
    """Return the values of the placeholders of WIDEN."""
    first, last, received = times
    return first, first, last, last, received, received


def of_event(times: EventTimes) -> SeenTimes:
    """Return the times of a name that has had one event."""
    return SeenTimes(times.event_at, times.event_at, times.received_at)


def both(these: SeenTimes, those: SeenTimes) -> SeenTimes:
    """Return the times of a name that has had the events of both."""
    return SeenTimes(min(these[0], those[0]), max(these[1], those[1]), max(these[2], those[2]))
