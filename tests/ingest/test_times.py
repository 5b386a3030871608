"""Which spellings of a time are read, and when did an event happen?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.event_time import MAX_FUTURE_MS, MAX_PAST_MS, SKEW_MS, event_time, is_event_time
from tracker.times import iso_utc, time_ms

NOON = 1_767_268_800_000  # 2026-01-01T12:00:00Z
INSTANTS = st.integers(0, 253_402_300_799_999)


@pytest.mark.parametrize(
    "spelling",
    [
        "2026-01-01T12:00:00Z",
        "2026-01-01T12:00Z",
        "2026-01-01 13:00:00+01:00",
        "2026-01-01T13:00:00.000+0100",
        "2026-01-01T06:30:00,000000-05:30",
        1_767_268_800,
        1_767_268_800.0,
        1_767_268_800_000,
        "1767268800",
        "1767268800.000",
        "1767268800000",
    ],
)
def test_one_instant_in_many_spellings(spelling: Any) -> None:
    assert time_ms(spelling) == NOON


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "2026-01-01", "2026-01-01T12:00:00", "2026-02-30T12:00:00Z", "2026-01-01T25:00:00Z", "2026-W01-1T12:00Z",
        "１７６７２６８８００", "1_767_268_800", "-1", "1e9", True, None, [], {}, -1, 10**18, float("inf"), float("nan"),
        "0001-01-01T00:00:00+23:59\n", "9" * 400,
    ],
)  # fmt: skip
def test_what_is_no_time(text: Any) -> None:
    assert time_ms(text) is None


@given(INSTANTS)
def test_what_we_write_we_read(instant: int) -> None:
    assert time_ms(iso_utc(instant)) == instant


@given(INSTANTS, st.integers(-23 * 60, 23 * 60))
def test_an_offset_names_the_same_instant(instant: int, minutes: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant)
    try:
        elsewhere = moment.astimezone(timezone(timedelta(minutes=minutes)))
    except OverflowError:  # beyond the calendar's ends there is no such spelling
        return
    assert time_ms(elsewhere.isoformat(timespec="milliseconds")) == instant


@given(st.text() | st.floats() | st.integers() | st.booleans())
def test_any_value_is_a_time_or_none(value: Any) -> None:
    found = time_ms(value)
    assert found is None or 0 <= found <= 253_402_300_800_000


@given(st.integers(-SKEW_MS, SKEW_MS), st.integers(-(10**9), 0))
def test_a_clock_right_within_a_minute_is_never_touched(skew: int, ago: int) -> None:
    assert event_time(NOON, NOON + skew + ago, NOON + skew) == NOON + skew + ago


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(-(10**9), 0), min_size=2))
def test_events_of_one_request_keep_order_and_spacing(skew: int, agos: list[int]) -> None:
    sent = NOON + skew
    times = [event_time(NOON, sent + ago, sent) for ago in agos]
    assert [one - times[0] for one in times] == [ago - agos[0] for ago in agos]


@given(st.integers(SKEW_MS + 1, 10**12), st.sampled_from([-1, 1]), st.integers(-(10**9), 0))
def test_a_wrong_clock_is_corrected_by_its_error(error: int, sign: int, ago: int) -> None:
    skew = sign * error
    assert event_time(NOON, NOON + skew + ago, NOON + skew) == NOON + ago


@given(st.integers(-(10**12), 10**12))
def test_without_a_time_of_sending_the_claim_stands(offset: int) -> None:
    assert event_time(NOON, NOON + offset, None) == NOON + offset
    assert event_time(NOON, None, NOON + offset) == NOON


def test_how_far_ahead_and_how_long_ago() -> None:
    assert is_event_time(NOON + MAX_FUTURE_MS, NOON)
    assert not is_event_time(NOON + MAX_FUTURE_MS + 1, NOON)
    assert is_event_time(NOON - MAX_PAST_MS, NOON)
    assert not is_event_time(NOON - MAX_PAST_MS - 1, NOON)
