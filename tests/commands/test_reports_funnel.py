"""`reports.funnel`: steps reach the engine as they were sent, its answer the client, and its numbers open to people."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop
from tests.commands.goals import RULE, make_goal
from tests.commands.questions import EQUALS, NO_STEP
from tests.commands.real_engine import RealEngine
from tests.commands.stub_engine import StubEngine
from tracker.questions import Condition, Dimension, Goal, Operator

Report = Callable[..., Reply]
DAY = 86_400_000
PRO = ((Condition("event", Operator.EQUALS, property="plan", values=("pro",)),),)
ANN, BEN = "ann@example.com", "ben@example.com"


def step(people: int, **more: Any) -> dict[str, Any]:
    return {**NO_STEP, "people": people, **more}


def answered(engine: StubEngine, *steps: dict[str, Any], **more: Any) -> None:
    engine.answers(**{"steps": list(steps), "groups": [], "times": [], "over": [], "before": None, **more})


@pytest.mark.parametrize(
    ("params", "codes", "told"),
    [
        ({"Steps": ...}, [30], ""),
        ({"Steps": []}, [31], "2 to 8"),
        ({"Steps": ["a"]}, [31], "2 to 8"),
        ({"Steps": ["a"] * 9}, [31], "2 to 8"),
        ({"Steps": "a"}, [31], "2 to 8"),
        ({"Steps": "["}, [31], "2 to 8"),
        ({"Steps": {"Event": "a"}}, [31], "2 to 8"),
        ({"Steps": ["a", ""]}, [31], "Steps[1] is no step"),
        ({"Steps": ["a", 5]}, [31], "Steps[1] is no step"),
        ({"Steps": ["a", "{"]}, [31], "Steps[1] is no step"),
        ({"Steps": ["a", {}]}, [31], "Steps[1] names no event"),
        ({"Steps": ["a", {"Where": []}]}, [31], "Steps[1] names no event"),
        ({"Steps": ["a", {"Event": " "}]}, [31], "Steps[1].Event is no name"),
        ({"Steps": ["a", {"Event": "\0"}]}, [31], "Steps[1]"),
        ({"Steps": ["a", {"Event": "a", "Evnt": "b"}]}, [31], "The keys are"),
        ({"Steps": ["a", {"Event": "a", "Name": 5}]}, [31], "Steps[1].Name is no name"),
        ({"Steps": ["a", {"Event": "a", "Name": "x" * 101}]}, [31], "Steps[1].Name is no name"),
        ({"Steps": ["a", {"Event": "a", "Where": [{**EQUALS, "Is": "is"}]}]}, [31], "Steps[1].Where[0].Is"),
        ({"Steps": ["a", {"Event": "a", "Where": [{**EQUALS, "Of": "visit"}]}]}, [31], "Steps[1]"),
        ({"Steps": ["a", {"Where": [{**EQUALS, "Is": "matches regex", "Value": "("}]}]}, [31], "no regular expression"),
        ({"Steps": ["a", {"GoalID": "x"}]}, [31], "Steps[1].GoalID is no number"),
        ({"Steps": ["a", {"GoalID": 5, "Event": "a"}]}, [31], "Steps[1] is a goal"),
        ({"Steps": ["a", {"GoalID": 2**62}]}, [10], ""),
        ({"Steps": [{"Where": [EQUALS] * 26}] * 2}, [31], "50 are the most"),
        ({"Within": ""}, [32], ""),
        ({"Within": "7"}, [32], "30m, 12h or 7d"),
        ({"Within": "0d"}, [32], ""),
        ({"Within": "91d"}, [32], "Within parameter: Minutes, hours or days"),
        ({"Within": "129601m"}, [32], "Within parameter: Minutes, hours or days"),
        ({"Within": "day"}, [32], ""),
        ({"Order": "backwards"}, [33], ""),
        ({"Count": "events"}, [34], ""),
        ({"Interval": "auto"}, [35], ""),
        ({"Interval": "hour", "From": "-90d"}, [35], "400"),
        ({"By": "visit:"}, [22], ""),
        ({"By": "person:Nothing"}, [22], ""),
        ({"Top": 21}, [43], ""),
        ({"Next": "x"}, [48], ""),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_has_its_number_and_place(
    engine: StubEngine, report: Report, params: dict[str, Any], codes: list[int], told: str
) -> None:
    sent = {name: value for name, value in {"Steps": ["a", "b"], **params}.items() if value is not ...}
    answer = report("funnel", **sent)
    assert (answer.status, answer.codes) == (422, codes)
    assert told in json.dumps(answer.body)
    assert engine.asked == []


def test_a_question_is_asked_as_it_was_sent(
    client: InProcess, shop: Shop, engine: StubEngine, report: Report
) -> None:
    answered(engine, *[NO_STEP] * 4)
    goal = make_goal(client, shop, Where=RULE)
    steps = [
        "page_view",
        {"event": "seen", "WHERE": [EQUALS]},
        {"Where": [EQUALS], "Name": "Pro"},
        {"GoalID": goal},
    ]
    more = {"Order": "any", "By": "visit:$channel", "Top": 3, "Interval": "day", "Next": True}
    body = report("funnel", Steps=steps, Within="90m", **more).body
    assert [each["Name"] for each in body["Steps"]] == ["page_view", "seen", "Pro", "Big order"]
    question = engine.question
    worth = Condition("event", Operator.AT_LEAST, property="conversion-value", values=("100",))
    assert question.plan.steps == (
        Goal("page_view"), Goal("seen", PRO), Goal(None, PRO), Goal("conversion", ((worth,),)),
    )  # fmt: skip
    assert (question.plan.within_ms, question.plan.order, question.plan.count) == (
        90 * 60_000,
        "any",
        "people",
    )
    assert (question.plan.by, question.top, question.interval) == (Dimension("visit", "$channel"), 3, "day")
    assert question.has_next


def test_a_goal_of_another_list_is_no_step(
    client: InProcess, owner: Shop, engine: StubEngine, report: Report
) -> None:
    theirs = make_goal(client, owner, "A step")
    assert report("funnel", Steps=["seen", {"GoalID": theirs}]).codes == [10]
    assert engine.asked == []


@pytest.mark.parametrize(
    ("params", "within"),
    [
        ({}, 7 * DAY),
        ({"Within": "visit"}, None),
        ({"Count": "visits"}, None),
        ({"Count": "visits", "Within": "12h"}, DAY // 2),
    ],
)
def test_the_window_is_a_week_or_the_visit(
    engine: StubEngine, report: Report, params: dict[str, Any], within: int | None
) -> None:
    answered(engine, NO_STEP, NO_STEP)
    assert report("funnel", Steps=["a", "b"], **params).status == 200
    assert engine.question.plan.within_ms == within


@pytest.mark.parametrize(
    "query",
    [
        {"Steps": '["seen", {"Event": "conversion", "Name": "Order"}]'},
        {"steps[]": ["seen", '{"Event": "conversion", "Name": "Order"}']},
        {"Steps[0]": "seen", "Steps[1][Event]": "conversion", "Steps[1][Name]": "Order"},
    ],
)
def test_a_query_string_asks_as_json_does(
    client: InProcess, shop: Shop, engine: StubEngine, query: dict[str, Any]
) -> None:
    answered(engine, NO_STEP, NO_STEP)
    answer = client.get("/api/v1/reports.funnel", shop.key, params={"ListID": shop.list_id, **query})
    assert answer.status == 200, answer.text
    assert engine.question.plan.steps == (Goal("seen"), Goal("conversion"))
    assert [each["Name"] for each in answer.body["Steps"]] == ["seen", "Order"]


def test_the_answer_is_the_engines(engine: StubEngine, report: Report) -> None:
    went = [{"event": "page_view", "page": "/", "people": 2}, {"event": None, "page": None, "people": 1}]
    first = step(5, of_first=1.0, left=3, revenue={"EUR": "5.00"}, next=went)
    last = step(2, of_first=0.4, of_before=0.4, seconds=93.5, next=[])
    group = {"value": None, "steps": [step(1), step(0)]}
    answered(engine, first, last, groups=[group], times=[0], over=[[5, 2]], before=[step(4), step(1)])
    body = report("funnel", Steps=["seen", "conversion"]).body
    assert body["Steps"][0] == {
        "Name": "seen",
        "People": 5,
        "OfFirst": 1.0,
        "OfBefore": None,
        "MedianSeconds": None,
        "Left": 3,
        "Revenue": {"EUR": "5.00"},
        "Next": [
            {"Event": "page_view", "Page": "/", "People": 2},
            {"Event": None, "Page": None, "People": 1},
        ],
    }
    assert body["Steps"][1]["MedianSeconds"] == 93.5
    assert [(each["Value"], [one["People"] for one in each["Steps"]]) for each in body["Groups"]] == [
        (None, [1, 0])
    ]
    assert (body["Times"], body["Over"]) == (["1970-01-01T00:00:00.000+00:00"], [{"Steps": [5, 2]}])
    assert [one["People"] for one in body["Before"]] == [4, 1]


def test_a_table_is_of_steps_of_groups_or_of_times(engine: StubEngine, report: Report) -> None:
    asked = {"Steps": ["seen", {"Event": "conversion", "Name": "=Order"}], "Format": "csv"}
    shown = [step(5, of_first=1.0, revenue={"EUR": "5.00"}), step(2, seconds=1.5)]
    answered(engine, *shown)
    assert report("funnel", **asked).raw.decode().splitlines() == [
        "Step,Name,People,OfFirst,OfBefore,MedianSeconds,Left,Revenue EUR",
        "1,seen,5,1.0,,,0,5.00",
        "2,'=Order,2,,,1.5,0,",
    ]
    answered(engine, *shown, groups=[{"value": "pro", "steps": shown}])
    assert report("funnel", **asked, By="plan").raw.decode().splitlines()[:2] == [
        "plan,Step,Name,People,OfFirst,OfBefore,MedianSeconds,Left,Revenue EUR",
        "pro,1,seen,5,1.0,,,0,5.00",
    ]
    answered(engine, *shown, times=[0], over=[[5, 2]])
    assert report("funnel", **asked, Interval="day").raw.decode().splitlines() == [
        "time,seen,'=Order",
        "1970-01-01T00:00:00.000+00:00,5,2",
    ]


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"By": "plan"}, None),
        ({"Interval": "day"}, None),
        ({"By": "plan", "Interval": "day"}, "By is in no table with Interval: send one of them"),
        ({"Next": True}, "Next is in no table: ask without Format"),
    ],
)
def test_what_a_table_has_no_place_for_is_told(
    engine: StubEngine, report: Report, params: dict[str, Any], told: str | None
) -> None:
    answered(engine, step(5), step(2), times=[0], over=[[5, 2]])
    answer = report("funnel", Steps=["a", "b"], Format="csv", **params)
    assert (answer.status, answer.headers.get("X-Tracker-Notes")) == (200, told)


def test_a_steps_pattern_that_the_engine_refuses_is_the_steps_fault(
    engine: StubEngine, report: Report
) -> None:
    engine.reply = {"error": "bad_step", "detail": "`((a{100}){100}){100}` is no regular expression"}
    for command, params, code in (
        ("funnel", {"Steps": ["a", "b"]}, 31),
        ("retention", {}, 36),
        ("people", {"Cell": {"Report": "reports.funnel", "Steps": ["a", "b"], "Step": 1}}, 47),
    ):
        assert report(command, **params).codes == [code]


def test_numbers_open_to_their_people(real: RealEngine) -> None:
    """Ann looked before she gave her address, in another browser than the one that bought; Ben and somebody unknown left."""
    browser = "0f8fad5b-d9cb-469f-a165-70867728950e"
    order = {"conversion-name": "Order", "conversion-id": 1, "conversion-value": 12.5, "currency": "EUR"}
    moments = [f"2026-01-31T10:0{minute}:00Z" for minute in range(5)]
    real.track(
        {"Event": "seen", "UUID": browser, "Timestamp": moments[0]},
        {"Event": "identify", "UUID": browser, "Email": ANN, "Timestamp": moments[1]},
        {"Event": "conversion", "Email": ANN, "Properties": order, "Timestamp": moments[3]},
        {"Event": "seen", "Email": BEN, "Timestamp": moments[2]},
        {"Event": "page_view", "Email": BEN, "Properties": {"$pathname": "/faq"}, "Timestamp": moments[3]},
        {"Event": "seen", "Timestamp": moments[4]},
    )
    asked = {"From": "2026-01-31", "To": "2026-01-31", "Compare": "none"}
    plan = {"Steps": ["seen", "conversion"], "Within": "1h"}
    first, last = real.ask("reports.funnel", **asked, **plan, Next=True)["Steps"]
    assert (first["People"], first["Left"], first["Revenue"]) == (3, 2, {"EUR": "12.50"})
    assert first["Next"] == [
        {"Event": "page_view", "Page": "/faq", "People": 1},
        {"Event": None, "Page": None, "People": 1},
    ]
    assert (last["People"], last["OfFirst"], last["MedianSeconds"]) == (1, 0.333333, 180.0)
    for place, addresses in (
        ({"Step": 1}, [ANN, BEN, None]),
        ({"Step": 1, "Is": "left"}, [BEN, None]),
        ({"Step": 2}, [ANN]),
        ({"Step": 2, "Is": "left"}, []),
    ):
        cell = {"Report": "reports.funnel", **plan, **place}
        found = real.ask("reports.people", **asked, Cell=cell, Sort="FirstSeenAt")
        assert found["Total"] == len(addresses)
        assert sorted(str(one["EmailAddress"]) for one in found["People"]) == sorted(map(str, addresses))
