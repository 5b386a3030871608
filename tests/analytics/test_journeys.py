"""Journeys: funnels, retention and the people in their cells equal those computed in plain Python, whatever the events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.analytics.copied_world import copy_of
from tests.analytics.made_events import COLUMNS, journeys_about, worlds
from tests.analytics.reference_answers import Reference
from tests.analytics.test_queries import rounded
from tracker.analytics.queries import run
from tracker.questions import decode, encode


@given(st.data())
def test_answers_equal_the_reference(data: st.DataObject) -> None:
    middle, events, fields = data.draw(worlds())
    question = data.draw(journeys_about(middle, events))
    cursor, schema = copy_of(events, fields, middle, data.draw(st.sampled_from(COLUMNS)))
    with cursor:
        answer = run(cursor, schema, decode(encode(question)))
    assert answer == rounded(Reference(events, fields, middle).answer(question))
