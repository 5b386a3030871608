"""Product names on the wire: by which events and properties a list's products are told, set or suggested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.name_params import shown_names
from tracker.domain.product_names import CountedEvent, product_names
from tracker.questions import ProductPlan
from tracker.storage.accounts import ListSettings

#: The keys of `Products`, in the order of `PRODUCT_PARTS`.
PRODUCT_KEYS = ("Seen", "InCart", "Bought", "ID", "Name", "Price", "Quantity", "Items")
#: The names of examples.
EXAMPLE_PRODUCTS = {
    "Seen": "view_product",
    "InCart": "add_to_cart",
    "Bought": "conversion",
    "ID": "product_id",
    "Name": "product_name",
    "Price": "price",
    "Quantity": "quantity",
    "Items": "items",
    "Suggested": True,
}


class ProductNames(Schema):
    """The names of the events and properties that tell of a shop's products."""

    Seen = fields.String(required=True, metadata={"description": "Event: a product is looked at"})
    InCart = fields.String(required=True, metadata={"description": "Event: a product is put into the cart"})
    Bought = fields.String(required=True, metadata={"description": "Event: products are bought"})
    ID = fields.String(required=True, metadata={"description": "Property: which product"})
    Name = fields.String(required=True, metadata={"description": "Property: what it is called"})
    Price = fields.String(required=True, metadata={"description": "Property: the price of one"})
    Quantity = fields.String(required=True, metadata={"description": "Property: how many; without it one"})
    Items = fields.String(
        required=True, metadata={"description": "Property: an array of products, each an object"}
    )
    Suggested = fields.Boolean(
        required=True, metadata={"description": "True: found from the names of the list, not set yet"}
    )


def products_answer(settings: ListSettings, counted: Mapping[str, CountedEvent]) -> dict[str, Any]:
    """Return the names of a list's products: those that are set, else those found among its events and properties."""
    found = settings.products or tuple(product_names(counted).values())
    return {**dict(zip(PRODUCT_KEYS, found, strict=True)), "Suggested": not settings.products}


def product_names_of(command: Command, list_id: int) -> dict[str, Any]:
    """Return the names of the list's products as `list.get` answers them."""
    settings = command.services.stores.list_settings.of(list_id, command.deadline)
    found: dict[str, CountedEvent] = {}
    if not settings.products:
        found = command.services.reports.counted_names(
            list_id, command.deadline, shown_names(command, list_id)
        )
    return products_answer(settings, found)


def product_plan(names: dict[str, Any]) -> ProductPlan:
    """Return the plan of the report by these names."""
    return ProductPlan(*(names[key] for key in PRODUCT_KEYS))
