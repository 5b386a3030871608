"""Journeys: funnels, retention and the people in their cells equal those computed in plain Python, whatever the events."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analytics.copied_world import copy_of
from tests.analytics.made_events import COLUMNS, DAY, GAPS, HOUR, NAMES, PROPERTIES, journeys_about, worlds
from tests.analytics.reference_answers import Reference
from tests.analytics.test_hard_questions import event
from tests.analytics.test_queries import rounded
from tests.examples import examples
from tests.questions.made_questions import ZONES, dimensions, funnel_plans, goals, retention_plans
from tracker.analytics.queries import run
from tracker.questions import (
    Cell,
    Funnel,
    FunnelCell,
    FunnelPlan,
    Goal,
    Head,
    People,
    Retention,
    RetentionCell,
    decode,
    encode,
)
from tracker.questions.funnel_plan import ORDERS

BEGINS = 1_796_169_600_000


@settings(max_examples=examples(60))
@given(st.data())
def test_answers_equal_the_reference(data: st.DataObject) -> None:
    middle, events, fields = data.draw(worlds())
    question = data.draw(journeys_about(middle, events))
    columns, gap_ms = data.draw(st.sampled_from(COLUMNS)), data.draw(st.sampled_from((0, *GAPS)))
    cursor, schema = copy_of(events, fields, middle, columns, gap_ms)
    with cursor:
        answer = run(cursor, schema, decode(encode(question)))
    assert answer == rounded(Reference(events, fields, middle).answer(question))


@settings(max_examples=examples(40))
@given(st.data())
def test_every_number_equals_its_people(data: st.DataObject) -> None:
    middle, events, fields = data.draw(worlds())
    head = Head(
        2, middle - 2 * DAY, middle + 3 * DAY, data.draw(st.sampled_from(ZONES)), now=middle + 9 * DAY
    )
    steps = goals(st.sampled_from(NAMES[:3]), st.just(()))
    funnel = replace(
        data.draw(funnel_plans(steps, dimensions(st.sampled_from(PROPERTIES[:3])))), count="people"
    )
    retention = data.draw(retention_plans(steps))
    cursor, schema = copy_of(events, fields, middle, {})
    with cursor:
        answer = run(cursor, schema, Funnel(head, funnel, 20))
        groups = [
            (False, None, answer["steps"]),
            *((True, each["value"], each["steps"]) for each in answer["groups"]),
        ]
        numbers: list[tuple[int, Cell]] = [
            (each["left" if is_left else "people"], FunnelCell(funnel, number, is_left, has_value, value))
            for has_value, value, shown in groups
            for number, each in enumerate(shown, 1)
            for is_left in (False, True)
        ]
        for cohort in run(cursor, schema, Retention(head, retention))["cohorts"][:3]:
            counts = [cohort["people"], *(count for count in cohort["returned"] if count is not None)]
            numbers += [
                (count, RetentionCell(retention, cohort["begins"], period))
                for period, count in enumerate(counts)
            ]
        for number, cell in data.draw(st.permutations(numbers))[:3]:
            assert run(cursor, schema, People(head, cell=cell))["total"] == number, cell


def people_at(events: list[tuple[int, str]], *steps: str, **plan: Any) -> list[int]:
    """How many reach each step, of one visitor with events at these milliseconds."""
    made = [event(number, BEGINS + at, name=name, visitor=1) for number, (at, name) in enumerate(events)]
    cursor, schema = copy_of(made, {}, 0, {})
    with cursor:
        asked = FunnelPlan(tuple(map(Goal, steps)), **{"within_ms": 60_000, **plan})
        answer = run(cursor, schema, Funnel(Head(2, BEGINS, BEGINS + DAY), asked))
    return [step["people"] for step in answer["steps"]]


@pytest.mark.parametrize("order", ORDERS)
def test_the_window_has_its_last_millisecond(order: str) -> None:
    for late, reached in ((60_000, 1), (60_001, 0)):
        assert people_at([(0, "a"), (late, "b")], "a", "b", order=order) == [1, reached]


@pytest.mark.parametrize("order", ["in_order", "strict"])
def test_of_one_millisecond_what_came_first_is_first(order: str) -> None:
    assert people_at([(5, "a"), (5, "b")], "a", "b", order=order) == [1, 1]
    assert people_at([(5, "b"), (5, "a")], "a", "b", order=order) == [1, 0]
    assert people_at([(5, "b"), (5, "a")], "a", "b", order="any") == [1, 1]


def test_one_event_is_one_step_but_in_any_order() -> None:
    for order, people in (("in_order", [1, 1, 0]), ("strict", [1, 1, 0]), ("any", [1, 1, 1])):
        assert people_at([(0, "a"), (1, "a")], "a", "a", "a", order=order) == people


def test_a_later_attempt_may_get_further() -> None:
    events = [(0, "a"), (50_000, "a"), (90_000, "b"), (100_000, "c")]
    assert people_at(events, "a", "b", "c") == [1, 1, 1]
    assert people_at([*events[:1], *events[2:]], "a", "b", "c") == [1, 0, 0]


def test_visits_are_parted_by_silence() -> None:
    events = [(0, "a"), (HOUR, "b"), (HOUR + 5, "a"), (HOUR + 9, "b")]
    assert people_at(events, "a", "b", within_ms=None) == [1, 1]
    assert people_at(events, "a", "b", within_ms=None, count="visits") == [2, 1]
    assert people_at(events[:2], "a", "b", within_ms=None) == [1, 0]


def test_identify_is_nothing_between_unless_a_step_asks_for_it() -> None:
    events = [(0, "a"), (1, "identify"), (2, "b")]
    assert people_at(events, "a", "b", order="strict") == [1, 1]
    assert people_at(events, "a", "identify", "b", order="strict") == [1, 1, 1]
    assert people_at(events, "a", "b", "identify", order="strict") == [1, 0, 0]
    assert people_at([(0, "a"), (1, "x"), (2, "b")], "a", "b", order="strict") == [1, 0]


def test_an_attempt_in_any_order_begins_at_a_step_that_it_reaches() -> None:
    """The third step was first, but the second never came: who stays at the first began with that."""
    events = [event(n, BEGINS + n * HOUR, name=name, visitor=1) for n, name in enumerate(["c", "a"])]
    cursor, schema = copy_of(events, {}, 0, {})
    with cursor:
        plan = FunnelPlan((Goal("a"), Goal("b"), Goal("c")), order="any")
        answer = run(cursor, schema, Funnel(Head(2, BEGINS, BEGINS + 2 * HOUR), plan, interval="hour"))
    assert answer["over"] == [[0, 0, 0], [1, 0, 0]]
