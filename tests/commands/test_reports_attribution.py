"""`reports.attribution`: what is asked reaches the engine, its answer the client, and rows open to people."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.client import Reply
from tests.commands.real_engine import RealEngine
from tests.commands.stub_engine import StubEngine
from tracker.questions import AttributionCell, AttributionPlan, Condition, Goal, Operator
from tracker.times import iso_utc

Report = Callable[..., Reply]
DAY_MS = 86_400_000
TOTAL = {"people": 9, "buyers": 2, "orders": "2", "revenue": {"EUR": "5.00"}, "per_head": {"EUR": "0.555556"}}


def row(value: str | None, **more: Any) -> dict[str, Any]:
    numbers = {"people": 4, "buyers": 1, "orders": "0.5", "revenue": {"EUR": "-5.00"}}
    return {"value": value, **numbers, "first_revenue": {}, "per_head": {"EUR": "-1.25"}, **more}


@pytest.mark.parametrize(
    ("params", "codes"),
    [
        ({"By": "plan"}, [22]),
        ({"By": ["channel"]}, [22]),
        ({"Model": "last"}, [44]),
        ({"Days": 0}, [45]),
        ({"Days": 91}, [45]),
        ({"Conversion": {}}, [46]),
        ({"Conversion": {"Where": [{"Of": "person", "Event": "a", "Is": "happened"}]}}, [46]),
        ({"Conversion": {"GoalID": 2**62}}, [10]),
        ({"Limit": 0}, [24]),
        ({"Cursor": "x"}, [25]),
        ({"By": "x", "Model": "x", "Days": "x"}, [22, 44, 45]),
    ],
)
def test_what_cannot_be_asked_has_its_number(
    engine: StubEngine, report: Report, params: dict[str, Any], codes: list[int]
) -> None:
    answer = report("attribution", **params)
    assert (answer.status, answer.codes) == (422, codes), answer.body
    assert engine.asked == []


def test_a_question_is_asked_as_it_was_sent(engine: StubEngine, report: Report) -> None:
    engine.answers(rows=[], total=TOTAL)
    assert report("attribution").status == 200
    assert engine.question.plan == AttributionPlan("channel", "last_non_direct", 30, None)
    order = {"Event": "order", "Where": [{"Property": "plan", "Is": "is set"}]}
    sent = {"By": "Entry", "Model": "even", "Days": 7, "Conversion": order, "Limit": 3}
    assert report("attribution", **sent).status == 200
    conversion = Goal("order", ((Condition("event", Operator.IS_SET, property="plan"),),))
    assert engine.question.plan == AttributionPlan("entry", "even", 7, conversion)
    assert engine.question.limit == 3


def test_the_answer_is_the_engines_page_by_page_and_as_a_table(engine: StubEngine, report: Report) -> None:
    engine.answers(
        rows=[row("=mail", first_revenue={"GBP": "1.00"}), row(None, revenue={}, per_head={})], total=TOTAL
    )
    first = report("attribution", Limit=2)
    assert first.body["Rows"] == [
        {
            "Value": "=mail", "People": 4, "Buyers": 1, "Orders": "0.5", "Revenue": {"EUR": "-5.00"},
            "FirstRevenue": {"GBP": "1.00"}, "PerPerson": {"EUR": "-1.25"},
        },
        {"Value": None, "People": 4, "Buyers": 1, "Orders": "0.5", "Revenue": {}, "FirstRevenue": {}, "PerPerson": {}},
    ]  # fmt: skip
    assert first.body["Total"] == {
        "People": 9, "Buyers": 2, "Orders": "2", "Revenue": {"EUR": "5.00"}, "PerPerson": {"EUR": "0.555556"},
    }  # fmt: skip
    assert report("attribution", Limit=5, Cursor=first.body["Cursor"]).status == 200
    assert engine.question.offset == 2
    assert report("attribution", Limit=5, Cursor=first.body["Cursor"], Model="first").codes == [25]
    table = report("attribution", Format="csv", Limit=2)
    assert "rows 1 to 2, more may follow" in table.headers["X-Tracker-Notes"]
    assert table.raw.decode() == (
        "Value,People,Buyers,Orders,Revenue EUR,FirstRevenue GBP,PerPerson EUR\r\n"
        "'=mail,4,1,0.5,-5.00,1.00,-1.25\r\n,4,1,0.5,,,\r\n"
    )


CELL = {"Report": "reports.attribution"}


@pytest.mark.parametrize(
    "cell",
    [
        {**CELL, "By": "x"},
        {**CELL, "Is": "left"},
        {**CELL, "Days": 0},
        {**CELL, "Step": 1},
        {**CELL, "Value": "\0"},
    ],
)
def test_a_cell_that_is_none_is_refused(engine: StubEngine, report: Report, cell: dict[str, Any]) -> None:
    answer = report("people", Cell=cell)
    assert (answer.status, answer.codes) == (422, [47]), answer.body
    assert engine.asked == []


def test_a_cell_is_asked_for_as_it_was_sent(engine: StubEngine, report: Report) -> None:
    engine.answers(people=[], total=0)
    for sent, cell in (
        ({"Value": None, "Is": "bought"}, AttributionCell(AttributionPlan(), True, True, None)),
        ({"Value": 7.0, "Model": "even"}, AttributionCell(AttributionPlan(model="even"), False, True, "7")),
        ({"By": "pr"}, AttributionCell(AttributionPlan("pr"))),
    ):
        assert report("people", Cell={**CELL, **sent}).status == 200
        assert engine.question.cell == cell


def order(number: int, worth: str, days: int, **more: Any) -> dict[str, Any]:
    sent = {"conversion-id": number, "conversion-name": "Order", "conversion-value": worth, "currency": "EUR"}
    return {"Event": "conversion", "Properties": sent, "Timestamp": at(days), **more}


def visit(channel: str, days: int, **more: Any) -> dict[str, Any]:
    entry = {"$channel": channel, "$pathname": f"/{channel}"}
    return {"Event": "page_view", "Properties": entry, "Timestamp": at(days), **more}


def at(days: int) -> str:
    return iso_utc(time.time_ns() // 1_000_000 - days * DAY_MS)


BROWSER = "0f8fad5b-d9cb-469f-a165-70867728950e"
ANN = {"Email": "ann@example.com"}


def test_what_a_browser_did_before_it_was_known_is_credited_until_it_is_taken_back(real: RealEngine) -> None:
    """Ann came by Search in a browser that nobody knew, by Email, and directly; then she buys, three times as money goes."""
    real.track(
        visit("Search", 12, UUID=BROWSER),
        {"Event": "identify", "UUID": BROWSER, "Timestamp": at(11), **ANN},
        visit("Email", 6, **ANN),
        visit("Direct", 4, **ANN),
        order(1, "10", 2, **ANN),
        order(1, "10", 2, **ANN),
        order(2, "0.01", 2, Email="ben@example.com"),
    )
    by = {model: credit(real, model) for model in ("last_non_direct", "first", "even")}
    assert by["last_non_direct"] == {"Email": "10.00", "Direct": "0.01"}
    assert by["first"] == {"Search": "10.00", "Direct": "0.01"}
    assert by["even"] == {"Search": "2.00", "Email": "2.00", "Direct": "6.01"}, (
        "five visits, three of them direct"
    )
    opened = real.ask("reports.people", Cell={**CELL, "Model": "first", "Value": "Search", "Is": "bought"})
    assert [each["EmailAddress"] for each in opened["People"]] == ["ann@example.com"]
    taken = {"ListID": real.shop.list_id, "EmailAddress": "ann@example.com", "UUID": BROWSER}
    real.client.ok("subscriber.unmerge", real.shop.key, **taken)
    real.changed()
    assert credit(real, "first") == {"Direct": "10.01"}, "the event that named Ann stays hers"
    real.client.ok(
        "subscriber.forget", real.shop.key, ListID=real.shop.list_id, EmailAddress="ann@example.com"
    )
    real.changed()
    assert credit(real, "first") == {"Direct": "0.01"}


def credit(real: RealEngine, model: str) -> dict[str, str]:
    rows = real.ask("reports.attribution", Model=model)["Rows"]
    return {each["Value"]: each["Revenue"]["EUR"] for each in rows if each["Revenue"]}
