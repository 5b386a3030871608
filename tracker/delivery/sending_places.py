"""Sending places: how many requests a trigger may have under way, so that some stay free for targets that answer quickly.

A trigger has the fewer places, the slower its target answers. Of those that are free a user takes at most as many as stay free, and a
trigger a share of these, a smaller one while its target is slow: whatever hangs, there is room for who has none yet.
"""

from __future__ import annotations

#: Requests of one trigger, and of all of a process, that are under way at a time.
MAX_OF_TRIGGER, MAX_OF_ALL = 16, 256
#: Places of a trigger however slow its target, and the seconds of work that it may have under way.
MIN_OF_TRIGGER, WORK_SECONDS = 2, 4.0
#: Seconds that a target is thought to take before it has answered, and beyond which it is slow.
FIRST_GUESS, SLOW_SECONDS = 2.0, 1.0
#: One of so many places that its user may still take is a trigger's, of a quick target and of a slow one.
QUICK_SHARE, SLOW_SHARE = 4, 16
#: Failures of a trigger in a row after which its requests go one at a time, and the longest pause between them in seconds.
MAX_IN_A_ROW, LONGEST_REST = 5, 60.0


class Pace:
    """How a trigger's target bears its requests: the usual seconds of its latest answers, and its failures in a row."""

    def __init__(self) -> None:
        self._usual = FIRST_GUESS
        self._in_a_row = 0
        self._until = 0.0

    @property
    def is_slow(self) -> bool:
        return self._usual > SLOW_SECONDS

    def note(self, is_accepted: bool, seconds: float, clock: float) -> None:
        """Note an answer, or that there was none, after so many seconds."""
        self._usual = (self._usual + seconds) / 2
        self._in_a_row = 0 if is_accepted else self._in_a_row + 1
        over = self._in_a_row - MAX_IN_A_ROW
        self._until = clock + min(2.0**over, LONGEST_REST) if over >= 0 else 0.0

    def room(self, under_way: int, clock: float) -> int:
        """Return how many requests may begin as far as the target goes."""
        if self._in_a_row >= MAX_IN_A_ROW:
            return 1 if under_way == 0 and clock >= self._until else 0
        most = int(WORK_SECONDS / max(self._usual, WORK_SECONDS / MAX_OF_TRIGGER))
        return max(most, MIN_OF_TRIGGER) - under_way


def room_beside(of_all: int, of_user: int, of_trigger: int, is_slow: bool) -> int:
    """Return how many requests of a trigger may begin beside so many of all, of its user and of itself."""
    free = MAX_OF_ALL - of_all
    return min((free - of_user) // (SLOW_SHARE if is_slow else QUICK_SHARE) - of_trigger, free)
