"""Conditions, measures and bounds: what means nothing, or would take too long, is refused with the part at fault."""

from __future__ import annotations

from typing import Any

import pytest

from tracker.questions import (
    BadQuestion,
    Breakdown,
    Condition,
    Dimension,
    EventIds,
    Goal,
    Head,
    Measure,
    Operator,
    People,
    Trend,
    Values,
    Visit,
    Where,
    canonical_text,
    measure_of,
    plain_number,
)

HEAD = Head(1, 10**12, 10**12 + 86_400_000)
PEOPLE = (Measure("people"),)
SET = Condition("event", Operator.IS_SET, property="x")


@pytest.mark.parametrize(
    "parts",
    [
        {"of": "list", "operator": Operator.IS_SET, "property": "x"},
        {"of": "event", "operator": Operator.IS_SET, "property": "x", "at": "middle"},
        {"of": "event", "operator": Operator.EQUALS, "property": "x"},
        {"of": "event", "operator": Operator.EQUALS, "values": ("1",)},
        {"of": "event", "operator": Operator.EQUALS, "event": "e", "values": ("1",)},
        {"of": "event", "operator": Operator.EQUALS, "property": "x", "values": ("1",) * 21},
        {"of": "event", "operator": Operator.EQUALS, "property": "x", "values": (1,)},
        {"of": "event", "operator": Operator.EQUALS, "property": "x", "values": ("\ud800",)},
        {"of": "event", "operator": Operator.EQUALS, "property": "x\0", "values": ("1",)},
        {"of": "event", "operator": Operator.EQUALS, "property": "x" * 1001, "values": ("1",)},
        {"of": "event", "operator": Operator.IS_SET, "property": "x", "values": ("1",)},
        {"of": "event", "operator": Operator.GREATER_THAN, "property": "x", "values": ("1e5",)},
        {"of": "event", "operator": Operator.MATCHES_REGEX, "property": "x", "values": ("a" * 501,)},
        {"of": "event", "operator": Operator.HAPPENED},
        {"of": "event", "operator": Operator.HAPPENED, "event": "e", "property": "x"},
        {"of": "event", "operator": Operator.HAPPENED, "event": "e", "times": 2},
        {"of": "event", "operator": Operator.IS_SET, "field": 1},
        {"of": "person", "operator": Operator.IS_SET, "field": 1, "event": "e"},
        {"of": "person", "operator": Operator.IS_SET, "field": 1, "days": 3},
        {"of": "visit", "operator": Operator.HAPPENED, "event": "e", "days": 3},
        {"of": "visit", "operator": Operator.IS_SET, "property": "x", "times": 2},
        {"of": "person", "operator": Operator.HAPPENED, "event": "e", "times": 0},
        {"of": "person", "operator": Operator.HAPPENED, "event": "e", "times": True},
        {"of": "person", "operator": Operator.HAPPENED, "event": "e", "days": 3654},
    ],
)
def test_a_condition_that_means_nothing_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(BadQuestion) as refused:
        Condition(**parts)
    assert refused.value.param == "where"


@pytest.mark.parametrize(
    "where",
    [
        ((SET,) * 51,),
        tuple((SET,) for _ in range(51)),
        ((),),
        tuple((Condition("visit", Operator.IS_SET, property="x"),) for _ in range(11)),
    ],
)
def test_too_many_conditions_are_refused(where: Where) -> None:
    with pytest.raises(BadQuestion, match="where"):
        Head(1, 10**12, 10**12 + 1, where=where)


def test_the_conditions_of_a_goal_count_too() -> None:
    where = tuple((SET,) for _ in range(30))
    with pytest.raises(BadQuestion, match="60 conditions"):
        Head(1, 10**12, 10**12 + 1, where=where, goal=Goal("e", where))
    with pytest.raises(BadQuestion, match="goal"):
        Goal("e", ((Condition("visit", Operator.IS_SET, property="x"),),))


@pytest.mark.parametrize("word", ["", "persons", "people:x", "sum", "sum:", "max:x", "sum:" + "x" * 1001, 7])
def test_a_measure_that_is_none_is_refused(word: Any) -> None:
    with pytest.raises(BadQuestion, match="measures"):
        measure_of(word)


def test_a_measure_is_named_as_it_was_asked_for() -> None:
    assert measure_of("people") == Measure("people")
    assert measure_of("sum:a:b").word == "sum:a:b"


@pytest.mark.parametrize(
    ("make", "param"),
    [
        (lambda: Trend(HEAD, ()), "measures"),
        (lambda: Trend(HEAD, PEOPLE * 2), "measures"),
        (lambda: Trend(HEAD, tuple(Measure("sum", str(n)) for n in range(13))), "measures"),
        (lambda: Trend(HEAD, PEOPLE, interval="auto"), "interval"),  # type: ignore[arg-type]
        (lambda: Trend(HEAD, PEOPLE, top=21), "top"),
        (lambda: Trend(HEAD, PEOPLE, event="e\0"), "event"),
        (lambda: Breakdown(HEAD, (), PEOPLE), "by"),
        (lambda: Breakdown(HEAD, (Dimension("event"),) * 2, PEOPLE), "by"),
        (lambda: Breakdown(HEAD, (Dimension("event"),), PEOPLE, sort=Measure("events")), "sort"),
        (lambda: Breakdown(HEAD, (Dimension("event"),), PEOPLE, limit=1_001), "limit"),
        (lambda: Breakdown(HEAD, (Dimension("event"),), PEOPLE, offset=-1), "offset"),
        (lambda: People(HEAD, sort="name"), "sort"),
        (lambda: Values(HEAD, Dimension("event"), search="x" * 1_001), "search"),
        (lambda: Visit(1, 1, visit_gap_ms=1), "visit_gap_ms"),
        (lambda: EventIds(HEAD, limit=10_001), "limit"),
        (lambda: Dimension("event", field=1), "by"),
        (lambda: Dimension("visit"), "by"),
        (lambda: Dimension("person", property="x"), "by"),
        (lambda: Dimension("person"), "by"),
    ],
)
def test_a_question_out_of_bounds_is_refused(make: Any, param: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        make()
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("value", "text"),
    [(7, "7"), (7.0, "7"), (7.5, "7.5"), (True, "true"), (None, None), ("7.0", "7.0"), ([1, "a"], '[1,"a"]'), ({"a": None}, '{"a":null}')],
)  # fmt: skip
def test_values_have_one_text(value: Any, text: str | None) -> None:
    assert canonical_text(value) == text


def test_a_plain_number_is_read_and_no_other() -> None:
    assert plain_number("-12.50") == -12.5
    for text in ("", "1e3", " 1", "1.", ".5", "+1", "NaN", "1_000", "1" * 16, "１", "1\n"):
        assert plain_number(text) is None
