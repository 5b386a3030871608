"""Page of segments: every rule on docs/segments.md is read as the API reads it, and has in it whom the page says."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from tests.analytics.copied_world import Event, copy_of
from tests.conventions.pages import blocks, cells
from tests.conventions.sources import ROOT
from tracker.analytics.queries import run
from tracker.api.octeth_rules import OPERATORS
from tracker.api.segment_rules import SegmentRules
from tracker.errors import invalid
from tracker.questions import EVER, Head, SegmentSizes, in_segment
from tracker.storage.accounts import ListSegment

PAGE = ROOT / "docs" / "segments.md"
NOW = 1_794_571_200_000  # 2026-11-13T12:00:00Z
PEOPLE = {"Ada": 101, "Bo": 102, "Cy": None}
FIRST = [{"Of": "person", "Event": "order", "Is": "happened"}]
KEPT = {1: FIRST, 2: [{"Segment": 1, "Is": "in"}, {**FIRST[0], "Is": "did not happen", "Days": 30}]}
EXAMPLES = [(row[0], row[1]) for row in cells(PAGE, "The example")]
OCTETHS = [tuple(row) for row in cells(PAGE, "Octeth's rules")]


def events() -> list[Event]:
    [block] = blocks(PAGE, "json")
    return [
        {
            "id": number,
            "at": round(datetime.fromisoformat(told["at"]).timestamp() * 1000),
            "name": told["name"],
            "visitor": list(PEOPLE).index(told["who"]) + 1,
            "person": PEOPLE[told["who"]],
            "properties": told["properties"],
            "is_bot": False,
            "is_counted": False,
            "worth": None,
            "currency": None,
        }
        for number, told in enumerate(json.loads(block.text), 1)
    ]


def members(sent: Any) -> list[str]:
    """Who is in the segment of a rule."""
    rows = [ListSegment(number, 1, "", json.dumps(rule).encode(), 0, 0) for number, rule in KEPT.items()]
    rules = SegmentRules(rows, invalid("Rule", 6), lambda name: {"plan": 1}[name], NOW)
    segment = in_segment(rules.checked(sent), NOW)
    begins, ends = EVER
    cursor, schema = copy_of(events(), {(101, 1): "gold"}, NOW, {})
    with cursor:
        answer = run(cursor, schema, SegmentSizes(Head(2, begins, ends), (segment,), examples=5))
    visitors = {each["visitor"] for each in answer["people"]}
    assert answer["sizes"] == [len(visitors)]
    return [name for number, name in enumerate(PEOPLE, 1) if number in visitors]


@pytest.mark.parametrize(("rule", "who"), EXAMPLES)
def test_a_rule_of_the_example_has_whom_it_says(rule: str, who: str) -> None:
    assert members(json.loads(rule.strip("`"))) == who.split(", ")


def test_every_operator_of_octeth_is_shown() -> None:
    assert [row[0].strip("`") for row in OCTETHS] == list(OPERATORS)


@pytest.mark.parametrize(("operator", "rule", "who"), OCTETHS)
def test_a_rule_of_octeth_has_whom_it_says(operator: str, rule: str, who: str) -> None:
    told = json.loads(rule.strip("`"))
    assert told["operator"] == operator.strip("`")
    assert members(told) == members([[told]]) == who.split(", ")
