"""Product names: those of well-known shops are found, those that tell nothing of products are left alone."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.product_names import PRODUCT_PARTS, SLIP, CountedEvent, product_names
from tracker.domain.similar_names import folded

USUAL = (
    "view_product",
    "add_to_cart",
    "conversion",
    "product_id",
    "product_name",
    "price",
    "quantity",
    "items",
)
SHOPS: list[tuple[dict[str, list[str]], tuple[str, ...]]] = [
    ({}, USUAL),
    ({"page_view": ["$pathname"]}, USUAL),
    (
        {
            "view_item": ["items"],
            "add_to_cart": ["items"],
            "purchase": ["currency", "items"],
            "conversion": ["conversion-id"],
        },
        ("view_item", "add_to_cart", "purchase", "product_id", "product_name", "price", "quantity", "items"),
    ),
    (
        {
            "Product Viewed": ["product_id", "name", "price", "sku"],
            "Product Added": ["product_id", "quantity"],
            "Order Completed": ["products"],
        },
        ("Product Viewed", "Product Added", "Order Completed", "product_id", "name", "price", "quantity", "products"),
    ),
    (
        {"viewProduct": ["SKU", "productName", "unitPrice"], "conversion": ["conversion-id", "SKU", "qty"], "purchase": ["id"]},
        ("viewProduct", "add_to_cart", "conversion", "SKU", "productName", "unitPrice", "qty", "items"),
    ),
]  # fmt: skip


def evenly(catalogue: dict[str, list[str]]) -> dict[str, CountedEvent]:
    """The catalogue with every name as often as the others."""
    return {name: CountedEvent(10, dict.fromkeys(own, 10)) for name, own in catalogue.items()}


@pytest.mark.parametrize(("catalogue", "expected"), SHOPS)
def test_the_names_of_a_shop_are_found(catalogue: dict[str, list[str]], expected: tuple[str, ...]) -> None:
    found = product_names(evenly(catalogue))
    assert tuple(found[part] for part in PRODUCT_PARTS) == expected


def test_of_several_spellings_the_most_used_is_taken() -> None:
    counted = {
        "addToCart": CountedEvent(7, {"productId": 7}),
        "add_to_cart": CountedEvent(300, {"product_id": 300, "Product-ID": 2}),
        "view_product": CountedEvent(900, {"productId": 40, "product_id": 860}),
    }
    found = product_names(counted)
    assert (found["in_cart"], found["seen"], found["id"]) == ("add_to_cart", "view_product", "product_id")
    even = product_names(evenly({"view_product": ["product_id", "productId"]}))
    assert even["id"] == "productId", "of those used as often the first of the alphabet"


def test_a_slip_does_not_go_before_what_is_used() -> None:
    """Somebody tried the usual name once; the shop sends another."""
    views = {"sku": 9_000}
    counted = {"view_product": CountedEvent(1, {"sku": 1}), "view_item": CountedEvent(9_000, views)}
    assert product_names(counted)["seen"] == "view_item"
    counted["view_product"] = CountedEvent(100, {"sku": 100})
    assert product_names(counted)["seen"] == "view_product"


NAMES: Any = st.text(max_size=8) | st.sampled_from(
    ["conversion", "Conversion", "Product_ID", "productId", "items", "price", "addToCart", "ADD to cart", "cart_add"]
)  # fmt: skip
#: Properties by which an event tells a product, as they are folded.
TELLING = {
    "productid", "itemid", "sku", "productsku", "variantid", "contentid", "id",
    "items", "products", "lineitems", "cartitems", "contents", "basket",
}  # fmt: skip
COUNTS = st.integers(0, 10) | st.integers(0, 100_000)
COUNTED = st.dictionaries(
    NAMES, st.builds(CountedEvent, COUNTS, st.dictionaries(NAMES, COUNTS, max_size=4)), max_size=6
)


@given(COUNTED)
def test_what_is_found_is_the_lists_or_the_usual_name(catalogue: dict[str, CountedEvent]) -> None:
    found = product_names(catalogue)
    known = {*USUAL, *catalogue, *(name for each in catalogue.values() for name in each.properties)}
    assert tuple(found) == PRODUCT_PARTS
    assert set(found.values()) <= known


@given(COUNTED, st.randoms(use_true_random=False))
def test_no_other_spelling_is_used_more_and_order_makes_no_difference(
    catalogue: dict[str, CountedEvent], chance: Random
) -> None:
    found = product_names(catalogue)
    telling = {name for name, each in catalogue.items() if TELLING & set(map(folded, each.properties))}
    for part in ("seen", "in_cart", "bought"):
        name = found[part]
        rivals = telling if name in telling else catalogue.keys()
        alike = [each for each in rivals if folded(each) == folded(name)]
        assert name not in catalogue or catalogue[name].events == max(
            catalogue[each].events for each in alike
        )
    if found["in_cart"] in telling and "cart_add" in telling:
        assert catalogue[found["in_cart"]].events * SLIP >= catalogue["cart_add"].events
    shuffled = list(catalogue.items())
    chance.shuffle(shuffled)
    assert product_names(dict(shuffled)) == found
