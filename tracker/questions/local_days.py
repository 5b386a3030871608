"""Local days: where hours, days, weeks, months and years of a time zone begin, in UTC milliseconds.

A day begins at the first moment that the zone's clock shows it, so that a day of a clock change has 23 or 25 hours, and a day
that a zone left out (Apia, 30 December 2011) has none.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tracker.questions.conditions import BadQuestion

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
#: Points of a trend: what a chart can show, and an answer of some ten kilobytes.
MAX_BUCKETS = 400

_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
#: Interval -> the longest range in milliseconds for which `auto` chooses it.
_AUTO = (("hour", 2 * DAY_MS), ("day", 93 * DAY_MS), ("week", 400 * DAY_MS))


@functools.lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """Return the zone of an IANA name. Raises BadQuestion for any other text."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a folder of zones is an OSError
        raise BadQuestion("zone", "it is no IANA time zone, such as Europe/Berlin") from error


def local_time(moment: int, zone: ZoneInfo) -> datetime:
    """Return what the zone's clock shows at this moment."""
    return (_EPOCH + moment * _MILLISECOND).astimezone(zone)


def moment_of(local: datetime, zone: ZoneInfo) -> int:
    """Return the first moment at which the zone's clock shows this time or, if it jumps over it, a later one."""
    naive = local.replace(tzinfo=None, fold=0)
    first = _ms(naive.replace(tzinfo=zone))
    if _shown(first, zone) == naive:
        return first
    # The clock jumps over it: somewhere between the two readings of the time.
    low, high = sorted((_ms(naive.replace(tzinfo=zone, fold=1)), first))
    while low < high:
        middle = (low + high) // 2
        if _shown(middle, zone) >= naive:
            high = middle
        else:
            low = middle + 1
    return low


@functools.lru_cache(maxsize=2048)
def day_begins(day: date, zone: ZoneInfo) -> int:
    """Return when a day begins. Days are those of few years and zones, and a trend of a year has 365."""
    return moment_of(datetime.combine(day, time()), zone)


def first_day(interval: str, day: date) -> date:
    """Return the first day of the week, month or year that the day is in; weeks begin on Monday."""
    if interval == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1, **({"month": 1} if interval == "year" else {})) if interval != "day" else day


def next_first_day(interval: str, first: date) -> date:
    """Return the first day of the day, week, month or year after the one that begins on `first`."""
    if interval in ("day", "week"):
        return first + timedelta(days=1 if interval == "day" else 7)
    return first_day(interval, first + timedelta(days=32 if interval == "month" else 367))


def auto_interval(begins: int, ends: int) -> str:
    """Return the interval that shows a range of this length in some ten to ninety points."""
    return next((interval for interval, longest in _AUTO if ends - begins <= longest), "month")


def bucket_begins(interval: str, begins: int, ends: int, zone_name: str) -> list[int]:
    """Return where each bucket of the range begins, the first at `begins` itself. Raises BadQuestion for too many.

    Interval `none` is one bucket. Hours begin where the zone's clock shows a full hour; both of a night in autumn are told apart.
    """
    if interval == "none":
        return [begins]
    zone = zone_of(zone_name)
    steps = _hours(begins, zone) if interval == "hour" else _days(interval, begins, zone)
    found = [begins]
    for step in steps:
        if step >= ends:
            return found
        if step > found[-1]:
            found.append(step)
        if len(found) > MAX_BUCKETS:
            raise BadQuestion(
                "interval", f"the range has more than {MAX_BUCKETS} of `{interval}`: choose a longer one"
            )
    return found


def _hours(begins: int, zone: ZoneInfo) -> Iterator[int]:
    """Each full hour after `begins`. The clock is read anew for each: it may change by half an hour."""
    moment = begins
    while True:
        past = local_time(moment, zone)
        since = (past.minute * 60 + past.second) * 1000 + past.microsecond // 1000
        following = moment - since + HOUR_MS
        after = local_time(following, zone)
        if beyond := after.minute * 60 + after.second:  # the clock changed by a part of an hour
            following += HOUR_MS - beyond * 1000
        yield following
        moment = following


def _days(interval: str, begins: int, zone: ZoneInfo) -> Iterator[int]:
    first = first_day(interval, local_time(begins, zone).date())
    while True:
        first = next_first_day(interval, first)
        yield day_begins(first, zone)


def _shown(moment: int, zone: ZoneInfo) -> datetime:
    return local_time(moment, zone).replace(tzinfo=None, fold=0)


def _ms(local: datetime) -> int:
    return (local.astimezone(UTC) - _EPOCH) // _MILLISECOND
