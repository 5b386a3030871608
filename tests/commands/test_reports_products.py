"""`reports.products`: what is asked reaches the engine, its answer the client, and numbers open to people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop
from tests.commands.real_engine import RealEngine
from tests.commands.stub_engine import StubEngine
from tracker.questions import ProductCell, ProductPlan

Report = Callable[..., Reply]
NUMBERS = {
    "seen": 4,
    "in_cart": 3,
    "bought": 2,
    "quantity": "-2.5",
    "revenue": {"EUR": "5.00"},
    "seen_to_bought": 0.5,
}
SHOWN = {
    "Seen": 4,
    "InCart": 3,
    "Bought": 2,
    "Quantity": "-2.5",
    "Revenue": {"EUR": "5.00"},
    "SeenToBought": 0.5,
}
NAMES = {
    "Seen": "view_item", "InCart": "add_to_cart", "Bought": "purchase", "ID": "item_id", "Name": "", "Price": "price",
    "Quantity": "", "Items": "items",
}  # fmt: skip


@pytest.mark.parametrize(
    ("params", "code"), [({"Sort": "Product"}, 23), ({"Limit": 1001}, 24), ({"Cursor": "x"}, 25)]
)
def test_what_cannot_be_asked_has_its_number(
    engine: StubEngine, report: Report, params: dict[str, Any], code: int
) -> None:
    answer = report("products", **params)
    assert (answer.status, answer.codes) == (422, [code])
    assert engine.asked == []


def test_the_names_of_the_list_are_asked_by(
    client: InProcess, shop: Shop, engine: StubEngine, report: Report
) -> None:
    engine.answers(rows=[], total=None)
    assert report("products").body["Names"]["Suggested"]
    assert engine.question.plan == ProductPlan()
    client.ok("list.update", shop.key, ListID=shop.list_id, Products=NAMES)
    assert report("products", Sort="inCart", Limit=3).body["Names"] == {**NAMES, "Suggested": False}
    asked = engine.question
    assert (asked.sort, asked.limit) == ("in_cart", 3)
    assert asked.plan == ProductPlan(
        "view_item", "add_to_cart", "purchase", "item_id", "", "price", "", "items"
    )


def test_the_answer_is_the_engines_page_by_page_and_as_a_table(engine: StubEngine, report: Report) -> None:
    engine.answers(rows=[{"product": "=cup", "name": None, **NUMBERS}], total=NUMBERS)
    first = report("products", Limit=1)
    assert first.body["Rows"] == [{"Product": "=cup", "Name": None, **SHOWN}]
    assert first.body["Total"] == SHOWN
    assert report("products", Limit=9, Cursor=first.body["Cursor"]).body["Cursor"] is None
    assert engine.question.offset == 1
    assert report("products", Sort="Seen", Cursor=first.body["Cursor"]).codes == [25]
    table = report("products", Format="csv")
    assert engine.question.limit == 1000
    head, line, end = table.raw.decode().split("\r\n")
    assert head == "Product,Name,Seen,InCart,Bought,Quantity,SeenToBought,Revenue EUR"
    assert (line, end) == ("'=cup,,4,3,2,-2.5,0.5,5.00", "")


CELL = {"Report": "reports.products"}


@pytest.mark.parametrize(
    "cell", [{**CELL, "Is": "sold"}, {**CELL, "Product": "\0"}, {**CELL, "Sort": "Seen"}]
)
def test_a_cell_that_is_none_is_refused(engine: StubEngine, report: Report, cell: dict[str, Any]) -> None:
    answer = report("people", Cell=cell)
    assert (answer.status, answer.codes) == (422, [47]), answer.body
    assert engine.asked == []


def test_a_cell_is_asked_for_as_it_was_sent(engine: StubEngine, report: Report) -> None:
    engine.answers(people=[], total=0)
    for sent, cell in (
        ({}, ProductCell(ProductPlan(), "bought", None)),
        ({"Is": "IN cart", "Product": 7.0}, ProductCell(ProductPlan(), "in_cart", "7")),
    ):
        assert report("people", Cell={**CELL, **sent}).status == 200
        assert engine.question.cell == cell


def test_products_of_the_real_engine(client: InProcess, shop: Shop, real: RealEngine) -> None:
    """Ann sees two products and buys one of each kind in one order, which arrives twice; Ben looks only."""
    items = [
        {"item_id": "cup", "price": 12.5, "quantity": 2, "name": "Cup"},
        {"item_id": "pot", "price": "40.10"},
    ]
    bought = {
        "conversion-id": 1,
        "conversion-name": "Order",
        "conversion-value": 65.1,
        "currency": "eur",
        "items": items,
    }
    ann, ben = {"Email": "ann@example.com"}, {"Email": "ben@example.com"}
    real.track(
        {"Event": "view_item", "Properties": {"items": items[:1]}, **ann},
        {"Event": "view_item", "Properties": {"items": items[:1]}, **ben},
        {"Event": "view_item", "Properties": {"item_id": "pot"}, **ben},
        {"Event": "conversion", "Properties": bought, **ann},
        {"Event": "conversion", "Properties": bought, **ann},
    )
    client.services.ingest.flush()
    body = real.ask("reports.products")
    assert (body["Names"]["Seen"], body["Names"]["ID"], body["Names"]["Items"]) == (
        "view_item",
        "item_id",
        "items",
    )
    rows = {each["Product"]: each for each in body["Rows"]}
    assert list(rows) == ["pot", "cup"]
    assert rows["cup"] == {
        "Product": "cup", "Name": "Cup", "Seen": 2, "InCart": 0, "Bought": 1, "Quantity": "2", "Revenue": {"EUR": "25.00"},
        "SeenToBought": 0.5,
    }  # fmt: skip
    assert (rows["pot"]["Revenue"], rows["pot"]["SeenToBought"]) == ({"EUR": "40.10"}, 0.0)
    assert body["Total"]["Revenue"] == {"EUR": "65.10"}
    seen = real.ask("reports.people", Cell={**CELL, "Product": "pot", "Is": "seen"})
    assert [each["EmailAddress"] for each in seen["People"]] == ["ben@example.com"]
    client.ok("subscriber.forget", shop.key, ListID=shop.list_id, EmailAddress="ann@example.com")
    real.changed()
    body = real.ask("reports.products")
    assert (body["Total"]["Seen"], body["Total"]["Bought"], body["Total"]["Revenue"]) == (1, 0, {})
