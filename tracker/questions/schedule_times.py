"""Schedule times: when a mail of each day, week or month is due by a list's clock, and which days it is about."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from tracker.questions.local_days import first_day, local_time, moment_of, next_first_day, zone_of

#: How often mails are sent: each day, each Monday, or on the first day of each month.
EVERY = ("day", "week", "month")
_DAY = timedelta(days=1)


def last_due(every: str, hour: int, zone_name: str, now: int) -> int:
    """Return the last moment until now at which a mail was due, in UTC milliseconds.

    Of an hour that the clock shows twice it is the first; one that it leaves out is due when the clock goes on.
    """
    zone = zone_of(zone_name)
    day = first_day(every, local_time(now, zone).date())
    while (due := moment_of(datetime.combine(day, time(hour)), zone)) > now:
        day = first_day(every, day - _DAY)
    return due


def next_due(every: str, hour: int, zone_name: str, now: int) -> int:
    """Return the first moment after now at which a mail is due."""
    zone = zone_of(zone_name)
    day = first_day(every, local_time(now, zone).date())
    while (due := moment_of(datetime.combine(day, time(hour)), zone)) <= now:
        day = next_first_day(every, day)
    return due


def days_before(every: str, zone_name: str, due: int) -> tuple[date, date]:
    """Return the first and the last day of the day, week or month that was over when a mail was due."""
    last = first_day(every, local_time(due, zone_of(zone_name)).date()) - _DAY
    return first_day(every, last), last
