"""Journeys of lives: funnels, retention and their people are right on copies that followed links, unlinks and erasures."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.analytics.copied_world import Event
from tests.analytics.copying import Copied
from tests.analytics.reference import events_of_truth
from tests.analytics.reference_answers import Reference
from tests.analytics.test_queries import rounded
from tests.analytics.test_whose_copy import step_of
from tests.examples import seeds
from tests.ingest.real import Real
from tests.ingest.whole_model import Track
from tracker.analytics.copy.copy_tables import read_columns, read_state
from tracker.analytics.queries import CopyColumn, CopySchema, run
from tracker.questions import (
    Funnel,
    FunnelCell,
    FunnelPlan,
    Goal,
    Head,
    People,
    Question,
    Retention,
    RetentionCell,
    RetentionPlan,
)

DAY = 86_400_000
STEPS = (Goal("seen"), Goal("bought"), Goal("seen"))


def questions(events: list[Event]) -> list[Question]:
    """Of all that there is: each order, and the people of some cells."""
    begins, ends = min(event["at"] for event in events), max(event["at"] for event in events) + 1
    head = Head(1, begins, ends, now=ends + 40 * DAY)
    orders: tuple[Any, ...] = ("in_order", "strict", "any")
    plans = [FunnelPlan(STEPS, 7 * DAY, order) for order in orders]
    periods = RetentionPlan(Goal("seen"), interval="month", periods=3)
    cohort = periods.cohorts(begins, ends, "UTC")[0]
    return [
        *(Funnel(head, plan, has_next=True) for plan in plans),
        *(People(head, cell=FunnelCell(plan, 1, is_left=True)) for plan in plans),
        Retention(head, periods),
        *(People(head, cell=RetentionCell(periods, cohort, period)) for period in (0, 1)),
    ]


def check(copied: Copied, real: Real) -> None:
    """Is every answer of the copy the one that plain Python gives from the truth?"""
    copied.follow()
    events = [
        {**event._asdict(), "id": number} for number, event in events_of_truth(real.database, 1).items()
    ]
    columns = {
        each.property: CopyColumn(each.index, each.has_numbers) for each in read_columns(copied.engine, "one")
    }
    state = read_state(copied.engine, "one")
    assert state is not None
    reference = Reference(events, {}, state.as_of)
    for question in questions(events):
        answer = run(copied.engine.cursor(), CopySchema("one", columns), question)
        assert answer == rounded(reference.answer(question)), question


@pytest.mark.parametrize("seed", seeds(2))
def test_numbers_follow_who_is_who(database_url: str, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    real = Real(database_url)
    real.database.upgrade()
    real.apply(1, Track("seen"))
    copied = Copied(real.database, 1, tmp_path / "reports")
    for number in range(60):
        step = step_of(chance)
        if isinstance(step, Track) and chance.random() < 0.4:
            step = step._replace(name="bought")
        real.apply(1, step)
        if number % 15 == 14:
            check(copied, real)
    real.finish()
    check(copied, real)
    copied.close()
    real.close()
