"""Queries: every question's answer equals the one computed in plain Python, whatever the events, names, values and zones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analytics.copied_world import copy_of
from tests.analytics.made_events import COLUMNS, questions_about, worlds
from tests.analytics.reference_answers import Reference
from tracker.analytics.queries import run
from tracker.questions import decode, encode

#: Digits to which fractions agree: sums of binary fractions depend on their order beyond these.
DIGITS = 5


def rounded(value: Any) -> Any:
    """The same with fractions rounded: rates, seconds, averages."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return pytest.approx(value, abs=10**-DIGITS) if isinstance(value, float) else value


@given(st.data())
def test_answers_equal_the_reference(data: st.DataObject) -> None:
    middle, events, fields = data.draw(worlds())
    question = data.draw(questions_about(middle, events))
    cursor, schema = copy_of(events, fields, middle, data.draw(st.sampled_from(COLUMNS)))
    with cursor:
        answer = run(cursor, schema, decode(encode(question)))
    assert answer == rounded(Reference(events, fields, middle).answer(question))
