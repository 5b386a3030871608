"""Page of reports: what docs/reports.md defines is what the code has, and every example on it is computed."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.analytics.copied_world import Event, copy_of
from tests.conventions.pages import blocks
from tests.conventions.sources import ROOT
from tracker.analytics.queries import run
from tracker.questions import (
    INTERVALS,
    SIMPLE_MEASURES,
    Condition,
    Dimension,
    Head,
    Operator,
    Trend,
    auto_interval,
    canonical_text,
    measure_of,
    resolve,
)

PAGE = ROOT / "docs" / "reports.md"
BEGINS, ENDS = 1_794_524_400_000, 1_794_610_800_000  # 2026-11-13 in Berlin
ZONE = "Europe/Berlin"
NOW = 1_794_567_600_000


def rows(heading: str, table: int = 0) -> list[list[str]]:
    """The rows of a table below a heading; a bar after a backslash is none of the table's."""
    part = PAGE.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    tables = [block.strip() for block in part.split("\n\n") if block.strip().startswith("|")]
    lines = [line.replace("\\|", "\0") for line in tables[table].splitlines()[2:]]
    return [
        [cell.strip().strip("`").replace("\0", "|") for cell in line.strip("|").split("|")] for line in lines
    ]


def events() -> list[Event]:
    [block] = blocks(PAGE, "json")
    made = []
    for number, told in enumerate(json.loads(block.text), 1):
        is_known = told["who"] == "Ada"
        made.append(
            {
                "id": number,
                "at": round(datetime.fromisoformat(told["at"]).timestamp() * 1000),
                "name": told["name"],
                "visitor": 1 if is_known else 2,
                "person": 101 if is_known else None,
                "properties": told["properties"],
                "is_bot": False,
                "is_counted": "worth" in told,
                "worth": Decimal(told["worth"]) if "worth" in told else None,
                "currency": told.get("currency"),
            }
        )
    return made


def total(word: str, *conditions: Condition) -> Any:
    """A measure of the example's day and the next, of events that are like that."""
    head = Head(2, BEGINS, ENDS + 86_400_000, ZONE, where=tuple((each,) for each in conditions))
    cursor, schema = copy_of(events(), {}, NOW, {})
    with cursor:
        answer = run(cursor, schema, Trend(head, (measure_of(word),), interval="none"))
    return answer["series"][0]["total"]


def test_every_measure_is_defined() -> None:
    shown = [word for word, _, _ in rows("Measures")]
    assert shown == [*SIMPLE_MEASURES, "sum:price", "avg:price", "median:price"]


@pytest.mark.parametrize(("word", "value"), [(word, value) for word, _, value in rows("Measures")])
def test_a_measure_of_the_example_is_as_it_says(word: str, value: str) -> None:
    assert total(word) == json.loads(value)


def test_every_operator_is_defined() -> None:
    assert [row[0] for row in rows("Conditions")] == [str(each) for each in Operator]


@pytest.mark.parametrize("row", rows("Conditions"), ids=lambda row: row[0])
def test_a_condition_of_the_example_is_as_it_says(row: list[str]) -> None:
    operator, _, written, count = row
    told = json.loads(written)
    assert told["Is"] == operator
    if "Segment" in told:
        rule = ((Condition("person", Operator.HAPPENED, "conversion"),),)
        assert total("events", Condition("person", Operator(operator), rule=rule, until=NOW)) == int(count)
        return
    value = canonical_text(told.get("Value"))
    condition = Condition(
        told["Of"],
        Operator(operator),
        told.get("Event"),
        told.get("Property"),
        values=() if value is None else (value,),
        times=told.get("Times", 1),
    )
    assert total("events", condition) == int(count)


def test_every_kind_of_dimension_is_defined() -> None:
    made = [
        Dimension("event"),
        Dimension("event", "x"),
        Dimension("visit", "x"),
        Dimension("person", field=1),
    ]
    shown = [
        row[0].removeprefix("of a").removeprefix("n").split(",")[0].strip() for row in rows("Dimensions")
    ]
    assert shown == [each.of for each in made]


@pytest.mark.parametrize("word", [row[0] for row in rows("Times")])
def test_every_word_of_time_is_taken(word: str) -> None:
    """As a begin it is not after now, as an end not before what the same word begins."""
    begins = resolve(word, "year", "none", ZONE, NOW).begins
    assert begins <= NOW
    assert resolve("2026-01-01", word, "none", ZONE, NOW).ends >= begins


@pytest.mark.parametrize("word", [row[0] for row in rows("Times", 1)])
def test_every_word_of_comparison_is_taken(word: str) -> None:
    found = resolve(None, None, word, ZONE, NOW)
    assert (found.before is None) == (word == "none")


def test_every_interval_is_defined() -> None:
    assert [row[0] for row in rows("Times", 2)] == [*INTERVALS, "auto"]
    assert [auto_interval(0, days * 86_400_000) for days in (2, 3, 93, 94, 400, 401)] == ["hour", "day", "day", "week", "week", "month"]  # fmt: skip
