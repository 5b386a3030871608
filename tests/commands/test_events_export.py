"""`events.export`: the events that the engine names, as the truth has them, page by page, as NDJSON and as a table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop, Track
from tests.commands.goals import last_entry
from tests.commands.stub_engine import SCOPE, StubEngine

Report = Callable[..., Reply]


def lines(reply: Reply) -> list[dict[str, Any]]:
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/x-ndjson"), reply.raw
    return [json.loads(line) for line in reply.raw.splitlines()]


def ids_of(client: InProcess, shop: Shop) -> list[int]:
    found = client.rows("SELECT id FROM events WHERE list_id = ? ORDER BY id", shop.list_id)
    return [row[0] for row in found]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Format": "json"}, 11),
        ({"Properties": {"a": 1}}, 30),
        ({"Properties": [5]}, 30),
        ({"Properties": [""]}, 30),
        ({"Properties": [f"p{number}" for number in range(51)]}, 30),
    ],
)
def test_what_cannot_be_asked_has_its_number(
    engine: StubEngine, report: Report, params: dict[str, Any], code: int
) -> None:
    answer = report("events.export", **params)
    assert (answer.status, answer.codes) == (422, [code])
    assert engine.asked == []


def test_events_come_page_by_page_and_none_that_was_deleted(
    client: InProcess, shop: Shop, track: Track, engine: StubEngine, report: Report
) -> None:
    for number in range(3):
        track(Event=f"n{number}", Properties={"price": number})
    first, second, third = ids_of(client, shop)
    pages = [
        {"ids": [[5, first], [6, 2**61]], "next": [6, 2**61]},
        {"ids": [[7, second]], "next": [7, second]},
        {"ids": [[8, third]], "next": None},
    ]
    engine.first = [{"answer": {**page, "scope": SCOPE}} for page in pages]
    found = lines(report("events.export"))
    assert [(event["Event"], event["Properties"]) for event in found] == [
        ("n0", {"price": 0}),
        ("n1", {"price": 1}),
        ("n2", {"price": 2}),
    ]
    assert [question.after for question in engine.asked] == [None, (6, 2**61), (7, second)]
    assert last_entry(client, shop) == ("events.export", f"list:{shop.list_id}")


def test_an_export_that_cannot_begin_is_not_noted(
    client: InProcess, shop: Shop, report: Report, engine: StubEngine
) -> None:
    before = last_entry(client, shop)
    engine.reply = {"building": 0.5}
    assert report("events.export").codes == [100014]
    assert last_entry(client, shop) == before


def test_without_events_there_are_no_lines(report: Report, engine: StubEngine) -> None:
    engine.answers(ids=[], next=None)
    lines = report("events.export", From="2026-01-30", To="2026-01-31", Compare="none")
    assert lines.raw == b""
    assert json.loads(lines.headers["X-Tracker-Scope"]) == {
        "From": "2026-01-30T00:00:00.000+00:00",
        "To": "2026-02-01T00:00:00.000+00:00",
        "Timezone": "UTC",
        "Compare": None,
        "Events": 12,
        "RobotsLeftOut": 3,
        "PeopleLeftOut": 2,
        "IsComplete": True,
        "AsOf": "2026-01-31T10:00:00.000Z",
    }
    answer = report("events.export", Format="csv")
    assert "X-Tracker-Scope" in answer.headers
    table = answer.raw.decode()
    assert table.startswith("EventID,Event,")
    assert table.count("\r\n") == 1


HOSTILE = {
    "=a": '=HYPERLINK("http://evil.example")',
    "plus": "+1",
    "minus": "-1+cmd|' /C calc'!A0",
    "at": "@SUM(1)",
    "tab": "\t=1",
    "cr": "\r=1",
    "number": -5,
    "flag": True,
    "many": [1, "=2"],
    "text": 'a,"b"\nc',
}


def test_no_cell_is_a_formula(
    client: InProcess, shop: Shop, track: Track, engine: StubEngine, report: Report
) -> None:
    track(Event="=2+3", ID="@id", Properties=HOSTILE)
    [event] = ids_of(client, shop)
    engine.answers(ids=[[1, event]], next=None)
    answer = report("events.export", Format="csv", Properties=[*HOSTILE, "nothing"])
    [names, cells] = list(csv.reader(io.StringIO(answer.raw.decode(), newline="")))
    row = dict(zip(names, cells, strict=True))
    assert row["Event"] == "'=2+3"
    assert row["ExternalID"] == "'@id"
    assert "'=a" in names
    shown = {name: row[f"'{name}" if name == "=a" else name] for name in [*HOSTILE, "nothing"]}
    assert shown == {
        "=a": '\'=HYPERLINK("http://evil.example")',
        "plus": "'+1",
        "minus": "'-1+cmd|' /C calc'!A0",
        "at": "'@SUM(1)",
        "tab": "'\t'=1",
        "cr": "'\r'=1",
        "number": "-5",
        "flag": "true",
        "many": '[1,"=2"]',
        "text": 'a,"b"\nc',
        "nothing": "",
    }
    assert json.loads(row["Properties"]) == HOSTILE
