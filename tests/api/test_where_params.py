"""Is every `Where` read as it is meant, or refused in words that fit into an answer?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.api.where_params import KEYS, any_field, read_where
from tracker.errors import MAX_ROWS, CommandError, Error, invalid
from tracker.questions import Condition, Operator, Where

ROW = invalid("Where", 8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
)
#: Conditions that are nearly right: keys and words of the grammar in any letter case, with any values.
WORDS = st.sampled_from(
    [*Operator, "event", "visit", "person", "entry", "exit", "EQUALS", "Is  Set", "1", 5, -1]
)
CASED = st.sampled_from([*KEYS, *map(str.lower, KEYS), *map(str.upper, KEYS)])
NEAR = st.dictionaries(CASED, WORDS | SCALARS | st.lists(WORDS | SCALARS, max_size=3), max_size=6)


def read(sent: Any) -> Where:
    return read_where(sent, ROW, any_field)


@given(st.lists(NEAR | JSON | st.lists(NEAR | JSON, max_size=3), max_size=4) | JSON)
def test_anything_is_read_or_refused_with_places(sent: Any) -> None:
    found = outcome(sent)
    if isinstance(found, tuple):
        assert all(isinstance(each, Condition) for group in found for each in group)
        assert all(found)
        return
    assert 1 <= len(found) <= MAX_ROWS
    for row in found:
        assert row.code == 8
        assert row.message.startswith("Invalid Where parameter: Where")
        assert len(row.message) < 400
        assert row.hint is None or len(row.hint) <= 250


@given(st.lists(NEAR, max_size=3))
def test_the_text_of_a_list_means_the_list(sent: list[Any]) -> None:
    text = json.dumps(sent, allow_nan=False, default=str) if _is_json(sent) else "[]"
    assert outcome(text) == outcome(json.loads(text))


def outcome(sent: Any) -> Where | list[Error]:
    """The conditions, or the rows of the refusal."""
    try:
        return read(sent)
    except CommandError as refused:
        return list(refused.errors)


def _is_json(sent: Any) -> bool:
    try:
        json.dumps(sent, allow_nan=False).encode()
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (
            {"of": "VISIT", "PROPERTY": "$channel", "is": "Does  Not Equal", "value": ["Email", "Email"]},
            Condition("visit", Operator.DOES_NOT_EQUAL, property="$channel", values=("Email",)),
        ),
        (
            {"Property": "price", "Is": "at most", "Value": 7.0},
            Condition("event", Operator.AT_MOST, property="price", values=("7",)),
        ),
        (
            {"Of": "person", "Event": "conversion", "Property": "value", "Is": "greater than", "Value": "20.50", "Times": "2", "Days": 90},
            Condition("person", Operator.GREATER_THAN, "conversion", "value", values=("20.50",), times=2, days=90),
        ),
        (
            {"Of": "person", "Event": "conversion", "Is": "did not happen", "Days": 30, "Value": None},
            Condition("person", Operator.DID_NOT_HAPPEN, "conversion", days=30),
        ),
        (
            {"Of": "visit", "Property": "$pathname", "Is": "is set", "At": "Exit"},
            Condition("visit", Operator.IS_SET, property="$pathname", at="exit"),
        ),
    ],
)  # fmt: skip
def test_a_condition_means_what_the_docs_say(sent: dict[str, Any], meant: Condition) -> None:
    assert read([sent]) == ((meant,),)
    assert read([[sent], [sent, sent]]) == ((meant,), (meant, meant))


@pytest.mark.parametrize(
    ("operator", "hint"),
    [
        ("equal", 'Did you mean "equals"?'),
        ("does not equals", 'Did you mean "does not equal"?'),
        ("is_set", 'Did you mean "is set"?'),
        ("=", "The operators are: equals, does not equal"),
    ],
)
def test_a_near_operator_is_named(operator: str, hint: str) -> None:
    with pytest.raises(CommandError) as refused:
        read([{"Property": "x", "Is": operator, "Value": 1}])
    [row] = refused.value.errors
    assert row.message == "Invalid Where parameter: Where[0].Is is no operator"
    assert (row.hint or "").startswith(hint)
