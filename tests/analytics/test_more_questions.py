"""Do answers equal the reference in far more worlds than each run of the tests makes? `make fuzz` asks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analytics import test_journeys, test_queries, test_shop_questions

pytestmark = pytest.mark.fuzz
OF_WORLDS = (
    test_journeys.test_answers_equal_the_reference,
    test_journeys.test_every_number_equals_its_people,
)


def body(test: Any) -> Any:
    """The test below the examples that it is given."""
    return test.hypothesis.inner_test


@given(st.sampled_from(test_queries.BOUNDS), st.data())
def test_of_reports(bounds: tuple[int, int, int, int], data: st.DataObject) -> None:
    body(test_queries.test_answers_equal_the_reference)(*bounds, data)


@pytest.mark.parametrize("test", OF_WORLDS)
@given(data=st.data())
def test_of_journeys(test: Any, data: st.DataObject) -> None:
    body(test)(data)


@given(
    test_shop_questions.shops(),
    test_shop_questions.questions(),
    st.sampled_from(test_shop_questions.COLUMNS),
    st.data(),
)
def test_of_shops(events: Any, question: Any, columns: Any, data: st.DataObject) -> None:
    body(test_shop_questions.test_answers_and_cells_equal_the_reference)(events, question, columns, data)
