"""Time ranges: the words of `From`, `To` and `Compare`, resolved to UTC milliseconds in a list's time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tracker.questions.conditions import BadQuestion
from tracker.questions.local_days import (
    DAY_MS,
    day_begins,
    first_day,
    local_time,
    moment_of,
    next_first_day,
    zone_of,
)
from tracker.times import iso_ms, iso_utc

#: Days of a range: five years. Longer ones are rather asked for a year at a time.
MAX_RANGE_DAYS = 1_827
#: Between these lie all times of a question.
FIRST_DATE, LAST_DATE = date(1971, 1, 1), date(2200, 1, 1)
FIRST_MS, LAST_MS = 31_536_000_000, 7_258_118_400_000
CALENDAR = f"times go from {FIRST_DATE} to {LAST_DATE}"
#: Days that `-<n>d` can go back.
MAX_DAYS_BACK = 3_653
#: What a question without times is about, and compared with.
DEFAULT_FROM, DEFAULT_TO, DEFAULT_COMPARE = "-13d", "today", "previous"

FORMS = (
    "it is a day such as 2026-11-13, a time with an offset such as 2026-11-13T09:00:00+01:00, `-14d`, `today`, "
    "`yesterday`, `week`, `month` or `year`"
)
COMPARE_FORMS = (
    "it is `previous`, `year`, `none`, or the day such as 2026-11-13 on which the other range begins"
)
_DAYS_BACK = re.compile(r"-([0-9]{1,4})d")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A half-open range of UTC milliseconds, and the one it is compared with."""

    begins: int
    ends: int
    before: tuple[int, int] | None = None


def resolve(
    begins: str | None,
    ends: str | None,
    compare: str | None,
    zone_name: str,
    now: int,
    match_weekday: bool = False,
) -> TimeRange:
    """Return the range that the words of `From`, `To` and `Compare` mean at this moment.

    A day is included, as the last one too; an instant is the exact end. Raises BadQuestion for other words, and for a range
    that is empty or longer than five years.
    """
    zone = zone_of(zone_name)
    first = _moment("from", DEFAULT_FROM if begins is None else begins, zone, now, is_end=False)
    last = _moment("to", DEFAULT_TO if ends is None else ends, zone, now, is_end=True)
    check_range(first, last)
    return TimeRange(first, last, _before(compare or DEFAULT_COMPARE, first, last, zone, match_weekday))


def moment_of_word(word: str, zone_name: str, now: int, *, is_end: bool = False) -> int:
    """Return the moment that a word of `From`, or with `is_end` of `To`, means. Raises BadQuestion for other words."""
    moment = _moment("at", word, zone_of(zone_name), now, is_end=is_end)
    if not FIRST_MS <= moment <= LAST_MS:
        raise BadQuestion("at", CALENDAR)
    return moment


def check_range(begins: int, ends: int) -> None:
    """Raise BadQuestion if the range is empty, too long, or out of the calendar of questions."""
    if not FIRST_MS <= begins <= LAST_MS or not FIRST_MS <= ends <= LAST_MS:
        raise BadQuestion("from", CALENDAR)
    if ends <= begins:
        raise BadQuestion(
            "to", f"To is not after From: the range would go from {iso_utc(begins)} to {iso_utc(ends)}"
        )
    if ends - begins > (MAX_RANGE_DAYS + 1) * DAY_MS:  # one more: the zone may have changed its clock
        raise BadQuestion("from", f"the range is longer than {MAX_RANGE_DAYS} days: ask for a shorter one")


def _moment(param: str, word: str, zone: ZoneInfo, now: int, *, is_end: bool) -> int:
    """Return the moment that a word stands for; of a day or a longer unit its begin, or its end."""
    if not isinstance(word, str):
        raise BadQuestion(param, FORMS)
    if len(word) > len("2026-11-13"):
        return _instant(param, word)
    unit, day = _unit(param, word, local_time(now, zone).date())
    first = first_day(unit, day)
    return day_begins(next_first_day(unit, first) if is_end else first, zone)


def _instant(param: str, word: str) -> int:
    moment = iso_ms(word)
    if moment is None:
        raise BadQuestion(param, FORMS)
    return moment


def _unit(param: str, word: str, today: date) -> tuple[str, date]:
    if word in ("week", "month", "year"):
        return word, today
    if word in ("today", "yesterday"):
        return "day", today - timedelta(days=word == "yesterday")
    if found := _DAYS_BACK.fullmatch(word):
        back = int(found[1])
        if back > MAX_DAYS_BACK:
            raise BadQuestion(param, f"it goes back {back} days: {MAX_DAYS_BACK} are the most")
        return "day", today - timedelta(days=back)
    return "day", _date(param, word, FORMS)


def _date(param: str, word: str, forms: str) -> date:
    try:
        day = date.fromisoformat(word) if _DATE.fullmatch(word) else None
    except ValueError:  # the 30th of February
        day = None
    if day is None:
        raise BadQuestion(param, forms)
    if not FIRST_DATE < day < LAST_DATE:
        raise BadQuestion(param, CALENDAR)
    return day


def _before(word: str, begins: int, ends: int, zone: ZoneInfo, match_weekday: bool) -> tuple[int, int] | None:
    """Return the range to compare with: as many local days, or for `previous` between instants as many milliseconds."""
    if word == "none":
        return None
    first, last = local_time(begins, zone), local_time(ends, zone)
    is_days = begins == moment_of(_midnight(first), zone) and ends == moment_of(_midnight(last), zone)
    if word == "previous" and not is_days and not match_weekday:
        return begins - (ends - begins), begins
    days = _days_before(word, first, last, match_weekday)
    moved = _moved(first, days, is_days, zone), _moved(last, days, is_days, zone)
    return moved if moved[0] < moved[1] else None


def _days_before(word: str, first: datetime, last: datetime, match_weekday: bool) -> int:
    """Return by how many days the compared range lies before this one."""
    if word == "previous":
        days = max(1, (last.date() - first.date()).days)
        return -(-days // 7) * 7 if match_weekday else days
    if word == "year":
        return 364 if match_weekday else (first.date() - _year_before(first.date())).days
    days = (first.date() - _date("compare", word, COMPARE_FORMS)).days
    if days == 0:
        raise BadQuestion("compare", "the range would be compared with itself")
    return (round(days / 7) or 1) * 7 if match_weekday else days


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _moved(moment: datetime, days: int, is_day: bool, zone: ZoneInfo) -> int:
    day = moment - timedelta(days=days)
    if not FIRST_DATE < day.date() < LAST_DATE:
        raise BadQuestion("compare", CALENDAR)
    return moment_of(_midnight(day) if is_day else day, zone)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
