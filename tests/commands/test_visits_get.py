"""`visits.get`: the visits of the engine's answer, with the people as the truth has them now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop, Track
from tests.commands.stub_engine import StubEngine
from tests.commands.visits import SHOWN, visit

Report = Callable[..., Reply]


@pytest.mark.parametrize(
    ("params", "code"), [({"Limit": 0}, 24), ({"Limit": 1001}, 24), ({"Cursor": "x"}, 25)]
)
def test_what_cannot_be_asked_has_its_number(
    engine: StubEngine, report: Report, params: dict[str, Any], code: int
) -> None:
    answer = report("visits.get", **params)
    assert (answer.status, answer.codes) == (422, [code])
    assert engine.asked == []


def test_visits_are_shown_with_their_people(
    client: InProcess, shop: Shop, track: Track, engine: StubEngine, report: Report
) -> None:
    uuid = track().body["uuid"]
    [(visitor,)] = client.rows("SELECT id FROM visitors WHERE list_id = ?", shop.list_id)
    engine.answers(visits=[visit(visitor), visit(2**61)], total=2)
    body = report("visits.get", Limit=2).body
    assert body["Total"] == 2
    assert body["Visits"] == [{**SHOWN, "UUID": uuid}], "a visitor who is gone is not shown"
    report("visits.get", Limit=2, Cursor=body["Cursor"])
    assert engine.question.offset == 2
    cut = report("visits.get", Format="csv", Limit=1)
    assert "X-Tracker-Notes" not in cut.headers, "these are all"
    table = report("visits.get", Format="csv").raw.decode().splitlines()
    assert table == [
        "EventID,SubscriberID,UUID,StartedAt,EndedAt,Seconds,Events,Entry,Exit,Channel,Campaign,Device,Country,Revenue",
        f"5,,{uuid},2026-01-31T10:00:00.000Z,2026-01-31T10:01:00.000Z,60.0,3,/,'=exit,email,,mobile,DE,",
    ]
