"""Alert state: an alarm is told once when an alert turns bad, and once more when it has been well for a while."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class AlertState(IntEnum):
    """The state of an alert. The number is stored."""

    OK = 0
    FIRING = 1


class Turn(IntEnum):
    """What has happened to an alert, and what a notice tells. The number is stored."""

    ALARM = 1
    WELL = 2
    #: Somebody tries how notices come.
    TEST = 3


class Standing(NamedTuple):
    """How an alert stands: in which state, since when, and since when it seems well while it is firing. Times are UTC milliseconds."""

    state: AlertState
    since: int
    good_since: int | None = None


def after_look(before: Standing, is_bad: bool | None, now: int, calm_ms: int) -> tuple[Standing, Turn | None]:
    """Return how an alert stands after a look, and what turned. A look that could say nothing changes nothing."""
    if is_bad is None:
        return before, None
    if before.state is AlertState.OK:
        return (Standing(AlertState.FIRING, now), Turn.ALARM) if is_bad else (before, None)
    if is_bad:
        return before._replace(good_since=None), None
    good_since = now if before.good_since is None else before.good_since
    if now - good_since >= calm_ms:
        return Standing(AlertState.OK, now), Turn.WELL
    return before._replace(good_since=good_since), None
