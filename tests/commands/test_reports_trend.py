"""`reports.trend`: what is asked reaches the engine, its answer the client, as JSON and as a table."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop
from tests.commands.stub_engine import SCOPE, StubEngine
from tracker.questions import Dimension, Measure

Report = Callable[..., Reply]
DAYS = {"From": "2026-01-30", "To": "2026-01-31", "Interval": "day"}
TIMES = [1_769_731_200_000, 1_769_817_600_000]


def series(measure: str, value: str | None, points: list[Any], before: Any = None) -> dict[str, Any]:
    shown = {"measure": measure, "value": value, "points": points, "total": points[0]}
    return shown | ({} if before is None else {"before": {"points": before, "total": before[0]}})


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Measures": []}, 21),
        ({"Measures": ["persons"]}, 21),
        ({"Measures": ["people", "people"]}, 21),
        ({"Measures": ["sum:"]}, 21),
        ({"Measures": ["people:x"]}, 21),
        ({"Measures": [5]}, 21),
        ({"Measures": {"people": 1}}, 21),
        ({"Measures": ["sum:" + "x" * 2000]}, 21),
        ({"Measures": [f"sum:{number}" for number in range(13)]}, 21),
        ({"By": ""}, 22),
        ({"By": "visit:"}, 22),
        ({"By": "person:Nothing"}, 22),
        ({"By": ["plan"]}, 22),
        ({"By": "x\0"}, 22),
        ({"Interval": "minute"}, 30),
        ({"Interval": "hour", "From": "-60d"}, 30),
        ({"Top": 0}, 31),
        ({"Top": 21}, 31),
    ],
)
def test_what_cannot_be_asked_has_its_number(
    engine: StubEngine, report: Report, params: dict[str, Any], code: int
) -> None:
    answer = report("trend", **params)
    assert (answer.status, answer.codes) == (422, [code])
    assert engine.asked == []


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("Event", Dimension("event")),
        ("event", Dimension("event", "event")),
        ("event:Event", Dimension("event", "Event")),
        ("plan", Dimension("event", "plan")),
        ("og:title", Dimension("event", "og:title")),
        ("event:visit:x", Dimension("event", "visit:x")),
        ("visit:$channel", Dimension("visit", "$channel")),
        ("visit:event:x", Dimension("visit", "event:x")),
        ("visit-exit:$pathname", Dimension("visit", "$pathname", at="exit")),
        ("'; DROP TABLE e; --", Dimension("event", "'; DROP TABLE e; --")),
    ],
)
def test_every_dimension_has_one_spelling(
    engine: StubEngine, report: Report, sent: str, meant: Dimension
) -> None:
    engine.answers(times=[], series=[], has_more=False)
    assert report("trend", By=sent).status == 200
    assert engine.question.by == meant


def test_a_custom_field_is_named_by_alias_or_number(
    client: InProcess, shop: Shop, engine: StubEngine, report: Report
) -> None:
    sent = {"SubscriberListID": shop.list_id, "FieldName": "Plan", "MergeTagAlias": "Plan"}
    field = client.call("customfield.create", shop.key, **sent).body["CustomFieldID"]
    engine.answers(times=[], series=[], has_more=False)
    for named in ("person:plan", f"person:CustomField{field}"):
        assert report("trend", By=named).status == 200
        assert engine.question.by == Dimension("person", field=field)
        weak = client.services.stores.keys.add(shop.user_id, "Reports.Get")
        assert client.call("reports.trend", weak, ListID=shop.list_id, By=named).codes == [403]


def test_a_question_is_asked_as_it_was_sent(engine: StubEngine, report: Report) -> None:
    engine.answers(times=[], series=[], has_more=False)
    hostile = "price'\"; \u202e 🎯"
    sent = {**DAYS, "Measures": ["people", f"median:{hostile}"], "Event": hostile, "Top": 3, "By": hostile}
    assert report("trend", **sent).status == 200
    question = engine.question
    assert question.measures == (Measure("people"), Measure("median", hostile))
    assert (question.event, question.interval, question.top) == (hostile, "day", 3)


@pytest.mark.parametrize(
    ("begins", "interval"), [("-1d", "hour"), ("-13d", "day"), ("-200d", "week"), ("-800d", "month")]
)
def test_an_interval_is_chosen_by_the_length_of_the_range(
    engine: StubEngine, report: Report, begins: str, interval: str
) -> None:
    engine.answers(times=[], series=[], has_more=False)
    assert report("trend", From=begins).body["Interval"] == interval
    assert engine.question.interval == interval


def test_the_answer_is_the_engines(engine: StubEngine, report: Report) -> None:
    money = [{"EUR": "1.50"}, {}]
    engine.answers(
        has_more=False,
        times=TIMES,
        series=[series("people", None, [3, 0], [2, 1]), series("revenue", None, money)],
    )
    body = report("trend", **DAYS, Measures=["people", "revenue"]).body
    assert body.pop("Scope")["Events"] == SCOPE["events"]
    assert body == {
        "Status": "ready",
        "Progress": 1.0,
        "Interval": "day",
        "Times": ["2026-01-30T00:00:00.000+00:00", "2026-01-31T00:00:00.000+00:00"],
        "Series": [
            {
                "Measure": "people",
                "Value": None,
                "Points": [3, 0],
                "Total": 3,
                "Before": {"Points": [2, 1], "Total": 2},
            },
            {"Measure": "revenue", "Value": None, "Points": money, "Total": money[0], "Before": None},
        ],
        "HasMoreValues": False,
    }


def test_a_table_has_a_column_for_each_measure_and_currency(engine: StubEngine, report: Report) -> None:
    engine.answers(
        has_more=False,
        times=TIMES,
        series=[
            series("people", "=cmd()", [3, 1], [2]),
            series("revenue", "=cmd()", [{"EUR": "-1.50"}, {"USD": "7.00"}], [{}]),
        ],
    )
    answer = report("trend", **DAYS, By="x", Measures=["people", "revenue"], Format="csv")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert answer.raw.decode().splitlines() == [
        "time,value,people,revenue EUR,revenue USD,people before,revenue before",
        "2026-01-30T00:00:00.000+00:00,'=cmd(),3,-1.50,,2,",
        "2026-01-31T00:00:00.000+00:00,'=cmd(),1,,7.00,,",
    ]


def test_a_table_has_as_many_values_as_can_be_and_says_that_there_are_more(
    engine: StubEngine, report: Report
) -> None:
    engine.answers(has_more=True, times=TIMES, series=[series("people", "a", [3, 1])])
    answer = report("trend", **DAYS, By="x", Format="csv")
    assert engine.question.top == 20
    told = "values 1 to 20, more follow: narrow the question, or ask reports.breakdown"
    assert answer.headers["X-Tracker-Notes"] == told
    shown = report("trend", **DAYS, By="x")
    assert (engine.question.top, shown.body["HasMoreValues"]) == (5, True)
    assert "X-Tracker-Notes" not in shown.headers
    assert json.loads(answer.headers["X-Tracker-Scope"]) == shown.body["Scope"]
