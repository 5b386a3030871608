"""Event match: conditions of goals, held against single events, equal those computed in plain Python."""

from __future__ import annotations

from functools import cache

import duckdb
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analytics.made_events import NAMES, wheres_of, worlds
from tests.analytics.reference_events import fits
from tests.examples import examples
from tracker.analytics.copy.loading import fill_temporary
from tracker.analytics.queries.event_match import COLUMNS, TABLE, matching_ids
from tracker.questions import EventMatch, Goal, decode, encode


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


@settings(max_examples=examples(30))
@given(st.data())
def test_matches_equal_the_reference(data: st.DataObject) -> None:
    _, events, _ = data.draw(worlds())
    named = st.sampled_from(NAMES)
    wheres = data.draw(st.lists(wheres_of(of=("event",)), min_size=1, max_size=3))
    goals = tuple(Goal(data.draw(named), where) for where in wheres)
    match = EventMatch(2, tuple(event["id"] for event in events) or (1,), goals)
    assert decode(orjson.loads(orjson.dumps(encode(match)))) == match
    rest = [orjson.dumps(event["properties"]).decode() for event in events]
    with _engine().cursor() as cursor:
        values = [[event["id"] for event in events], [event["name"] for event in events], rest]
        fill_temporary(cursor, TABLE, COLUMNS, values)
        found = matching_ids(cursor, goals)
    expected = [
        {
            event["id"]
            for event in events
            if event["name"] == goal.event
            and all(any(fits(each, event) for each in group) for group in goal.where)
        }
        for goal in goals
    ]
    assert [set(ids) for ids in found] == expected
