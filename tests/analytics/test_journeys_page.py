"""Page of reports: what docs/reports.md says of funnels, retention and their cells is what the code answers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.analytics.copied_world import copy_of
from tests.analytics.test_reports_page import BEGINS, ENDS, NOW, PAGE, ZONE, events, rows
from tests.commands.questions import NO_STEP
from tracker.analytics.queries import run
from tracker.api.cell_params import (
    AttributionCellParams,
    FunnelCellParams,
    PathsCellParams,
    ProductCellParams,
    RetentionCellParams,
)
from tracker.api.funnel_params import INVALID_STEPS
from tracker.api.journey_answers import cohorts_shown, steps_shown
from tracker.api.step_params import read_steps
from tracker.questions import Funnel, FunnelPlan, Goal, Head, Question, Retention, RetentionPlan
from tracker.questions.funnel_plan import ORDERS

DAY = 86_400_000
#: In the second day after Ada's: the first period after hers is over, the third has not begun.
LATER = ENDS + DAY + DAY // 8


def answer(question: Question) -> dict[str, Any]:
    cursor, schema = copy_of(events(), {}, NOW, {})
    with cursor:
        return run(cursor, schema, question)


def no_goal(number: int) -> tuple[str, Goal]:
    raise AssertionError(number)


def funnel(steps: str, order: str) -> list[dict[str, Any]]:
    read = read_steps(json.loads(steps), INVALID_STEPS, no_goal, 2, 8)
    plan: Any = FunnelPlan(tuple(step.goal for step in read), order=order)
    found = answer(Funnel(Head(2, BEGINS, ENDS + DAY, ZONE), plan, has_next=True))
    return steps_shown([step.name for step in read], found["steps"])


def test_every_order_and_every_number_is_defined() -> None:
    assert [row[0] for row in rows("Funnels")] == list(ORDERS)
    shown = steps_shown(["x"], [NO_STEP | {"next": []}])[0]
    assert ["Name", *(row[0] for row in rows("Funnels", 1))] == list(shown)
    cohort = {"begins": 0, "people": 0, "returned": [], "complete": 0}
    [shown] = cohorts_shown(Head(2, BEGINS, ENDS), [cohort])
    assert ["Start", *(row[0] for row in rows("Retention"))] == [*shown, "Average"]


@pytest.mark.parametrize("row", rows("Funnels"), ids=lambda row: row[0])
def test_an_order_of_the_example_is_as_it_says(row: list[str]) -> None:
    order, _, steps, people = row
    assert [step["People"] for step in funnel(steps, order)] == json.loads(people)


def test_the_numbers_of_a_step_are_as_they_say() -> None:
    [steps] = re.findall(r"at the second of `(.+?)` \|", PAGE.read_text())
    _, second = funnel(steps, "in_order")
    for word, _, value in rows("Funnels", 1):
        assert second[word] == json.loads(value), word


def test_the_numbers_of_a_cohort_are_as_they_say() -> None:
    head = Head(2, BEGINS, ENDS, ZONE, now=LATER)
    found = answer(Retention(head, RetentionPlan(interval="day", periods=3)))
    [cohort] = cohorts_shown(head, found["cohorts"])
    for word, _, value in rows("Retention"):
        assert (cohort | {"Average": found["average"]})[word] == json.loads(value), word


def test_a_cell_on_the_page_has_parameters_that_its_report_has() -> None:
    written = re.findall(r'`(\{"Report".+?\})`', PAGE.read_text())
    schemas: dict[str, Any] = {
        "reports.attribution": AttributionCellParams,
        "reports.funnel": FunnelCellParams,
        "reports.paths": PathsCellParams,
        "reports.products": ProductCellParams,
        "reports.retention": RetentionCellParams,
    }
    assert len(written) == len(schemas)
    for text in written:
        cell = json.loads(text)
        schemas[cell.pop("Report")]().load(cell)
