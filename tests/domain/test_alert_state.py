"""Alert states and rules: never two alarms without a recovery in between, whatever is read in whichever order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.alert_rule import CALM_MS, AlertReading, AlertRule, is_bad
from tracker.domain.alert_state import AlertState, Standing, Turn, after_look

LOOKS = st.lists(st.tuples(st.sampled_from([True, False, None]), st.integers(0, 40)), max_size=60)


@given(LOOKS, st.sampled_from([0, 5, 15]))
def test_alarms_and_recoveries_take_turns(looks: list[tuple[bool | None, int]], calm: int) -> None:
    standing, now, turns = Standing(AlertState.OK, 0), 0, []
    well_since: int | None = None
    for bad, pause in looks:
        now += pause
        before = standing
        standing, turn = after_look(standing, bad, now, calm)
        if bad is None:
            assert (standing, turn) == (before, None), "nothing can be said, so nothing changes"
            continue
        well_since = None if bad else now if well_since is None else well_since
        turns += [] if turn is None else [turn]
        assert (standing.state is AlertState.FIRING) == (bool(turns) and turns[-1] is Turn.ALARM)
        if bad:
            assert standing.state is AlertState.FIRING, "what is bad is told at once"
        elif well_since is not None and now - well_since >= calm:
            assert standing.state is AlertState.OK, "what has been well for long enough is well"
        if turn is not None:
            assert standing.since == now
        if turn is Turn.WELL:
            assert now - (now if well_since is None else well_since) >= calm, "never well before its time"
    assert turns == [Turn.ALARM, Turn.WELL] * (len(turns) // 2) + [Turn.ALARM] * (len(turns) % 2)


@pytest.mark.parametrize(
    ("rule", "reading", "bad"),
    [
        (("number", "above", "10"), ("10", None), False),
        (("number", "above", "10"), ("10.5", None), True),
        (("number", "below", "10"), ("9", None), True),
        (("number", "below", "10"), ("10", None), False),
        (("number", "up", "50"), ("30", "20"), True),
        (("number", "up", "50"), ("29", "20"), False),
        (("number", "up", "50"), ("30", "0"), True),
        (("number", "up", "50"), ("19", "0"), False),
        (("number", "up", "50"), ("20", "60"), False),
        (("number", "down", "50"), ("20", "40"), True),
        (("number", "down", "50"), ("0", "19"), False),
        (("number", "down", "50"), ("0", "0"), False),
        (("number", "changed", "50"), ("20", "40"), True),
        (("number", "changed", "50"), ("60", "40"), True),
        (("number", "changed", "50"), ("50", "40"), False),
        (("number", "changed", "0"), ("40", "40"), False),
        (("silence", "not seen", None), ("0", None), True),
        (("silence", "not seen", None), ("1", None), False),
        (("silence", "less than usual", "50"), ("9", "20"), True),
        (("silence", "less than usual", "50"), ("10", "20"), False),
        (("silence", "less than usual", "50"), ("0", "19"), False),
        (("refusals", "above", "3"), ("4", None), True),
        (("refusals", "share above", "5"), ("6", "100"), True),
        (("refusals", "share above", "5"), ("5", "100"), False),
        (("refusals", "share above", "5"), ("19", "19"), False),
        (("refusals", "new origin", None), ("1", None), True),
        (("refusals", "new origin", None), ("0", None), False),
    ],
)
def test_what_is_bad(rule: tuple[str, str, str | None], reading: tuple[str, str | None], bad: bool) -> None:
    kind, word, value = rule
    made = AlertRule(kind, word, value=value, minimum=20, event="order")
    assert is_bad(AlertRule.read(made.stored()), AlertReading.read(AlertReading(*reading).stored())) is bad
    assert is_bad(made, AlertReading(None, trouble="away")) is None


@pytest.mark.parametrize(("hours", "calm"), [(1, CALM_MS), (2, CALM_MS), (24, 3 * 3_600_000)])
def test_how_long_it_has_to_be_well(hours: int, calm: int) -> None:
    assert AlertRule("number", "above", hours, value="1").calm_ms == calm
    assert AlertRule("silence", "not seen", hours, event="order").calm_ms == 0
