"""Page of reports: the examples of paths, attribution and products are computed."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.analytics.copied_world import copy_of
from tests.analytics.test_reports_page import BEGINS, ENDS, NOW, ZONE, events, rows
from tracker.analytics.queries import run
from tracker.questions import (
    ENTRIES,
    MODELS,
    Attribution,
    AttributionPlan,
    Condition,
    Dimension,
    Goal,
    Head,
    Operator,
    Paths,
    PathsPlan,
    ProductPlan,
    Products,
)

HEAD = Head(2, BEGINS, ENDS + 86_400_000, ZONE)


def answered(question: Any, *more: dict[str, Any]) -> dict[str, Any]:
    cursor, schema = copy_of([*events(), *more], {}, NOW, {})
    with cursor:
        return run(cursor, schema, question)


def step(told: Any) -> Goal:
    if isinstance(told, str):
        return Goal(told)
    condition = Condition("event", Operator.EQUALS, property=told["Property"], values=(told["Value"],))
    return Goal(None, ((condition,),))


def short(nodes: list[dict[str, Any]]) -> list[Any]:
    return [[node["value"], node["visits"], short(node["next"])] for node in nodes]


@pytest.mark.parametrize(("asked", "told"), rows("Paths", 1))
def test_a_path_of_the_example_is_as_it_says(asked: str, told: str) -> None:
    sent = json.loads(asked)
    by = Dimension("event") if sent.get("By") == "Event" else Dimension("event", "$pathname")
    plan = PathsPlan(step(sent["Around"]), by, sent.get("Direction", "after"), sent.get("Depth", 3))
    assert short(answered(Paths(HEAD, plan))["nodes"]) == json.loads(told)


def test_every_model_and_entry_is_defined() -> None:
    table = rows("Attribution")
    assert [row[0] for row in table if row[0] in MODELS] == list(MODELS)
    [by] = [row[1] for row in table if row[0] == "By"]
    for word, name in ENTRIES.items():
        assert f"`{word}`" in by
        assert f"`{name}`" in by


@pytest.mark.parametrize(("asked", "told"), rows("Attribution", 1))
def test_a_credit_of_the_example_is_as_it_says(asked: str, told: str) -> None:
    sent = json.loads(asked)
    plan = AttributionPlan(sent["By"], sent.get("Model", "last_non_direct"))
    found = answered(Attribution(HEAD, plan))["rows"]
    assert [[row["value"], row["people"], row["orders"], row["revenue"]] for row in found] == json.loads(told)


@pytest.mark.parametrize(("sent", "told"), rows("Products", 1))
def test_a_product_of_the_example_is_as_it_says(sent: str, told: str) -> None:
    bought = events()[2] | {"id": 9, "properties": json.loads(sent), "worth": Decimal(1), "currency": "EUR"}
    found = answered(Products(HEAD, ProductPlan()), bought)["rows"]
    assert [[row["product"], row["quantity"], row["revenue"]] for row in found] == json.loads(told)
