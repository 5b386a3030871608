"""Is every rule of a segment, ours or Octeth's, read as it is meant, or refused in words that fit into an answer?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.test_where_params import JSON, NEAR, SCALARS
from tracker.api.octeth_rules import KEYS, OPERATORS
from tracker.api.segment_rules import SegmentRules, read_rule
from tracker.api.where_params import any_field, any_segment
from tracker.errors import MAX_ROWS, CommandError, Error, invalid
from tracker.questions import BadQuestion, Condition, Operator, Where, all_conditions
from tracker.storage.accounts import ListSegment

ROW = invalid("Rule", 6)
WORDS = st.sampled_from([*OPERATORS, *map(str.upper, OPERATORS), "website-events", "Website-Events", "happened in last 7 days", "", 5, -1])  # fmt: skip
CASED = st.sampled_from([*KEYS, *map(str.upper, KEYS)])
OCTETH = st.dictionaries(CASED, WORDS | SCALARS | st.lists(WORDS, max_size=2), max_size=5)
PART = OCTETH | NEAR | JSON


def read(sent: Any) -> Where:
    return read_rule(sent, ROW, any_field, any_segment)


def outcome(sent: Any) -> Where | list[Error]:
    """The conditions, or the rows of the refusal."""
    try:
        return read(sent)
    except CommandError as refused:
        return list(refused.errors)


@given(st.lists(PART | st.lists(PART, max_size=3), max_size=4) | PART)
def test_anything_is_read_or_refused_with_places(sent: Any) -> None:
    found = outcome(sent)
    if isinstance(found, tuple):
        assert found
        assert all(isinstance(each, Condition) for each in all_conditions(found))
        return
    assert 1 <= len(found) <= MAX_ROWS
    for row in found:
        assert row.code == 6
        assert len(row.message) < 400
        assert row.hint is None or len(row.hint) <= 350


@given(st.dictionaries(CASED, WORDS, max_size=5).filter(lambda each: "type" in each or "TYPE" in each))
def test_letter_case_and_lists_change_nothing(sent: dict[str, Any]) -> None:
    lower = {key.lower(): each for key, each in sent.items()}
    if len(lower) == len(sent):
        told = [outcome(each) for each in (sent, [sent], [[sent]], json.dumps(sent), lower)]
        assert told[0] == told[1] == told[3] == told[4]
        assert isinstance(told[0], tuple) is isinstance(told[2], tuple)


SAID = {"type": "website-events", "event": "order", "event_parameter": "price", "value": "20"}
PRICE = {"event": "order", "property": "price"}


@pytest.mark.parametrize(
    ("operator", "other", "meant"),
    [
        ("happened", {"event_parameter": None, "value": ""}, Condition("person", Operator.HAPPENED, "order")),
        ("Did Not Happen", {"event_parameter": "", "value": None}, Condition("person", Operator.DID_NOT_HAPPEN, "order")),
        ("happened in the last X days", {"event_parameter": "", "value": "30"}, Condition("person", Operator.HAPPENED, "order", days=30)),
        ("happened in the last X days", {"event_parameter": "", "value": 30}, Condition("person", Operator.HAPPENED, "order", days=30)),
        ("HAPPENED IN THE LAST 7 DAYS", {"event_parameter": "", "value": ""}, Condition("person", Operator.HAPPENED, "order", days=7)),
        ("happened in the last 1 day", {"event_parameter": "", "value": ""}, Condition("person", Operator.HAPPENED, "order", days=1)),
        ("did_not_happen_in_the_last_x_days", {"event_parameter": "", "value": 9}, Condition("person", Operator.DID_NOT_HAPPEN, "order", days=9)),
        ("equals", {}, Condition("person", Operator.EQUALS, **PRICE, values=("20",))),
        ("equals", {"event": None}, Condition("person", Operator.EQUALS, property="price", values=("20",))),
        ("Does Not Equal", {"value": 20.0}, Condition("person", Operator.DOES_NOT_EQUAL, **PRICE, values=("20",))),
        ("contains", {}, Condition("person", Operator.CONTAINS, **PRICE, values=("20",))),
        ("does not contain", {}, Condition("person", Operator.DOES_NOT_CONTAIN, **PRICE, values=("20",))),
        ("matches regex", {"value": "^2"}, Condition("person", Operator.MATCHES_REGEX, **PRICE, values=("^2",))),
        ("does not match regex", {}, Condition("person", Operator.DOES_NOT_MATCH_REGEX, **PRICE, values=("20",))),
        ("greater than", {}, Condition("person", Operator.GREATER_THAN, **PRICE, values=("20",))),
        ("less  than", {}, Condition("person", Operator.LESS_THAN, **PRICE, values=("20",))),
        ("is set", {"value": ""}, Condition("person", Operator.IS_SET, **PRICE)),
        ("is not set", {"value": None}, Condition("person", Operator.IS_NOT_SET, **PRICE)),
    ],
)  # fmt: skip
def test_every_operator_of_octeth_means_what_the_docs_say(
    operator: str, other: dict[str, Any], meant: Condition
) -> None:
    assert read({**SAID, "operator": operator, **other}) == ((meant,),)


@pytest.mark.parametrize(
    ("other", "message", "hint"),
    [
        ({"operator": "equal"}, "Rule[0].operator is no operator", 'Did you mean "equals"?'),
        ({"operator": None}, "Rule[0].operator is missing", None),
        ({"operator": "happened"}, "Rule[0].event_parameter goes with no `happened`", None),
        ({"operator": "is set"}, "Rule[0].value goes with no `is set`", None),
        ({"operator": "equals", "value": ""}, "Rule[0].value is missing", None),
        ({"operator": "equals", "event_parameter": ""}, "Rule[0].event_parameter is missing", None),
        ({"operator": "happened", "event": "", "event_parameter": "", "value": ""}, "Rule[0].event is missing", None),
        ({"operator": "happened in the last X days", "event_parameter": "", "value": ""}, "Rule[0].value is missing", None),
        ({"operator": "happened in the last 5000 days", "event_parameter": "", "value": ""}, "days must be a whole number", None),
        ({"operator": "happened in the last -5 days", "event_parameter": "", "value": ""}, "Rule[0].operator is no operator", None),
        ({"operator": "equals", "EVENT": "nope"}, "Rule[0].event is there twice, in two spellings", None),
        ({"operator": "equals", "type": "tags"}, "Rule[0].type is no kind of rule", None),
        ({"operator": "equals", "event_params": 1}, "Rule[0] has a key that no rule has", "Did you mean event_parameter?"),
        ({"operator": "greater than", "value": "much"}, "needs a number", None),
    ],
)  # fmt: skip
def test_a_mistake_in_an_octeth_rule_is_named(other: dict[str, Any], message: str, hint: str | None) -> None:
    with pytest.raises(CommandError) as refused:
        read({**SAID, **other})
    [row] = refused.value.errors
    assert message in row.message
    assert hint is None or hint in (row.hint or "")


def kept(rules: dict[int, Any]) -> SegmentRules:
    rows = [
        ListSegment(number, 1, str(number), json.dumps(rule).encode(), 0, 0) for number, rule in rules.items()
    ]
    return SegmentRules(rows, ROW, any_field, 1)


NAMES = st.integers(1, 6)
RULES = st.dictionaries(
    NAMES,
    st.lists(
        st.builds(
            lambda number, how: {"Segment": number, "Is": how}, NAMES, st.sampled_from(["in", "not in"])
        )
        | st.just({"Of": "person", "Event": "x", "Is": "happened"}),
        min_size=1,
        max_size=3,
    ),
    max_size=6,
)


@given(RULES)
def test_any_web_of_segments_is_read_or_refused(rules: dict[int, Any]) -> None:
    """Circles, holes and depth: what is read has no circle and is five deep at most."""
    for number in rules:
        found = kept(rules)
        fault = found.fault_of(number)
        steps = {each["Segment"] for each in rules[number] if "Segment" in each}
        if fault is None:
            assert steps <= rules.keys() - {number}
            where = found(number)[0]
            assert max(each.depth for group in where for each in group) < 5
        else:
            assert len(fault) < 400
            assert steps


def test_a_bush_of_segments_is_refused_before_it_is_grown() -> None:
    """Ten of ten of ten of ten: read once each, and too many."""
    leaf = [{"Of": "person", "Event": "x", "Is": "happened"}]
    rules: dict[int, Any] = {1: leaf, **{n: [[{"Segment": n - 1, "Is": "in"}] * 10] * 5 for n in range(2, 5)}}
    assert "the most" in str(kept(rules).fault_of(4))


def test_a_rule_with_a_segment_of_itself_says_so() -> None:
    rules = kept({1: [{"Segment": 1, "Is": "in"}], 2: [{"Segment": 1, "Is": "in"}]})
    with pytest.raises((CommandError, BadQuestion)):
        rules.checked([{"Segment": 1, "Is": "in"}], 3)
    assert rules.circle == 1
