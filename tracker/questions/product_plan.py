"""Products: which events and properties of a list tell what becomes of a shop's products."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args

from tracker.questions.conditions import MAX_NAME_CHARACTERS, check_text

#: What somebody did with a product.
Deed = Literal["seen", "in_cart", "bought"]
DEEDS = get_args(Deed)
#: What rows can be ordered by, largest first.
PRODUCT_SORTS = (*DEEDS, "quantity", "revenue", "seen_to_bought")
#: The pattern of a text that counts as a price or a quantity, for Python and for RE2: with as many digits as a float has.
PLAIN_AMOUNT = r"-?[0-9]{1,12}(\.[0-9]{1,20})?"
#: Names by which the parts of an item of an array are known, besides those of the list: the first one that is set.
ITEM_PARTS = {
    "id": ("product_id", "item_id", "sku", "id"),
    "name": ("product_name", "item_name", "name", "title"),
    "price": ("price",),
    "quantity": ("quantity",),
}


@dataclass(frozen=True, slots=True)
class ProductPlan:
    """The names of the events in which a product is seen, put into the cart and bought, and of their properties.

    `items` is a property with an array of products, each an object. An empty name stands for none.
    """

    seen: str = "view_product"
    in_cart: str = "add_to_cart"
    bought: str = "conversion"
    id: str = "product_id"
    name: str = "product_name"
    price: str = "price"
    quantity: str = "quantity"
    items: str = "items"

    def __post_init__(self) -> None:
        for part in fields(self):
            check_text("products", f"`{part.name}`", getattr(self, part.name), MAX_NAME_CHARACTERS)
