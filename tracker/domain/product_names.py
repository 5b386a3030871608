"""Product names: the events and properties of a shop's products, found by how shops and their plugins call them.

The names are those of GA4 (`view_item`, `item_id`), Segment (`Product Viewed`, `product_id`), Matomo and WooCommerce, and Tracker's
own. Letter case and the signs between words make no difference (`domain.similar_names`): of several spellings the one that is used
most is taken, and a name that is hardly used beside another one is a slip.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tracker.domain.similar_names import folded

#: What a list says of its products, in the order in which its settings keep it.
PRODUCT_PARTS = ("seen", "in_cart", "bought", "id", "name", "price", "quantity", "items")
#: A name that is used less than 1 in so many times as another of the same part is a slip, and goes after it.
SLIP = 100
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


class CountedEvent(NamedTuple):
    """How often an event came, and with which property how often."""

    events: int
    properties: Mapping[str, int]


def product_names(events: Mapping[str, CountedEvent]) -> dict[str, str]:
    """Return the likeliest name of each part, by {event name: its counts}.

    An event that tells a product goes before one that does not; where none is known by its name, the usual one is taken.
    """
    counts = {name: each.events for name, each in events.items()}
    telling = {name: each.events for name, each in events.items() if _tells(each.properties)}
    chosen = {
        part: _likeliest(wanted, telling) or _likeliest(wanted, counts) or _USUAL[part]
        for part, wanted in _EVENTS.items()
    }
    properties: dict[str, int] = {}
    for event in dict.fromkeys(chosen.values()):
        for name, count in events[event].properties.items() if event in events else ():
            properties[name] = properties.get(name, 0) + count
    return chosen | {
        part: _likeliest(wanted, properties) or _USUAL[part] for part, wanted in _PROPERTIES.items()
    }


def _tells(properties: Iterable[str]) -> bool:
    wanted = {*_PROPERTIES["id"], *_PROPERTIES["items"]}
    return any(folded(name) in wanted for name in properties)


def _likeliest(wanted: Iterable[str], counts: Mapping[str, int]) -> str | None:
    """Return the name that is spelled like the first of those wanted, slips left out; of several spellings the most used one."""
    spelled: dict[str, str] = {}
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        spelled.setdefault(folded(name), name)
    found = [spelled[each] for each in wanted if each in spelled]
    most = max((counts[name] for name in found), default=0)
    return next((name for name in found if counts[name] * SLIP >= most), None)
