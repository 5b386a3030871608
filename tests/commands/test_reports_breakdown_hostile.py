"""`reports.breakdown` of the real engine: hostile names, many values, many conditions, and expressions that explode."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.questions import HEADED
from tests.commands.real_engine import ON_ONE_DATABASE, RealEngine

HOSTILE = (
    "'; DROP TABLE e; --",
    '"quoted"',
    "back\\slash",
    "~/pointer~1",
    "$1",
    "list_2.e",
    "%_",
    "\u202ertl",
    "🎯",
    "é",
    "e\u0301",
    " ",
    "a\nb",
    "Event",
    "event:x",
    "visit:x",
    "p0",
    "rest",
    "[0]",
    "NULL",
)


def test_hostile_names_and_values_are_what_they_are(real: RealEngine) -> None:
    """Names that differ in case or form alone are two, and none is ever read as SQL, a path or a pattern."""
    real.track(
        *({"Event": f"n{name}", "Properties": {name: name, name.upper() + "U": 1}} for name in HOSTILE)
    )
    for name in HOSTILE:
        where = [{"Of": "event", "Property": name, "Is": "equals", "Value": name}]
        answer = real.ask(
            "reports.breakdown",
            By=[f"event:{name}", f"visit:{name}"],
            Measures=["events", f"sum:{name}"],
            Where=where,
        )
        assert [(row["Values"], row["events"]) for row in answer["Rows"]] == [([name, name], 1)], name
        values = real.ask("reports.values", By=f"event:{name}", Search=name, Event=f"n{name}")
        assert values["Values"] == [{"Value": name, "Events": 1}]
        assert real.total("events", Event=f"n{name}", By="Event") == 1
    names = real.ask("reports.breakdown", By="Event", Measures="events", Limit=50)["Rows"]
    assert {row["Values"][0] for row in names} == {f"n{name}" for name in HOSTILE}


@ON_ONE_DATABASE
def test_ten_thousand_values_are_read_page_by_page(client: InProcess, shop: Shop, real: RealEngine) -> None:
    real.track(*({"Event": "seen", "Properties": {"n": f"v{number}"}} for number in range(10_000)))
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        answer = real.ask(
            "reports.breakdown", By="n", Measures="events", Compare="none", Limit=1000, **cursor
        )
        seen += [row["Values"][0] for row in answer["Rows"]]
        assert answer["Others"]["events"] == 10_000 - len(answer["Rows"])
        if answer["Cursor"] is None:
            break
        cursor = {"Cursor": answer["Cursor"]}
    assert sorted(seen) == sorted(f"v{number}" for number in range(10_000))
    assert len(real.lines()) == 10_000
    averages = {"By": "n", "Measures": "rate", "Sort": "rate", "Compare": "none"}
    refused = real.reply("reports.breakdown", **averages)
    assert refused.refusal == (422, [12])
    assert "sort by events or people" in refused.text


@ON_ONE_DATABASE
@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(.*)*(.*)*x", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_an_expression_that_explodes_elsewhere_is_answered(real: RealEngine, pattern: str) -> None:
    real.track({"Event": "seen", "Properties": {"text": "a" * 20_000 + "!"}})
    where = [{"Property": "text", "Is": "matches regex", "Value": pattern}]
    assert real.total("events", Where=where) in (0, 1)


@ON_ONE_DATABASE
@pytest.mark.parametrize("pattern", ["(", "a{1001}", "(?=x)", "\\1", "[z-a]", "(?P<n>x", "*"])
def test_what_is_no_expression_has_its_number(real: RealEngine, pattern: str) -> None:
    where = [{"Property": "text", "Is": "does not match regex", "Value": ["fine", pattern]}]
    real.track({"Event": "seen"})
    real.ask("reports.trend")
    for command, needed in HEADED.items():
        answer = real.reply(command, **needed, Where=where)
        assert answer.refusal == (422, [8]), answer.text
        assert "regular expression" in json.dumps(answer.body)


@ON_ONE_DATABASE
def test_as_many_conditions_as_may_be_are_answered(real: RealEngine) -> None:
    real.track(
        {"Event": "seen", "Properties": {"plan": "pro"}}, {"Event": "seen", "Properties": {"plan": "free"}}
    )
    same = [{"Property": "plan", "Is": "equals", "Value": ["pro", *map(str, range(19))]}] * 40
    visits = [{"Of": "visit", "Event": "seen", "Is": "happened"}] * 5
    persons = [{"Of": "person", "Event": "seen", "Is": "happened", "Days": 3}] * 5
    for where, found in (([*same, *visits, *persons], 1), ([[*same, *visits, *persons]], 2)):
        answer = real.ask(
            "reports.breakdown", By=["plan", "visit:plan"], Measures=["people", "visits"], Where=where
        )
        assert answer["Total"] == {"people": found, "visits": found}
