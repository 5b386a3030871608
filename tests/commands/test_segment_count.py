"""`segment.count` on the wire: what is asked of the engine, and who sees examples. Numbers are those of `test_segment_people`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.segments import RULE, make_segment
from tests.commands.stub_engine import StubEngine
from tracker.questions import EVER, Condition, Operator, in_segment

OCTETH = {"type": "website-events", "event": "conversion", "operator": "happened"}
MEANT = ((Condition("person", Operator.HAPPENED, "conversion"),),)


@pytest.mark.parametrize("rule", [RULE, OCTETH, [OCTETH], [[OCTETH]], '{"Type": "website-EVENTS", "EVENT": "conversion", "operator": "HAPPENED"}'])  # fmt: skip
def test_both_kinds_of_rules_ask_the_same(
    client: InProcess, shop: Shop, engine: StubEngine, rule: Any
) -> None:
    engine.answers(sizes=[3], of=9, people=[])
    answer = client.ok("segment.count", shop.key, ListID=shop.list_id, Rule=rule)
    assert (answer["People"], answer["Of"], answer["Examples"]) == (3, 9, [])
    [segment] = engine.question.segments
    assert segment == in_segment(MEANT, segment.until)
    assert 0 < segment.until - engine.question.head.now <= 60_000
    head = engine.question.head
    assert (head.begins, head.ends) == EVER


def test_a_rule_is_counted_in_the_place_of_the_one_that_is_kept(
    client: InProcess, shop: Shop, engine: StubEngine
) -> None:
    engine.answers(sizes=[3], of=9, people=[])
    segment = make_segment(client, shop, rule=[{"Of": "person", "Event": "seen", "Is": "happened"}])
    named = {"ListID": shop.list_id, "SegmentID": segment}
    client.ok("segment.count", shop.key, **named)
    assert engine.question.segments[0].rule[0][0].event == "seen"
    client.ok("segment.count", shop.key, **named, Rule=RULE)
    assert engine.question.segments[0].rule == MEANT


def test_only_who_may_see_people_sees_examples(client: InProcess, shop: Shop, engine: StubEngine) -> None:
    engine.answers(sizes=[3], of=9, people=[])
    weak = client.services.stores.keys.add(shop.user_id, "Reports.Get")
    for key, examples in ((weak, 0), (shop.key, 5)):
        client.ok("segment.count", key, ListID=shop.list_id, Rule=RULE)
        assert engine.question.examples == examples


def test_a_pattern_that_the_engine_refuses_is_the_rules_fault(
    client: InProcess, shop: Shop, engine: StubEngine
) -> None:
    engine.reply = {"error": "bad_regex", "detail": "`a{2000}` is no regular expression that RE2 can match"}
    answer = client.call("segment.count", shop.key, ListID=shop.list_id, Rule=RULE)
    assert answer.codes == [6]
    assert "a{2000}" in answer.text
