"""Does a clock that jumps delete nothing, and one that is right in the end? Pure, with readings as they come."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tracker.storage.engine.trusted_time import MAX_AHEAD_MS, Reading, judged

HOUR, DAY = 3_600_000, 24 * 3_600_000
NOW = 1_790_000_000_000


def run(reading: Reading, *times: int, ticks: int | None = None) -> Reading:
    """Readings of one process at these times; its own clock goes with them, or on by `ticks`."""
    reading = judged(reading, times[0], 0)
    for before, after in pairwise(times):
        reading = judged(reading, after, after - before if ticks is None else ticks)
    return reading


def hours(first: int, count: int, each: int = HOUR // 6) -> list[int]:
    return list(range(first, first + count * HOUR + 1, each))


def test_a_clock_that_goes_on_is_trusted() -> None:
    assert run(Reading(NOW), *hours(NOW, 100)) == Reading(NOW + 100 * HOUR)
    assert Reading(NOW).trusted(NOW + HOUR) == NOW + HOUR
    assert run(Reading(NOW), NOW + MAX_AHEAD_MS).seen_at == NOW + MAX_AHEAD_MS


def test_one_that_jumped_is_not_nor_after_restarts() -> None:
    ahead = NOW + 40 * DAY
    reading = run(Reading(NOW), *hours(ahead, 5))
    for restart in range(1, 5):
        reading = run(reading, *hours(ahead + restart * 5 * HOUR, 4))
        assert reading.seen_at == NOW
        assert reading.is_ahead(ahead + restart * DAY)
        assert reading.trusted(ahead) == NOW
    assert run(reading, NOW + HOUR) == Reading(NOW + HOUR), "the clock was put right"


def test_after_a_quiet_month_a_day_of_running_is_enough_in_pieces_too() -> None:
    back = NOW + 30 * DAY
    assert run(Reading(NOW), *hours(back, 23)).seen_at == NOW
    assert run(Reading(NOW), *hours(back, 25)).seen_at > back
    reading = Reading(NOW)
    for day in range(3):  # eight hours a day
        assert reading.is_ahead(back + day * DAY)
        reading = run(reading, *hours(back + day * DAY, 8))
    assert not reading.is_ahead(back + 3 * DAY)


def test_what_confirms_is_running_not_the_clock_itself() -> None:
    """It jumps on, an hour a minute, and each process has run for minutes only."""
    ahead = NOW + 40 * DAY
    reading = run(Reading(NOW), *hours(ahead, 100, each=HOUR), ticks=60_000)
    assert reading.seen_at == NOW
    assert run(Reading(NOW), ahead, ahead + 2 * DAY, ahead + 4 * DAY).waited == 0, "a jump begins anew"


def test_many_processes_confirm_no_more_than_one() -> None:
    ahead, reading = NOW + 40 * DAY, Reading(NOW)
    for at in hours(ahead, 20):
        for worker in range(8):
            reading = judged(reading, at + worker, HOUR // 6)
    assert reading.seen_at == NOW
    assert 18 * HOUR < reading.waited < 20.1 * HOUR


@pytest.mark.parametrize("back", [HOUR, DAY, 400 * DAY])
def test_an_earlier_reading_is_taken_at_once(back: int) -> None:
    assert judged(Reading(NOW), NOW - back, 0) == Reading(NOW - back)


def test_of_several_machines_one_that_is_ahead_is_never_believed() -> None:
    reading = Reading(NOW)
    for at in hours(NOW, 100):
        reading = judged(judged(reading, at + 40 * DAY, HOUR // 6), at, HOUR // 6)
    assert reading == Reading(NOW + 100 * HOUR)
