"""Schedule of visits: more in evenings and on Sundays than at night, and a little more each week."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime
from itertools import accumulate

HOUR_MS = 3_600_000
#: How many come in each hour of a day (UTC), and on each day of the week from Monday on, compared with each other.
HOURS = (6, 4, 3, 2, 2, 4, 9, 16, 24, 30, 33, 34, 36, 33, 30, 31, 34, 40, 48, 56, 60, 52, 34, 16)
WEEKDAYS = (1.0, 0.94, 0.92, 0.96, 0.9, 1.04, 1.24)
#: The last hour has so many times the visitors that the first one has.
GROWTH = 1.6


class Rhythm:
    """The hours of the `days` before `now` (UTC milliseconds), each with its share of the visits."""

    def __init__(self, now: int, days: int) -> None:
        self._start = now - days * 24 * HOUR_MS
        hours = days * 24
        self._sums = list(accumulate(self._weight(hour, hours) for hour in range(hours)))

    def at(self, share: float) -> int:
        """Return the moment, in UTC milliseconds, by which this share of all visits (0 to 1, without 1) has begun."""
        sums = self._sums
        wanted = share * sums[-1]
        hour = min(bisect_right(sums, wanted), len(sums) - 1)
        before = sums[hour - 1] if hour else 0.0
        return self._start + int((hour + (wanted - before) / (sums[hour] - before)) * HOUR_MS)

    def _weight(self, hour: int, hours: int) -> float:
        begins = datetime.fromtimestamp((self._start + hour * HOUR_MS) / 1000, UTC)
        return HOURS[begins.hour] * WEEKDAYS[begins.weekday()] * (1 + (GROWTH - 1) * hour / hours)
