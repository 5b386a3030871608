"""`reports.paths`: what is asked reaches the engine, its answer the client, as JSON and as a table, and nodes open to people."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop
from tests.commands.goals import make_goal
from tests.commands.real_engine import RealEngine
from tests.commands.stub_engine import StubEngine
from tracker.questions import Condition, Dimension, Goal, Operator, PathsCell, PathsPlan

Report = Callable[..., Reply]
CART = Goal(None, ((Condition("event", Operator.EQUALS, property="$pathname", values=("/cart",)),),))
AROUND_CART = {"Property": "$pathname", "Value": "/cart"}


def node(value: str | None, *following: dict[str, Any], **more: Any) -> dict[str, Any]:
    numbers = {"visits": 3, "people": 2, "share": 0.5, "is_end": False, "is_others": False}
    return {"value": value, **numbers, "next": list(following), **more}


@pytest.mark.parametrize(
    ("params", "codes"),
    [
        ({"Around": ...}, [39]),
        ({"Around": None}, [39]),
        ({"Around": ""}, [40]),
        ({"Around": []}, [40]),
        ({"Around": {}}, [40]),
        ({"Around": 5}, [40]),
        ({"Around": "{"}, [40]),
        ({"Around": {"Property": "$pathname"}}, [40]),
        ({"Around": {"Property": "", "Value": "/"}}, [40]),
        ({"Around": {"Property": "a", "Value": None}}, [40]),
        ({"Around": {"Property": "a", "Value": {}}}, [40]),
        ({"Around": {"Property": "a\0", "Value": 1}}, [40]),
        ({"Around": {"Event": "a", "Where": [{"Of": "visit", "Property": "a", "Is": "is set"}]}}, [40]),
        ({"Around": {"Event": "a", "Where": [{"Property": "a", "Is": "matches regex", "Value": "("}]}}, [40]),
        ({"Around": {"GoalID": 2**62}}, [10]),
        ({"Direction": "back"}, [41]),
        ({"Depth": 0}, [42]),
        ({"Depth": 6}, [42]),
        ({"Depth": 5, "Top": 10}, [42]),
        ({"Top": 11}, [43]),
        ({"By": ""}, [22]),
        ({"By": "visit:$pathname"}, [22]),
        ({"By": "person:Plan"}, [22]),
        ({"By": ["Event"]}, [22]),
    ],
)
def test_what_cannot_be_asked_has_its_number(
    engine: StubEngine, report: Report, params: dict[str, Any], codes: list[int]
) -> None:
    sent = {name: value for name, value in {"Around": "seen", **params}.items() if value is not ...}
    answer = report("paths", **sent)
    assert (answer.status, answer.codes) == (422, codes), answer.body
    assert engine.asked == []


@pytest.mark.parametrize(
    "around", [AROUND_CART, {"PROPERTY": "$pathname", "value": "/cart"}, json.dumps(AROUND_CART)]
)
def test_any_event_with_a_value_is_asked_about_by_a_short_form(
    engine: StubEngine, report: Report, around: Any
) -> None:
    engine.answers(visits=0, people=0, nodes=[])
    assert report("paths", Around=around).status == 200
    assert engine.question.plan == PathsPlan(CART, Dimension("event", "$pathname"))


def test_a_goal_of_another_list_is_none(
    client: InProcess, owner: Shop, engine: StubEngine, report: Report
) -> None:
    theirs = {"GoalID": make_goal(client, owner, "For paths")}
    assert report("paths", Around=theirs).codes == [10]
    assert report("attribution", Conversion=theirs).codes == [10]
    assert report("people", Cell={"Report": "reports.paths", "Around": theirs}).codes == [10]
    assert engine.asked == []


def test_a_question_is_asked_as_it_was_sent(
    client: InProcess, shop: Shop, engine: StubEngine, report: Report
) -> None:
    engine.answers(visits=0, people=0, nodes=[])
    goal = make_goal(client, shop, Event="order")
    sent = {"Direction": "before", "Depth": 2, "Top": 7, "By": "Event"}
    assert report("paths", Around={"GoalID": goal}, **sent).status == 200
    assert engine.question.plan == PathsPlan(Goal("order"), Dimension("event"), "before", 2, 7)
    assert report("paths", Around="page_view", By="event:Event").status == 200
    assert engine.question.plan == PathsPlan(Goal("page_view"), Dimension("event", "Event"))


def test_the_answer_is_the_engines(engine: StubEngine, report: Report) -> None:
    ended = node(None, is_end=True)
    engine.answers(visits=6, people=4, nodes=[node("=1", ended), node(None, is_others=True)])
    body = report("paths", Around="seen").body
    assert body["Scope"]["Compare"] is None
    numbers = {"Visits": 3, "People": 2, "Share": 0.5}
    end = {"Value": None, **numbers, "IsEnd": True, "IsOthers": False, "Next": []}
    assert (body["Visits"], body["People"]) == (6, 4)
    assert body["Nodes"] == [
        {"Value": "=1", **numbers, "IsEnd": False, "IsOthers": False, "Next": [end]},
        {"Value": None, **numbers, "IsEnd": False, "IsOthers": True, "Next": []},
    ]
    table = report("paths", Around="seen", Depth=2, Format="csv")
    assert table.raw.decode().split("\r\n") == [
        "step,kind,value 1,value 2,visits,people,share", "1,value,'=1,,3,2,0.5", "2,end,'=1,,3,2,0.5", "1,others,,,3,2,0.5", "",
    ]  # fmt: skip


CELL = {"Report": "reports.paths", "Around": "seen"}


@pytest.mark.parametrize(
    "cell",
    [
        {"Report": "reports.paths"},
        {**CELL, "Depth": 0},
        {**CELL, "Path": "/a"},
        {**CELL, "Path": [None, "/a"]},
        {**CELL, "Path": ["a", "b", "c", "d"]},
        {**CELL, "Path": ["a", "b", "c"], "Others": True},
        {**CELL, "Path": [None], "Others": True},
        {**CELL, "Path": ["\0"]},
        {**CELL, "Others": "maybe"},
        {**CELL, "Is": "left"},
        {**CELL, "By": "visit:x"},
    ],
)
def test_a_cell_that_is_none_is_refused(engine: StubEngine, report: Report, cell: dict[str, Any]) -> None:
    answer = report("people", Cell=cell)
    assert (answer.status, answer.codes) == (422, [47]), answer.body
    assert engine.asked == []


def test_a_path_that_is_too_long_is_told_as_one(report: Report) -> None:
    [row] = report("people", Cell={**CELL, "Path": ["a"] * 50}).body["Errors"]
    assert "Path, with Others, has at most as many steps as Depth: 3" in row["Message"]


def test_a_cell_is_asked_for_as_it_was_sent(engine: StubEngine, report: Report) -> None:
    engine.answers(people=[], total=0)
    assert report("people", Cell=CELL | {"Path": ["/a", None]}).status == 200
    plan = PathsPlan(Goal("seen"), Dimension("event", "$pathname"))
    assert engine.question.cell == PathsCell(plan, ("/a", None))
    assert report("people", Cell=json.dumps(CELL | {"Path": [7.0], "others": "true"})).status == 200
    assert engine.question.cell == PathsCell(plan, ("7",), is_others=True)


def test_paths_of_the_real_engine_open_to_people(real: RealEngine) -> None:
    """Ann goes on to the checkout and buys; Ben looks at the cart twice and leaves; an unlink parts them from what they did."""
    pages = [
        ("ann", "/cart"),
        ("ann", "/cart"),
        ("ann", "/checkout"),
        ("ben", "/"),
        ("ben", "/cart"),
        ("ben", "/cart"),
    ]
    real.track(
        *(
            {"Event": "page_view", "Email": f"{who}@example.com", "Properties": {"$pathname": page}}
            for who, page in pages
        )
    )
    body = real.ask("reports.paths", Around=AROUND_CART)
    assert (body["Visits"], body["People"]) == (2, 2)
    shown = [(each["Value"], each["IsEnd"], each["Visits"], each["Share"]) for each in body["Nodes"]]
    assert shown == [("/checkout", False, 1, 0.5), (None, True, 1, 0.5)]
    for path, address in ((["/checkout"], "ann@example.com"), ([None], "ben@example.com")):
        cell = {"Report": "reports.paths", "Around": AROUND_CART, "Path": path}
        found = real.ask("reports.people", Cell=cell)
        assert (found["Total"], [each["EmailAddress"] for each in found["People"]]) == (1, [address])
    before = real.ask("reports.paths", Around=AROUND_CART, Direction="before", By="$pathname")["Nodes"]
    assert [(each["Value"], each["IsEnd"]) for each in before] == [("/", False), (None, True)]
    real.client.ok(
        "subscriber.forget", real.shop.key, ListID=real.shop.list_id, EmailAddress="ann@example.com"
    )
    real.changed()
    body = real.ask("reports.paths", Around=AROUND_CART)
    assert (body["Visits"], [each["IsEnd"] for each in body["Nodes"]]) == (1, [True])


def test_a_pattern_that_only_the_engine_refuses_is_told_of_the_event(real: RealEngine) -> None:
    real.track({"Event": "seen"})
    real.ask("reports.trend")
    around = {"Event": "seen", "Where": [{"Property": "a", "Is": "matches regex", "Value": "a{1001}"}]}
    assert real.reply("reports.paths", Around=around).refusal == (422, [40])
    assert real.reply("reports.attribution", Conversion=around).refusal == (422, [46])
