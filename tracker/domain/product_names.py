"""Product names: the events and properties of a shop's products, found by how shops and their plugins call them.

The names are those of GA4 (`view_item`, `item_id`), Segment (`Product Viewed`, `product_id`), Matomo and WooCommerce, and Tracker's
own. Letter case and the signs between words make no difference (`domain.similar_names`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from tracker.domain.similar_names import folded

#: What a list says of its products, in the order in which its settings keep it.
PRODUCT_PARTS = ("seen", "in_cart", "bought", "id", "name", "price", "quantity", "items")
#: Event -> its usual names, as they are folded, the likeliest first.
_EVENTS = {
    "seen": ("viewproduct", "productviewed", "viewitem", "productview", "viewedproduct", "itemviewed", "viewcontent"),
    "in_cart": ("addtocart", "productadded", "addedtocart", "cartadd", "itemadded", "addtobasket", "addcart"),
    "bought": ("conversion", "purchase", "ordercompleted", "orderplaced", "purchased", "order", "checkoutcompleted", "transaction"),
}  # fmt: skip
#: Property -> its usual names.
_PROPERTIES = {
    "id": ("productid", "itemid", "sku", "productsku", "variantid", "contentid", "id"),
    "name": ("productname", "itemname", "producttitle", "name", "title"),
    "price": ("price", "productprice", "itemprice", "unitprice"),
    "quantity": ("quantity", "qty", "productquantity", "itemquantity"),
    "items": ("items", "products", "lineitems", "cartitems", "contents", "basket"),
}
#: What is taken where nothing was found.
_USUAL = {
    "seen": "view_product", "in_cart": "add_to_cart", "bought": "conversion", "id": "product_id", "name": "product_name",
    "price": "price", "quantity": "quantity", "items": "items",
}  # fmt: skip


def product_names(properties_by_event: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Return the likeliest name of each part, by {event name: names of its properties}.

    An event that tells a product goes before one that does not; where none is known by its name, the usual one is taken.
    """
    telling = {event for event, names in properties_by_event.items() if _tells(names)}
    chosen = {
        part: _first(wanted, telling) or _first(wanted, properties_by_event) or _USUAL[part]
        for part, wanted in _EVENTS.items()
    }
    of_events = [properties_by_event.get(chosen[part], ()) for part in _EVENTS]
    properties = list(dict.fromkeys(name for names in of_events for name in names))
    return chosen | {part: _first(wanted, properties) or _USUAL[part] for part, wanted in _PROPERTIES.items()}


def _tells(properties: Iterable[str]) -> bool:
    wanted = {*_PROPERTIES["id"], *_PROPERTIES["items"]}
    return any(folded(name) in wanted for name in properties)


def _first(wanted: Iterable[str], names: Iterable[str]) -> str | None:
    """Return the first of the names that is spelled like the first of those wanted; in the order of the alphabet, if several are."""
    spelled: dict[str, str] = {}
    for name in sorted(names):
        spelled.setdefault(folded(name), name)
    return next((spelled[each] for each in wanted if each in spelled), None)
