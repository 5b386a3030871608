"""`visit.get`: the visit that the engine finds, with the events as the truth has them now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop, Track
from tests.commands.stub_engine import StubEngine
from tests.commands.visits import SHOWN, visit

Report = Callable[..., Reply]


@pytest.mark.parametrize(
    ("params", "code"),
    [({"EventID": ...}, 4), ({"EventID": "x"}, 5), ({"EventID": -1}, 5), ({"EventID": 1.5}, 5)],
)
def test_what_cannot_be_asked_has_its_number(
    engine: StubEngine, report: Report, params: dict[str, Any], code: int
) -> None:
    answer = report("visit.get", **{name: value for name, value in params.items() if value is not ...})
    assert (answer.status, answer.codes) == (422, [code])
    assert engine.asked == []


def test_anothers_list_and_a_missing_one_give_the_same_bytes(
    client: InProcess, engine: StubEngine, report: Report
) -> None:
    stranger = client.open_shop("visit.get@example.com")
    answers = {report("visit.get", ListID=number, EventID=1).raw for number in (stranger.list_id, 2**62)}
    assert answers == {b'{"Errors":[{"Code":3,"Message":"List not found"}]}'}


def test_a_visit_is_shown_with_its_events(
    client: InProcess, shop: Shop, track: Track, engine: StubEngine, report: Report
) -> None:
    uuid = track(Event="first").body["uuid"]
    track(Event="second", UUID=uuid)
    ids = [row[0] for row in client.rows("SELECT id FROM events WHERE list_id = ? ORDER BY id", shop.list_id)]
    [(visitor,)] = client.rows("SELECT id FROM visitors WHERE list_id = ?", shop.list_id)
    engine.answers(visit=visit(visitor), events=[*ids, 2**61])
    body = report("visit.get", EventID=str(ids[0])).body
    assert (body["Status"], body["Visit"]) == ("ready", {**SHOWN, "UUID": uuid})
    assert [event["Event"] for event in body["Events"]] == ["first", "second"]
    question = engine.question
    assert (question.list_id, question.event_id, question.zone) == (shop.list_id, ids[0], "UTC")


def test_an_event_that_is_none_has_its_number(engine: StubEngine, report: Report) -> None:
    engine.answers(visit=None, events=[])
    assert report("visit.get", EventID=7).codes == [6]
    engine.answers(visit=visit(2**61), events=[2**61])
    assert report("visit.get", EventID=7).codes == [6], "whoever was deleted since is not shown"
    engine.reply = {"building": 0.25}
    answer = report("visit.get", EventID=7)
    assert answer.body == {"Status": "building", "Progress": 0.25, "Visit": None, "Events": []}
    engine.reply = {"error": "timeout", "detail": ""}
    assert report("visit.get", EventID=7).codes == [13]
