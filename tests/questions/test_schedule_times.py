"""When is a mail due, by a clock that jumps too?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.questions import days_before, last_due, next_due

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe", "Asia/Kathmandu")
MOMENTS = st.integers(1_000_000_000_000, 2_000_000_000_000)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@given(st.sampled_from(("day", "week", "month")), st.integers(0, 23), st.sampled_from(ZONES), MOMENTS)
def test_due_moments_follow_each_other(every: str, hour: int, zone: str, now: int) -> None:
    """As the calendar has them: each is the last until the next, and about the days right before it."""
    last, following = last_due(every, hour, zone, now), next_due(every, hour, zone, now)
    assert last <= now < following
    assert last_due(every, hour, zone, following - 1) == last
    assert (last_due(every, hour, zone, following), next_due(every, hour, zone, last)) == (
        following,
        following,
    )
    local = datetime.fromtimestamp(last / 1000, ZoneInfo(zone))
    first, end = days_before(every, zone, last)
    assert first <= end < local.date()
    assert {"day": first == end, "week": first.weekday() == 0, "month": first.day == 1}[every]


@pytest.mark.parametrize(
    ("hour", "due"),
    [
        (1, "2026-03-29 00:00"),
        (2, "2026-03-29 01:00"),  # there is no 2 o'clock that night: when the clock shows 3
        (3, "2026-03-29 01:00"),
        (8, "2026-03-29 06:00"),
    ],
)
def test_an_hour_that_the_clock_leaves_out_is_due_when_it_goes_on(hour: int, due: str) -> None:
    assert last_due("day", hour, "Europe/Berlin", ms("2026-03-29 12:00")) == ms(due)


def test_an_hour_that_comes_twice_is_due_once() -> None:
    """On 25 October 2026 the clock of Berlin shows 2 o'clock at 0:00 and at 1:00 UTC."""
    first = ms("2026-10-25 00:00")
    for later in ("2026-10-25 00:30", "2026-10-25 01:30", "2026-10-25 20:00"):
        assert last_due("day", 2, "Europe/Berlin", ms(later)) == first
    assert next_due("day", 2, "Europe/Berlin", first) == ms("2026-10-26 01:00")


@pytest.mark.parametrize(
    ("every", "days"),
    [
        ("day", ("2026-02-28", "2026-02-28")),
        ("week", ("2026-02-16", "2026-02-22")),
        ("month", ("2026-02-01", "2026-02-28")),
    ],
)
def test_a_mail_is_about_what_was_over_when_it_was_due(every: str, days: tuple[str, str]) -> None:
    due = last_due(every, 8, "Europe/Berlin", ms("2026-03-01 09:00"))
    assert days_before(every, "Europe/Berlin", due) == tuple(map(date.fromisoformat, days))
