"""ClickHouse questions: every answer there equals the one computed in plain Python, as in DuckDB, whatever the events and values."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.analytics import (
    copied_world,
    test_hard_questions,
    test_journeys,
    test_queries,
    test_shop_questions,
)
from tests.analytics.clickhouse_server import ClickHouseDouble
from tests.analytics.clickhouse_world import copy_in_clickhouse
from tests.analytics.test_more_questions import body
from tests.examples import examples
from tracker.analytics.clickhouse.clickhouse_client import ClickHouseClient
from tracker.analytics.clickhouse.clickhouse_cursor import ClickHouseCursor
from tracker.analytics.clickhouse.clickhouse_url import ClickHouseURL

pytestmark = pytest.mark.processes
#: Whose examples are answered there; their own tests ask DuckDB.
ASKED = (copied_world, test_hard_questions, test_journeys, test_queries, test_shop_questions)
few = settings(max_examples=examples(6), suppress_health_check=list(HealthCheck), phases=[Phase.generate])


@pytest.fixture(scope="module")
def database(clickhouse: ClickHouseDouble) -> ClickHouseURL:
    return clickhouse.new_database()


@pytest.fixture(scope="module", autouse=True)
def _in_clickhouse(database: ClickHouseURL) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in ASKED:
            patch.setattr(module, "copy_of", partial(copy_in_clickhouse, database))
        yield


@pytest.mark.parametrize(("few_values", "candidates", "cells", "ones"), test_queries.BOUNDS)
@few
@given(st.data())
def test_reports(few_values: int, candidates: int, cells: int, ones: int, data: st.DataObject) -> None:
    body(test_queries.test_answers_equal_the_reference)(few_values, candidates, cells, ones, data)


@few
@given(st.data())
def test_journeys_of_people(data: st.DataObject) -> None:
    body(test_journeys.test_answers_equal_the_reference)(data)


@few
@given(st.data())
def test_journeys_open_to_their_people(data: st.DataObject) -> None:
    body(test_journeys.test_every_number_equals_its_people)(data)


@few
@given(
    test_shop_questions.shops(),
    test_shop_questions.questions(),
    st.sampled_from(test_shop_questions.COLUMNS),
    st.data(),
)
def test_shops(events: Any, question: Any, columns: Any, data: st.DataObject) -> None:
    body(test_shop_questions.test_answers_and_cells_equal_the_reference)(events, question, columns, data)


@pytest.mark.parametrize("night", [test_hard_questions.SPRINGS[0], test_hard_questions.AUTUMNS[1]])
def test_clock_changes(night: int) -> None:
    test_hard_questions.test_clock_changes_are_exact("America/St_Johns", night)


@pytest.mark.parametrize("gap_ms", [0, 1_800_000])
def test_a_visit_of_days(gap_ms: int) -> None:
    test_hard_questions.test_a_visit_of_days_is_cut_around_a_range(gap_ms)


def test_what_is_hard() -> None:
    test_hard_questions.test_many_events_in_one_half_hour_are_of_one_visit()
    test_hard_questions.test_a_pattern_that_explodes_elsewhere_is_matched()
    test_hard_questions.test_money_is_exact()
    test_hard_questions.test_a_goals_pattern_that_is_none_is_the_goals_fault()
    for pattern in ("(", r"(a)\1", "\\"):
        test_hard_questions.test_what_is_no_pattern_is_refused(pattern)
    test_hard_questions.test_hostile_names_and_values_are_told_apart({})


def test_nothing_is_left_on_the_server(database: ClickHouseURL) -> None:
    client, cursor = ClickHouseClient(database), ClickHouseCursor(database)
    cursor.execute("CREATE OR REPLACE TEMP TABLE work_0 AS SELECT $1 AS text", ["a'b\\\t\n" + "x" * 200_000])
    assert cursor.execute("SELECT length(text) FROM temp.work_0").fetchall() == [(200_006,)]
    cursor.close()
    assert client.rows("SHOW TABLES") == client.rows("SHOW TEMPORARY TABLES") == []
    client.close()
