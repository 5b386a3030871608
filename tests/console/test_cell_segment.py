"""Segments of cells: the people behind a number become a rule that has these people, or a sentence says why they do not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client import InProcess, Shop
from tests.commands.real_engine import RealEngine
from tracker.console.cell_segment import PeopleAsked, segment_rule

PRODUCTS = {"Seen": "view_product", "InCart": "add_to_cart", "Bought": "conversion", "ID": "product_id"}
CHEAP = {"Of": "event", "Property": "price", "Is": "less than", "Value": 10}
CLUB = {"Of": "person", "Field": "Plan", "Is": "equals", "Value": "club"}
BOUGHT = {"Of": "person", "Event": "conversion", "Is": "happened"}
FUNNEL = {"Report": "reports.funnel", "Steps": ["page_view", "conversion"]}


def did(event: str, **more: Any) -> dict[str, Any]:
    return {"Of": "person", "Event": event, "Is": "happened"} | more


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        (PeopleAsked([], "order"), [did("order")]),
        (PeopleAsked([], measure="revenue"), [BOUGHT]),
        (PeopleAsked([], measure="views", days=14), [did("page_view", Days=14)]),
        (PeopleAsked([CHEAP], "order"), [{**CHEAP, "Of": "person", "Event": "order"}]),
        (PeopleAsked([[CHEAP, {**CHEAP, "Is": "is not set"}]], "order", days=7), [
            [{**CHEAP, "Of": "person", "Event": "order", "Days": 7}, {**CHEAP, "Of": "person", "Event": "order", "Is": "is not set", "Days": 7}]
        ]),
        (PeopleAsked([CLUB]), [CLUB]),
        (PeopleAsked([CLUB], "order", segment=5), [CLUB, {"Of": "person", "Segment": 5, "Is": "in"}, did("order")]),
        (PeopleAsked([did("seen", Days=3)], "order", days=9), [did("seen", Days=3), did("order", Days=9)]),
        (PeopleAsked([], cell={**FUNNEL, "Step": 1, "Is": "reached"}), [did("page_view")]),
        (PeopleAsked([], cell={"Report": "reports.products", "Is": "seen", "Product": "cup"}),
            [{"Of": "person", "Event": "view_product", "Property": "product_id", "Is": "equals", "Value": "cup"}]),
        (PeopleAsked([], cell={"Report": "reports.products", "Is": "in cart"}), [did("add_to_cart")]),
    ],
)  # fmt: skip
def test_what_conditions_can_say_is_a_rule(asked: PeopleAsked, rule: list[Any]) -> None:
    assert segment_rule(asked, PRODUCTS)[0] == rule


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (PeopleAsked([]), "Everybody"),
        (PeopleAsked([CHEAP]), "needs the name of an event"),
        (PeopleAsked([CHEAP, {**CHEAP, "Property": "plan"}], "order"), "several things of one event"),
        (PeopleAsked([{"Of": "visit", "Property": "$channel", "Is": "is set"}], "order"), "filter of visits"),
        (PeopleAsked([], measure="conversions", goal="3"), "those of the goal"),
        (PeopleAsked([], cell={**FUNNEL, "Step": 2}), "order of steps"),
        (PeopleAsked([], cell={**FUNNEL, "Step": 1, "Is": "left"}), "order of steps"),
        (PeopleAsked([], cell={"Report": "reports.retention", "Cohort": "2026-11-02"}), "came first"),
        (PeopleAsked([], cell={"Report": "reports.paths"}), "order of pages"),
        (PeopleAsked([], cell={"Report": "reports.attribution"}), "what brought"),
        (PeopleAsked([], cell="nonsense"), "cannot say this"),
        (PeopleAsked([7], "order"), "cannot be read"),
    ],
)
def test_what_they_cannot_say_is_told(asked: PeopleAsked, why: str) -> None:
    rule, remark = segment_rule(asked, PRODUCTS)
    assert rule == []
    assert why in remark


JSON: Any = st.recursive(
    st.none() | st.integers() | st.sampled_from(["event", "person", "reports.funnel", "conversion", ""]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["Of", "Event", "Property", "Is", "Segment", "Report", "Steps", "Step", "Where"]), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@given(
    st.lists(JSON, max_size=3), JSON, st.none() | st.sampled_from(["a", "b"]), st.none() | st.integers(1, 90)
)
def test_whatever_stands_in_an_address_has_an_answer(
    conditions: list[Any], cell: Any, event: str | None, days: int | None
) -> None:
    rule, remark = segment_rule(PeopleAsked(conditions, event, cell=cell, days=days), PRODUCTS)
    assert rule or remark


def test_the_rule_has_the_people_of_the_number(client: InProcess, shop: Shop) -> None:
    real = RealEngine(client, shop)
    order = {"conversion-name": "Order", "conversion-value": 5, "currency": "EUR"}
    real.track(
        {"Event": "page_view", "Email": "ann@example.com", "Properties": {"price": 5, "plan": "a"}},
        {"Event": "page_view", "Email": "ben@example.com", "Properties": {"price": 50}},
        {"Event": "view_product", "Email": "ben@example.com", "Properties": {"product_id": "cup"}},
        {"Event": "conversion", "Email": "cy@example.com", "Properties": {**order, "conversion-id": "1"}},
    )
    cells = [{"Report": "reports.products", "Is": "seen", "Product": "cup"}, {**FUNNEL, "Step": 1}]
    asked = [
        PeopleAsked([], "page_view", days=14),
        PeopleAsked([CHEAP], "page_view"),
        PeopleAsked([[CHEAP, {**CHEAP, "Property": "plan", "Is": "is not set", "Value": None}]], "page_view"),
        PeopleAsked([did("view_product")], "page_view"),
        PeopleAsked([did("view_product", Is="did not happen")], "page_view"),
        PeopleAsked([], measure="conversions"),
        *(PeopleAsked([], cell=cell) for cell in cells),
    ]
    for one in asked:
        params = {"Where": one.conditions, "Event": one.event, "Measure": one.measure, "Cell": one.cell}
        people = real.ask("reports.people", **{name: value for name, value in params.items() if value})
        rule, _ = segment_rule(one, PRODUCTS)
        assert real.ask("segment.count", Rule=rule)["People"] == people["Total"] > 0, one
