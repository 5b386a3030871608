"""`reports.retention`: what is asked reaches the engine, its answer the client, and its numbers open to people."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop
from tests.commands.goals import make_goal
from tests.commands.questions import EQUALS
from tests.commands.real_engine import RealEngine
from tests.commands.stub_engine import StubEngine
from tracker.questions import ANYTHING, Condition, Goal, Operator

Report = Callable[..., Reply]
ANN, BEN = "ann@example.com", "ben@example.com"


@pytest.mark.parametrize(
    ("params", "code", "told"),
    [
        ({"Interval": "hour"}, 35, ""),
        ({"Interval": "day", "From": "-500d"}, 35, "400"),
        ({"First": {}}, 36, "First names no event"),
        ({"First": ["a"]}, 36, "First is no step"),
        ({"First": {"GoalID": 0}}, 36, "First.GoalID"),
        ({"Return": ""}, 37, "Return is no step"),
        ({"Return": {"Event": "a", "Where": [{**EQUALS, "Of": "person"}]}}, 37, "Return"),
        ({"First": {"Where": [EQUALS] * 26}, "Return": {"Where": [EQUALS] * 26}}, 36, "50 are the most"),
        ({"Return": {"GoalID": 2**62}}, 10, ""),
        ({"Periods": 0}, 38, ""),
        ({"Periods": 25}, 38, ""),
    ],
)
def test_what_cannot_be_asked_has_its_number(
    engine: StubEngine, report: Report, params: dict[str, Any], code: int, told: str
) -> None:
    answer = report("retention", **params)
    assert (answer.status, answer.codes) == (422, [code])
    assert told in json.dumps(answer.body)
    assert engine.asked == []


def test_a_question_is_asked_as_it_was_sent(
    client: InProcess, shop: Shop, engine: StubEngine, report: Report
) -> None:
    engine.answers(cohorts=[], average=[])
    assert report("retention").status == 200
    plan = engine.question.plan
    assert (plan.first, plan.again, plan.interval, plan.periods) == (ANYTHING, ANYTHING, "week", 8)
    goal = make_goal(client, shop, Where=[])
    first = json.dumps({"Event": "seen", "Where": [EQUALS]})
    assert (
        report("retention", First=first, Return={"GoalID": goal}, Interval="month", Periods=24).status == 200
    )
    plan = engine.question.plan
    pro = Condition("event", Operator.EQUALS, property="plan", values=("pro",))
    assert (plan.first, plan.again) == (Goal("seen", ((pro,),)), Goal("conversion"))
    assert (plan.interval, plan.periods) == ("month", 24)


def test_the_answer_is_the_engines(engine: StubEngine, report: Report) -> None:
    cohort = {"begins": 0, "people": 3, "returned": [2, None], "complete": 1}
    engine.answers(cohorts=[cohort], average=[0.666667, None])
    body = report("retention", Periods=2).body
    start = "1970-01-01T00:00:00.000+00:00"
    assert body["Cohorts"] == [{"Start": start, "People": 3, "Returned": [2, None], "Complete": 1}]
    assert body["Average"] == [0.666667, None]
    table = report("retention", Periods=2, Format="csv").raw.decode().splitlines()
    assert table == ["Start,People,1,2", f"{start},3,2,"]


def test_numbers_open_to_their_people(real: RealEngine) -> None:
    """Ann begins on Monday and is back on Wednesday, Ben begins on Tuesday and never is."""
    real.track(
        {"Event": "seen", "Email": ANN, "Timestamp": "2026-01-05T10:00:00Z"},
        {"Event": "seen", "Email": ANN, "Timestamp": "2026-01-07T10:00:00Z"},
        {"Event": "seen", "Email": BEN, "Timestamp": "2026-01-06T10:00:00Z"},
    )
    asked = {"From": "2026-01-05", "To": "2026-01-06"}
    plan = {"First": "seen", "Return": {"Event": "seen"}, "Interval": "day", "Periods": 2}
    answer = real.ask("reports.retention", **asked, **plan)
    assert [(each["People"], each["Returned"], each["Complete"]) for each in answer["Cohorts"]] == [
        (1, [0, 1], 2),
        (1, [0, 0], 2),
    ]
    assert answer["Average"] == [0.0, 0.5]
    for place, addresses in (
        ({"Cohort": "2026-01-05"}, [ANN]),
        ({"Cohort": answer["Cohorts"][0]["Start"], "Period": 2}, [ANN]),
        ({"Cohort": "2026-01-05", "Period": 1}, []),
        ({"Cohort": "2026-01-06", "Period": 0}, [BEN]),
    ):
        cell = {"Report": "reports.retention", **plan, **place}
        found = real.ask("reports.people", **asked, Cell=json.dumps(cell))
        assert [one["EmailAddress"] for one in found["People"]] == addresses
        assert found["Total"] == len(addresses)
