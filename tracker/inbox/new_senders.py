"""New senders: how many origins one network may bring to a list in an hour before each of them has to come more than once.

An origin is a word that whoever sends chooses: a stranger needs no more than a loop to bring thousands of them.
"""

from __future__ import annotations

import time
from collections.abc import Hashable

#: Origins that are named at once, and how often a further one has to come.
FREE, OFTEN = 50, 3
#: Origins of one network that are counted, and networks: those that came longest ago are forgotten.
MAX_ORIGINS, MAX_NETWORKS = 200, 1_000
HOUR_SECONDS = 3_600


class NewSenders:
    """Counts origins by network and list, in one process."""

    def __init__(self) -> None:
        self._hour = 0.0
        self._counts: dict[Hashable, dict[str, int]] = {}

    def is_named(self, brought_by: Hashable, origin: str) -> bool:
        """Count an origin, and return whether it is told apart from others."""
        hour = time.monotonic() // HOUR_SECONDS
        if hour != self._hour:
            self._hour, self._counts = hour, {}
        counts = self._counts.pop(brought_by, {})
        count = counts.pop(origin, OFTEN if len(counts) < FREE else 0)
        counts[origin] = min(count + 1, OFTEN)
        self._counts[brought_by] = counts
        if len(counts) > MAX_ORIGINS:
            del counts[next(iter(counts))]
        if len(self._counts) > MAX_NETWORKS:
            del self._counts[next(iter(self._counts))]
        return counts[origin] >= OFTEN
