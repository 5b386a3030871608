"""Time ranges: what the words of From, To and Compare mean in a zone, on the days of clock changes as on others."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.questions.made_questions import ZONES
from tracker.questions import BadQuestion, Head, TimeRange, auto_interval, bucket_begins, resolve

NOW = "2026-11-27T10:30:00Z"


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def resolved(
    begins: str | None,
    ends: str | None,
    compare: str | None = "none",
    zone: str = "Europe/Berlin",
    **more: bool,
) -> TimeRange:
    return resolve(begins, ends, compare, zone, ms(NOW), **more)


@pytest.mark.parametrize(
    ("begins", "ends", "first", "last"),
    [
        (None, None, "2026-11-14T00:00+01:00", "2026-11-28T00:00+01:00"),
        ("2026-11-13", "2026-11-13", "2026-11-13T00:00+01:00", "2026-11-14T00:00+01:00"),
        ("-14d", "yesterday", "2026-11-13T00:00+01:00", "2026-11-27T00:00+01:00"),
        ("-0d", "today", "2026-11-27T00:00+01:00", "2026-11-28T00:00+01:00"),
        ("week", "week", "2026-11-23T00:00+01:00", "2026-11-30T00:00+01:00"),
        ("month", "month", "2026-11-01T00:00+01:00", "2026-12-01T00:00+01:00"),
        ("year", "year", "2026-01-01T00:00+01:00", "2027-01-01T00:00+01:00"),
        ("2026-10-25", "2026-10-25", "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00"),
        ("2026-03-29", "2026-03-29", "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"),
        (
            "2026-11-13T09:00:00+05:45",
            "2026-11-13T09:00:01Z",
            "2026-11-13T09:00:00+05:45",
            "2026-11-13T09:00:01Z",
        ),
        ("2024-02-29", "2026-11-13t09:00Z", "2024-02-29T00:00+01:00", "2026-11-13T09:00Z"),
    ],
)
def test_words_are_days_of_the_zone(begins: str | None, ends: str | None, first: str, last: str) -> None:
    found = resolved(begins, ends)
    assert (found.begins, found.ends) == (ms(first), ms(last))


@pytest.mark.parametrize(
    ("compare", "first", "last", "more"),
    [
        (None, "2026-10-11T00:00+02:00", "2026-10-24T00:00+02:00", {}),
        ("previous", "2026-10-10T00:00+02:00", "2026-10-23T00:00+02:00", {"match_weekday": True}),
        ("year", "2025-10-24T00:00+02:00", "2025-11-06T00:00+01:00", {}),
        ("year", "2025-10-25T00:00+02:00", "2025-11-07T00:00+01:00", {"match_weekday": True}),
        ("2026-10-01", "2026-10-01T00:00+02:00", "2026-10-14T00:00+02:00", {}),
        ("2026-10-01", "2026-10-03T00:00+02:00", "2026-10-16T00:00+02:00", {"match_weekday": True}),
    ],
)
def test_a_range_is_compared_with_as_many_days(
    compare: str | None, first: str, last: str, more: dict[str, bool]
) -> None:
    """From Oct 24 to Nov 5: a day of 25 hours is in it. Oct 24, 2026 is a Saturday."""
    assert resolved("2026-10-24", "2026-11-05", compare, **more).before == (ms(first), ms(last))


def test_between_instants_the_previous_range_is_as_many_milliseconds() -> None:
    found = resolved("2026-10-25T00:00:00Z", "2026-10-25T05:00:00Z", "previous")
    assert found.before == (ms("2026-10-24T19:00:00Z"), ms("2026-10-25T00:00:00Z"))


def test_the_29th_of_february_is_compared_with_the_28th() -> None:
    found = resolved("2024-02-29", "2024-02-29", "year", zone="UTC")
    assert found.before == (ms("2023-02-28T00:00Z"), ms("2023-03-01T00:00Z"))


@pytest.mark.parametrize(
    ("begins", "ends", "compare", "param"),
    [
        ("2026-11-31", None, "none", "from"),
        ("tomorrow", None, "none", "from"),
        ("2026-W01-1", None, "none", "from"),
        ("20261113", None, "none", "from"),
        ("２０２６-11-13", None, "none", "from"),
        ("-99999d", None, "none", "from"),
        ("-9999d", None, "none", "from"),
        ("2026-11-13T09:00", None, "none", "from"),
        ("1969-01-01", None, "none", "from"),
        ("9999-12-31", None, "none", "from"),
        ("9999-12-31T23:59:59-12:00", None, "none", "from"),
        ("-3000d", None, "none", "from"),
        (None, "2026-11-01", "none", "to"),
        (None, "x' OR 1=1", "none", "to"),
        ("today", None, "before", "compare"),
        ("today", None, "2026-11-27", "compare"),
        ("today", None, "1971-02-30", "compare"),
    ],
)
def test_other_words_are_refused_with_the_part_at_fault(
    begins: str | None, ends: str | None, compare: str, param: str
) -> None:
    with pytest.raises(BadQuestion) as refused:
        resolved(begins, ends, compare)
    assert refused.value.param == param


@pytest.mark.parametrize(
    "zone", ["", "Europe", "Mars/Base", "../../etc/passwd", "/etc/passwd", "Europe/Berlin\0", "\n"]
)
def test_what_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(BadQuestion, match="zone"):
        resolved("today", None, zone=zone)


def test_the_day_that_apia_left_out_is_empty() -> None:
    with pytest.raises(BadQuestion, match="To is not after From"):
        resolved("2011-12-30", "2011-12-30", zone="Pacific/Apia")
    days = bucket_begins("day", ms("2011-12-28T12:00Z"), ms("2012-01-02T00:00Z"), "Pacific/Apia")
    assert days == [ms(text) for text in ("2011-12-28T12:00Z", "2011-12-29T10:00Z", "2011-12-30T10:00Z", "2011-12-31T10:00Z", "2012-01-01T10:00Z")]  # fmt: skip


def hours(zone: str, begins: str, ends: str) -> list[str]:
    found = bucket_begins("hour", ms(begins), ms(ends), zone)
    return [f"{datetime.fromtimestamp(each / 1000, ZoneInfo(zone)):%H:%M%z}" for each in found]


def test_both_hours_of_an_autumn_night_are_told_apart() -> None:
    assert hours("Europe/Berlin", "2026-10-24T23:00Z", "2026-10-25T03:00Z") == ["01:00+0200", "02:00+0200", "02:00+0100", "03:00+0100"]  # fmt: skip
    assert hours("Europe/Berlin", "2026-03-29T00:00Z", "2026-03-29T02:00Z") == ["01:00+0100", "03:00+0200"]


def test_hours_are_full_ones_of_the_zone() -> None:
    assert hours("Asia/Kathmandu", "2026-11-13T00:00Z", "2026-11-13T02:00Z") == ["05:45+0545", "06:00+0545", "07:00+0545"]  # fmt: skip
    assert hours("Australia/Lord_Howe", "2026-10-03T14:30Z", "2026-10-03T16:30Z") == [
        "01:00+1030",
        "03:00+1100",
    ]
    assert hours("Australia/Lord_Howe", "2026-04-04T14:00Z", "2026-04-04T16:31Z") == ["01:00+1100", "02:00+1030", "03:00+1030"]  # fmt: skip


@given(st.sampled_from(ZONES), st.integers(10**11, 4 * 10**12), st.integers(1, 300), st.sampled_from(["hour", "day", "week", "month"]))  # fmt: skip
def test_buckets_follow_each_other_and_begin_at_full_units(
    zone: str, begins: int, days: int, interval: str
) -> None:
    ends = begins + (days * 3_600_000 if interval == "hour" else days * 86_400_000)
    found = bucket_begins(interval, begins, ends, zone)
    assert found[0] == begins
    assert found == sorted(set(found))
    assert found[-1] < ends
    for each in found[1:]:
        local = datetime.fromtimestamp(each / 1000, UTC).astimezone(ZoneInfo(zone))
        earlier = datetime.fromtimestamp((each - 1) / 1000, UTC).astimezone(ZoneInfo(zone))
        assert (local.hour if interval == "hour" else local.date()) != (earlier.hour if interval == "hour" else earlier.date())  # fmt: skip
        assert interval != "week" or local.weekday() == 0
        assert interval != "month" or local.day == 1


@given(st.sampled_from(ZONES), st.dates(date(1976, 6, 1), date(2190, 1, 1)), st.integers(1, 900), st.booleans())  # fmt: skip
def test_previous_days_touch_or_keep_their_weekday(
    zone: str, day: date, days: int, match_weekday: bool
) -> None:
    last = day + timedelta(days=days - 1)
    found = resolve(str(day), str(last), "previous", zone, ms(NOW), match_weekday)
    before = resolve(str(day - timedelta(days=-(-days // 7) * 7 if match_weekday else days)), str(last), "none", zone, ms(NOW))  # fmt: skip
    assert found.before is not None
    assert found.before[0] == before.begins
    assert match_weekday or found.before[1] == found.begins


def test_more_points_than_a_chart_shows_are_refused() -> None:
    with pytest.raises(BadQuestion, match="more than 400"):
        bucket_begins("hour", ms(NOW), ms(NOW) + 18 * 86_400_000, "UTC")
    longest = bucket_begins("day", ms(NOW), ms(NOW) + 399 * 86_400_000, "UTC")
    assert len(longest) == 400  # the first and the last are parts of a day
    assert bucket_begins("none", ms(NOW), ms(NOW) + 1, "UTC") == [ms(NOW)]


@given(st.integers(1, 1_827))
def test_auto_gives_a_readable_number_of_points(days: int) -> None:
    begins = ms(NOW)
    ends = begins + days * 86_400_000
    assert 1 < len(bucket_begins(auto_interval(begins, ends), begins, ends, "UTC")) <= 94


def test_a_head_of_an_impossible_range_is_refused() -> None:
    for begins, ends in [(5, 10), (2 * 10**12, 10**12), (10**12, 2 * 10**12), (10**12, 10**20)]:
        with pytest.raises(BadQuestion):
            Head(1, begins, ends)
