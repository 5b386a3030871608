"""Product names: those of well-known shops are found, those that tell nothing of products are left alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.product_names import PRODUCT_PARTS, product_names

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


@pytest.mark.parametrize(("catalogue", "expected"), SHOPS)
def test_the_names_of_a_shop_are_found(catalogue: dict[str, list[str]], expected: tuple[str, ...]) -> None:
    assert tuple(product_names(catalogue)[part] for part in PRODUCT_PARTS) == expected


def test_of_two_spellings_the_same_one_is_taken_always() -> None:
    for names in (["productId", "product_id"], ["product_id", "productId"]):
        assert product_names({"view_product": names})["id"] == "productId"


NAMES: Any = st.text(max_size=8) | st.sampled_from(
    ["conversion", "Product_ID", "items", "price", "ADD to cart"]
)


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=4), max_size=5))
def test_what_is_found_is_the_lists_or_the_usual_name(catalogue: dict[str, list[str]]) -> None:
    found = product_names(catalogue)
    known = {*USUAL, *catalogue, *(name for names in catalogue.values() for name in names)}
    assert tuple(found) == PRODUCT_PARTS
    assert set(found.values()) <= known
