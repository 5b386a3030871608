"""Made-up shops: worlds of visits that were brought by something and buy something, and questions about them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.analytics.copied_world import Event
from tests.analytics.made_events import DAY, HOUR, wheres_of
from tracker.analytics.queries import CopyColumn
from tracker.questions import (
    DEEDS,
    PRODUCT_SORTS,
    Attribution,
    AttributionCell,
    AttributionPlan,
    Condition,
    Dimension,
    Goal,
    Head,
    Operator,
    Paths,
    PathsPlan,
    ProductCell,
    ProductPlan,
    Products,
)

MIDDLE = 1_796_169_600_000
NAMES = ("page_view", "page_view", "identify", "conversion", "view_product", "add_to_cart", "order")
PAGES: Any = st.sampled_from(["/", "/a", "/b", "/c'", "/d", "🫖", 7, 7.0])
AMOUNTS: Any = st.sampled_from(
    [1, 2.5, "3.10", "0.0000005", 0.30000000000000004, 29.990000000000002, -1, "1e3", "x", True, 10**12, "999999999999.9999999", 7.0, 0.0005]
)  # fmt: skip
IDS: Any = st.sampled_from(["cup", "pot", "", 7, 7.0, None, "a/b~c", True, ["x"], "🫖"])
ITEM: Any = st.fixed_dictionaries(
    {},
    optional={
        "product_id": IDS, "sku": IDS, "item_id": IDS, "price": AMOUNTS, "quantity": AMOUNTS, "name": st.sampled_from(["Cup", "", None, 5]),
    },
)  # fmt: skip
ITEMS: Any = st.lists(ITEM | st.sampled_from([None, 5, "cup", []]), max_size=3) | st.sampled_from(
    ["[", "[]", '[{"sku":"cup","price":"2"}]', '[{"sku":"\\ud800"}]', {"product_id": "cup"}, "cup", 5]
)
PARTS: Any = st.fixed_dictionaries(
    {},
    optional={
        "$pathname": PAGES,
        "$channel": st.sampled_from(["Direct", "Email", "Search", ""]),
        "$utm_campaign": st.sampled_from(["spring", "a'b"]),
        "pr": st.sampled_from(["nl-1", "nl-2"]),
        "product_id": IDS,
        "price": AMOUNTS,
        "quantity": AMOUNTS,
        "product_name": st.sampled_from(["Cup", "Old cup"]),
        "items": ITEMS,
        "currency": st.sampled_from([" eur", "GBP", "", None, 5]),
    },
)
COLUMNS = (
    {},
    {"$channel": CopyColumn(0), "$pathname": CopyColumn(1), "product_id": CopyColumn(2), "items": CopyColumn(3), "price": CopyColumn(4, has_numbers=True)},
    {"$pathname": CopyColumn(0, is_partial=True), "items": CopyColumn(1, is_partial=True), "quantity": CopyColumn(2, has_numbers=True, is_partial=True)},
)  # fmt: skip
STEPS = st.sampled_from([0, 1, 60_000, 30 * 60_000, 30 * 60_000 + 1, 5 * HOUR, DAY])
EVENTS: Any = st.fixed_dictionaries(
    {
        "gap": STEPS,
        "name": st.sampled_from(NAMES),
        "visitor": st.sampled_from([1, 1, 2, 3]),
        "person": st.sampled_from([None, 101]),
        "properties": PARTS,
        "is_bot": st.sampled_from([False] * 5 + [True]),
        "is_counted": st.booleans(),
        "worth": st.sampled_from(["10", "0.000001", "33.333333", "7.5", "0"]),
        "currency": st.sampled_from(["EUR", "GBP", ""]),
    }
)


@st.composite
def shops(draw: st.DrawFn) -> list[Event]:
    """Events around a moment in the middle."""
    at, events = MIDDLE - 3 * DAY, []
    for number, told in enumerate(draw(st.lists(EVENTS, max_size=25))):
        at += told.pop("gap")
        counts = told["is_counted"] and told["name"] == "conversion"
        told |= {"is_counted": counts, "worth": Decimal(told["worth"]) if counts else None}
        told |= {
            "currency": told["currency"] if counts else None,
            "id": number if number % 3 else 1_000 - number,
            "at": at,
        }
        events.append(told | ({"person": 102} if told["visitor"] == 3 else {}))
    return events


@st.composite
def heads(draw: st.DrawFn) -> Head:
    begins = MIDDLE - draw(st.sampled_from([1, 2, 3])) * DAY
    head = Head(2, begins, begins + draw(st.sampled_from([DAY, 2 * DAY, 10 * 60_000])))
    events_from = draw(st.sampled_from([0, 0, begins - HOUR, begins + HOUR]))
    goal = draw(st.none() | st.just(Goal("add_to_cart")))
    where = draw(st.just(()) | st.just(()) | wheres_of())
    return replace(head, events_from=events_from, goal=goal, where=where)


def page_is(value: str) -> Goal:
    return Goal(None, ((Condition("event", Operator.EQUALS, property="$pathname", values=(value,)),),))


PATHS: Any = st.builds(
    PathsPlan,
    st.sampled_from([Goal("page_view"), Goal(None), Goal("identify"), page_is("/a"), page_is("/")]),
    st.sampled_from([Dimension("event"), Dimension("event", "$pathname")]),
    st.sampled_from(["after", "before"]),
    st.integers(1, 4),
    st.integers(1, 3),
)
ATTRIBUTIONS: Any = st.builds(
    AttributionPlan,
    st.sampled_from(["channel", "campaign", "source", "pr", "entry"]),
    st.sampled_from(["last_non_direct", "first", "even"]),
    st.sampled_from([1, 2, 30]),
    st.sampled_from([None, None, Goal("view_product"), Goal("conversion")]),
)
PLANS: Any = st.sampled_from(
    [
        ProductPlan(),
        ProductPlan(bought="order", id="sku"),
        ProductPlan("page_view", "page_view", "add_to_cart", "product_id", "", "", "", ""),
        ProductPlan("", "", "", "", "", "", "", ""),
    ]
)


@st.composite
def questions(draw: st.DrawFn) -> Any:
    head, page = draw(heads()), {"limit": draw(st.integers(1, 4)), "offset": draw(st.integers(0, 2))}
    kind = draw(st.sampled_from(["paths", "attribution", "products"]))
    if kind == "paths":
        return Paths(head, draw(PATHS))
    if kind == "attribution":
        return Attribution(head, draw(ATTRIBUTIONS), **page)
    return Products(head, draw(PLANS), draw(st.sampled_from(PRODUCT_SORTS)), **page)


def cells_of(plan: Any, rows: list[dict[str, Any]]) -> list[tuple[Any, int]]:
    """The cells of rows, with the numbers in them."""
    if isinstance(plan, AttributionPlan):
        return [
            (AttributionCell(plan, is_buyer, True, row["value"]), row["buyers" if is_buyer else "people"])
            for row in rows
            for is_buyer in (True, False)
        ]
    return [(ProductCell(plan, deed, row["product"]), row[deed]) for row in rows for deed in DEEDS]
