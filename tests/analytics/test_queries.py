"""Queries: every question's answer equals the one computed in plain Python, whatever the events, names, values and zones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analytics.copied_world import Event, copy_of
from tests.analytics.made_events import COLUMNS, GAPS, questions_about, worlds
from tests.analytics.reference_answers import Reference
from tests.examples import examples
from tracker.analytics.queries import Workspace, answer_in, measuring, ranking
from tracker.questions import BadQuestion, Head, Question, SegmentSizes, Visit, decode, encode

#: Digits to which fractions agree: sums of binary fractions depend on their order beyond these.
DIGITS = 5


def rounded(value: Any) -> Any:
    """The same with fractions rounded: rates, seconds, averages."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return pytest.approx(value, abs=10**-DIGITS) if isinstance(value, float) else value


#: (values computed in one pass, values whose people are counted before all are, cells counted by bits, events of a value that likely
#: is one person's).
BOUNDS = (
    (ranking.FEW, ranking.MAX_CANDIDATES, measuring.MAX_CELLS, ranking.MOST_OF_ONE),
    (0, 2, 0, 0),
    (1, 3, 70, 500),
)


#: Questions that are about no range of their own.
OF_ALL_TIME = (Visit, SegmentSizes)


@st.composite
def questions_of_a_page(draw: st.DrawFn, middle: int, events: list[Event]) -> list[Question]:
    """One to three questions, most of them with the same head."""
    asked = draw(st.lists(questions_about(middle, events), min_size=1, max_size=3))
    heads = [each.head for each in asked if not isinstance(each, OF_ALL_TIME)]
    shares = draw(st.sampled_from([True, True, False])) and bool(heads)
    return [with_head(each, heads[0]) if shares else each for each in asked]


def with_head(question: Question, head: Head) -> Question:
    """The question with this head, unless it has none or its intervals would be too many."""
    if isinstance(question, OF_ALL_TIME):
        return question
    try:
        return replace(question, head=head)
    except BadQuestion:
        return question


@pytest.mark.parametrize(("few", "candidates", "cells", "ones"), BOUNDS)
@settings(max_examples=examples(30))
@given(st.data())
def test_answers_equal_the_reference(
    few: int, candidates: int, cells: int, ones: int, data: st.DataObject
) -> None:
    """Small worlds have few values: with smaller bounds they take the ways of many. Questions of a page share their workspace."""
    middle, events, fields = data.draw(worlds())
    questions = data.draw(questions_of_a_page(middle, events))
    columns, gap_ms = data.draw(st.sampled_from(COLUMNS)), data.draw(st.sampled_from((0, *GAPS)))
    cursor, schema = copy_of(events, fields, middle, columns, gap_ms)
    reference = Reference(events, fields, middle)
    with cursor, Workspace(cursor) as workspace, pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "FEW", few)
        patch.setattr(ranking, "MAX_CANDIDATES", candidates)
        patch.setattr(ranking, "MOST_OF_ONE", ones)
        patch.setattr(measuring, "MAX_CELLS", cells)
        for question in questions:
            try:
                answer = answer_in(workspace, schema, decode(encode(question)))
            except BadQuestion:
                if candidates > 10:  # as many as in earnest: a small world cannot have too many values
                    raise
                continue
            assert answer == rounded(reference.answer(question))
