"""Queries: every question's answer equals the one computed in plain Python, whatever the events, names, values and zones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analytics.copied_world import copy_of
from tests.analytics.made_events import COLUMNS, questions_about, worlds
from tests.analytics.reference_answers import Reference
from tracker.analytics.queries import measuring, ranking, run
from tracker.questions import BadQuestion, decode, encode

#: Digits to which fractions agree: sums of binary fractions depend on their order beyond these.
DIGITS = 5


def rounded(value: Any) -> Any:
    """The same with fractions rounded: rates, seconds, averages."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return pytest.approx(value, abs=10**-DIGITS) if isinstance(value, float) else value


#: (values computed in one pass, values whose people are counted before all are, cells counted by bits).
BOUNDS = ((ranking.FEW, ranking.MAX_CANDIDATES, measuring.MAX_CELLS), (0, 2, 0), (1, 3, 70))


@pytest.mark.parametrize(("few", "candidates", "cells"), BOUNDS)
@given(st.data())
def test_answers_equal_the_reference(few: int, candidates: int, cells: int, data: st.DataObject) -> None:
    """Small worlds have few values: with smaller bounds they take the ways of many."""
    middle, events, fields = data.draw(worlds())
    question = data.draw(questions_about(middle, events))
    cursor, schema = copy_of(events, fields, middle, data.draw(st.sampled_from(COLUMNS)))
    with cursor, pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "FEW", few)
        patch.setattr(ranking, "MAX_CANDIDATES", candidates)
        patch.setattr(measuring, "MAX_CELLS", cells)
        try:
            answer = run(cursor, schema, decode(encode(question)))
        except BadQuestion:
            if candidates > 10:  # as many as in earnest: a small world cannot have too many values
                raise
            return
    assert answer == rounded(Reference(events, fields, middle).answer(question))
