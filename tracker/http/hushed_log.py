"""Hushed log: lines that clients can cause at will, each kind at most once a minute, with the number of those between."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

SECONDS = 60.0
#: Kinds that are remembered; more at once are one kind.
MAX_KINDS = 200


class HushedLog:
    """Writes warnings of one logger. `clock()` returns seconds that only grow."""

    def __init__(self, log: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._log, self._clock = log, clock
        self._open_at: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    def warn(self, kind: str, text: str, count: int = 1) -> None:
        """Write the text, unless one of its kind was written in the last minute. `count` is what happened."""
        now = self._clock()
        if len(self._open_at) >= MAX_KINDS and kind not in self._open_at:
            self._open_at = {known: at for known, at in self._open_at.items() if at > now}
            kind = kind if len(self._open_at) < MAX_KINDS else ""
        self._counts[kind] = self._counts.get(kind, 0) + count
        if self._open_at.get(kind, now) <= now:
            self._open_at[kind] = now + SECONDS
            self._log.warning("%s (%d since the last such line)", text, self._counts.pop(kind))
