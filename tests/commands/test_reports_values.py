"""`reports.values`: what is asked reaches the engine, its answer the client, as JSON and as a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop
from tests.commands.stub_engine import StubEngine
from tracker.questions import Dimension

Report = Callable[..., Reply]


@pytest.mark.parametrize(
    ("params", "codes"),
    [
        ({"By": ...}, [26]),
        ({"By": ["plan"]}, [22]),
        ({"By": "person:Nothing"}, [22]),
        ({"By": "x\0"}, [22]),
        ({"By": "x" * 301}, [22]),
        ({"Limit": 0}, [24]),
        ({"Limit": 1001}, [24]),
        ({"Search": 5}, [30]),
        ({"Search": "x" * 201}, [30]),
        ({"Search": "\0"}, [30]),
        ({"WithHidden": "x"}, [31]),
    ],
)
def test_what_cannot_be_asked_has_its_number(
    engine: StubEngine, report: Report, params: dict[str, Any], codes: list[int]
) -> None:
    sent = {name: value for name, value in {"By": "plan", **params}.items() if value is not ...}
    answer = report("values", **sent)
    assert (answer.status, answer.codes) == (422, codes)
    assert engine.asked == []


def test_values_are_answered_most_frequent_first(engine: StubEngine, report: Report) -> None:
    engine.answers(values=[{"value": "=1+1", "events": 5}, {"value": None, "events": 2}])
    params = {"By": "visit-exit:$pathname", "Search": "%_' --", "Limit": 7, "Event": "seen"}
    answer = report("values", **params)
    assert answer.body["Values"] == [{"Value": "=1+1", "Events": 5}, {"Value": None, "Events": 2}]
    question = engine.question
    assert question.dimension == Dimension("visit", "$pathname", at="exit")
    assert (question.search, question.limit, question.event) == ("%_' --", 7, "seen")
    table = report("values", **params, Format="csv")
    assert "X-Tracker-Notes" not in table.headers
    cut = report("values", **{**params, "Limit": 2}, Format="csv")
    assert cut.headers["X-Tracker-Notes"] == "rows 1 to 2, more may follow: narrow the question"
    assert table.raw == b"Value,Events\r\n'=1+1,5\r\n,2\r\n"


def test_hidden_names_are_left_out_as_in_the_catalogue(
    engine: StubEngine, report: Report, client: InProcess, shop: Shop
) -> None:
    about = {"ListID": shop.list_id}
    for named in ({"Event": "ux_test"}, {"Event": "a"}, {"Property": "plan"}):
        client.ok("event.hide", shop.key, **about, **named)
    engine.answers(values=[{"value": "seen", "events": 5}])

    def found(by: str, **params: Any) -> list[str]:
        return [each["Value"] for each in report("values", By=by, **params).body["Values"]]

    assert (found("Event"), engine.question.left_out) == (["seen"], ("a", "ux_test"))
    assert (found("Event", WithHidden=True), engine.question.left_out) == (["seen"], ())
    assert (found("event:Event"), engine.question.left_out) == (["seen"], ()), "a property of that name"
    for by in ("plan", "visit:plan", "visit-exit:plan"):
        assert found(by) == []
        assert found(by, WithHidden=True) == ["seen"]
