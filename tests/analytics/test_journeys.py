"""Journeys: funnels, retention and the people in their cells equal those computed in plain Python, whatever the events."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.analytics.copied_world import copy_of
from tests.analytics.made_events import COLUMNS, DAY, NAMES, PROPERTIES, journeys_about, worlds
from tests.analytics.reference_answers import Reference
from tests.analytics.test_queries import rounded
from tests.questions.made_questions import ZONES, dimensions, funnel_plans, goals, retention_plans
from tracker.analytics.queries import run
from tracker.questions import (
    Cell,
    Funnel,
    FunnelCell,
    Head,
    People,
    Retention,
    RetentionCell,
    decode,
    encode,
)


@given(st.data())
def test_answers_equal_the_reference(data: st.DataObject) -> None:
    middle, events, fields = data.draw(worlds())
    question = data.draw(journeys_about(middle, events))
    cursor, schema = copy_of(events, fields, middle, data.draw(st.sampled_from(COLUMNS)))
    with cursor:
        answer = run(cursor, schema, decode(encode(question)))
    assert answer == rounded(Reference(events, fields, middle).answer(question))


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
