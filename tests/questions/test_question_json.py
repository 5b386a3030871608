"""Questions as JSON: whatever can be asked comes back as it was sent, and nothing else is taken."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.questions.made_questions import questions
from tracker.questions import BadQuestion, Head, Measure, Question, Trend, decode, encode


@given(questions())
def test_a_question_comes_back(question: Question) -> None:
    assert decode(orjson.loads(orjson.dumps(encode(question)))) == question


SENT = encode(Trend(Head(1, 10**12, 10**12 + 1), (Measure("people"),), interval="none"))


@pytest.mark.parametrize(
    "sent",
    [
        None,
        [],
        {},
        {"kind": "sql"},
        {**SENT, "kind": "breakdown"},
        {**SENT, "head": None},
        {**SENT, "measures": "people"},
        {**SENT, "measures": None},
        {**SENT, "by": "x"},
        {**SENT, "surplus": 1},
        {**SENT, "head": {**SENT["head"], "before": [1]}},
        {**SENT, "head": {**SENT["head"], "where": [[{"of": "event"}]]}},
        {**SENT, "head": {**SENT["head"], "begins": "x"}},
    ],
)
def test_what_is_no_question_is_refused(sent: Any) -> None:
    with pytest.raises(BadQuestion):
        decode(sent)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_is_refused_by_name(sent: Any) -> None:
    with pytest.raises(BadQuestion):
        decode(sent)
