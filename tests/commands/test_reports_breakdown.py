"""`reports.breakdown`: what is asked reaches the engine, its answer the client, page by page and as a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop
from tests.commands.stub_engine import StubEngine
from tracker.api.report_cursors import question_number
from tracker.domain.cursors import cursor_of
from tracker.questions import Dimension, Measure

Report = Callable[..., Reply]


def row(*values: str | None, people: int, before: int | None = None) -> dict[str, Any]:
    shown: dict[str, Any] = {"values": list(values), "people": people}
    return shown if before is None else shown | {"before": {"people": before}}


def answered(engine: StubEngine, *rows: dict[str, Any]) -> None:
    engine.answers(rows=list(rows), others={"people": None}, total={"people": 9}, before_total={"people": 8})


@pytest.mark.parametrize(
    ("params", "codes"),
    [
        ({"By": ...}, [26]),
        ({"By": []}, [22]),
        ({"By": [""]}, [22]),
        ({"By": [5]}, [22]),
        ({"By": {"a": 1}}, [22]),
        ({"By": ["a", "b", "c"]}, [22]),
        ({"By": ["a", "a"]}, [22]),
        ({"By": ["a", "event:a"]}, [22]),
        ({"By": "visit-exit:"}, [22]),
        ({"Measures": "people,visits"}, [21]),
        ({"Sort": "visits"}, [23]),
        ({"Sort": "best"}, [23]),
        ({"Limit": 0}, [24]),
        ({"Limit": 1001}, [24]),
        ({"Limit": "x"}, [24]),
        ({"Cursor": "x"}, [25]),
    ],
)
def test_what_cannot_be_asked_has_its_number(
    engine: StubEngine, report: Report, params: dict[str, Any], codes: list[int]
) -> None:
    sent = {name: value for name, value in {"By": "plan", **params}.items() if value is not ...}
    answer = report("breakdown", **sent)
    assert (answer.status, answer.codes) == (422, codes)
    assert engine.asked == []


def test_a_question_is_asked_as_it_was_sent(engine: StubEngine, report: Report) -> None:
    answered(engine)
    sent = {"By": ["visit:$channel", "Event"], "Measures": ["people", "sum:price"], "Sort": "sum:price"}
    assert report("breakdown", **sent, Limit=7).status == 200
    question = engine.question
    assert question.by == (Dimension("visit", "$channel"), Dimension("event"))
    assert (question.order, question.limit, question.offset) == (Measure("sum", "price"), 7, 0)


def test_the_answer_is_the_engines(engine: StubEngine, report: Report) -> None:
    answered(engine, row("<script>", people=5, before=4), row(None, people=2, before=0))
    body = report("breakdown", By="plan").body
    body.pop("Scope")
    assert body == {
        "Status": "ready",
        "Progress": 1.0,
        "Rows": [
            {"Values": ["<script>"], "people": 5, "Before": {"people": 4}},
            {"Values": [None], "people": 2, "Before": {"people": 0}},
        ],
        "Others": {"people": None},
        "Total": {"people": 9},
        "TotalBefore": {"people": 8},
        "Cursor": None,
    }


def test_a_cursor_goes_on_where_the_page_ended(engine: StubEngine, report: Report) -> None:
    answered(engine, row("a", people=5), row("b", people=4))
    first = report("breakdown", By="plan", Limit=2)
    begins = engine.question.head.now
    second = report("breakdown", By="plan", Limit=5, Cursor=first.body["Cursor"])
    assert second.status == 200, second.body
    assert (engine.question.offset, engine.question.limit) == (2, 5)
    assert engine.question.head.now == begins, "today stays what it was on the first page"
    assert second.body["Cursor"] is None


def test_a_cursor_is_good_for_its_question_alone(
    client: InProcess, shop: Shop, engine: StubEngine, report: Report
) -> None:
    answered(engine, row("a", people=5))
    cursor = report("breakdown", By="plan", Limit=1).body["Cursor"]
    for changed in ({"By": "other"}, {"Event": "x"}, {"Compare": "none"}, {"Where": []}, {"From": "-1d"}):
        assert report("breakdown", **{"By": "plan", **changed}, Cursor=cursor).codes == [25]
    assert report("people", Cursor=cursor).codes == [25]


def test_a_cursor_that_is_made_up_gives_no_more_than_its_maker_may_read(
    client: InProcess, shop: Shop, engine: StubEngine, report: Report
) -> None:
    """A stranger may know how a cursor is made, and every number in it: what it opens is a page of a list of theirs."""
    answered(engine, row("a", people=5))
    read = {"ListID": shop.list_id, "MatchWeekday": False, "By": ["plan"], "Measures": ["people"]}
    question = question_number("reports.breakdown", read)
    real = report("breakdown", By="plan", Limit=1).body["Cursor"]
    now = engine.question.head.now
    assert real == cursor_of(shop.list_id, question, (1, now)), "there is no secret in it"
    places = [
        (0, now),
        (-1, now),
        (100_001, now),
        (2**62, now),
        (5, now - 10**8),
        (5, now + 10**8),
        (5, 0),
        (5, -1),
    ]
    for place in places:
        made_up = cursor_of(shop.list_id, question, place)
        assert report("breakdown", By="plan", Cursor=made_up).codes == [25], place
    made_up = cursor_of(shop.list_id, question, (5, now))
    assert report("breakdown", By="plan", Cursor=made_up).status == 200
    stranger = client.open_shop("maker@example.com")
    for list_id, code in ((stranger.list_id, 25), (shop.list_id, 3)):
        sent = {"ListID": list_id, "By": "plan", "Cursor": made_up}
        assert client.call("reports.breakdown", stranger.key, **sent).codes == [code]


def test_a_table_says_when_it_is_cut(engine: StubEngine, report: Report) -> None:
    answered(engine, row("a", people=5), row("b", people=4))
    whole = report("breakdown", By="plan", Format="csv")
    assert engine.question.limit == 1000, "a table has no place for a cursor"
    assert "X-Tracker-Notes" not in whole.headers
    cut = report("breakdown", By="plan", Format="csv", Limit=2)
    told, cursor = cut.headers["X-Tracker-Notes"].split("=")
    assert told == "rows 1 to 2, more may follow: send Cursor"
    rest = report("breakdown", By="plan", Format="csv", Limit=2, Cursor=cursor, Nonsense=1)
    assert engine.question.offset == 2
    assert rest.headers["X-Tracker-Notes"].startswith("unknown parameter Nonsense; rows 3 to 4,")
    report("breakdown", By="plan")
    assert engine.question.limit == 10


def test_a_table_has_a_column_for_each_dimension_and_measure(engine: StubEngine, report: Report) -> None:
    answered(engine, row("+1", None, people=5, before=4), row('a,"b"\n', "@x", people=2, before=0))
    answer = report("breakdown", By=["plan", "visit:$channel"], Format="csv")
    assert answer.raw.decode() == (
        'plan,visit:$channel,people,people before\r\n\'+1,,5,4\r\n"a,""b""\n",\'@x,2,0\r\n'
    )
