"""Of which properties are made-up events put together? JSON that is encoded once, in pools to draw from, and its types for the catalogue.

36 properties are frequent, some on every event of a visit, some on events of a name. Numbers come as text too (5 % of prices),
`product_id` turns from number to text after four months, and a few events have objects, arrays, nulls and rare properties.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import orjson

from tracker.domain.campaigns import campaign_properties

#: Which column of the catalogue counts a value of this type.
TYPE_OF = {str: 0, int: 1, float: 1, bool: 2, type(None): 3, dict: 4, list: 5}
HOST, PAGES, PRODUCTS, QUERIES, RARE = "shop.example", 3_000, 2_000, 20_000, 400
SOURCES = ("newsletter", "google", "spring-mailing", "facebook", "instagram", "partner", "podcast", "bing", "affiliate", "leaflet", "tiktok", "linkedin")  # fmt: skip
#: Where a visit came from: (referrer, source, medium), as often as it stands here.
ARRIVALS = (
    ("", "", ""), ("", "", ""), ("", "", ""), ("https://www.google.com/", "", ""), ("https://www.google.com/", "", ""),
    ("https://duckduckgo.com/", "", ""), ("https://blog.example/tea", "", ""), ("https://chatgpt.com/", "", ""),
    *(("", source, ("email", "cpc", "social")[n % 3]) for n, source in enumerate(SOURCES)),
)  # fmt: skip
#: An event draws from a pool with the third power of a random number: a few pages have most of the views.
SKEW = 3


#: The properties of a piece, each with the number of its type.
Shape = tuple[tuple[str, int], ...]


class Piece(NamedTuple):
    """Members of a JSON object without its braces, and the number of their shape."""

    text: bytes
    shape: int


Pool = Sequence[Piece]


class Pieces:
    """All pools. What is drawn from them depends on the caller's chance alone."""

    def __init__(self) -> None:
        self.shapes: list[Shape] = []
        self._numbers: dict[Shape, int] = {}
        chance = random.Random(12)
        #: Of every event of a visit, without and with a source of the site's own.
        self.visitors = self._pool(600, lambda n: _device(chance))
        self.campaigns = self._pool(1_200, lambda n: _device(chance) | _campaign(chance, n))
        self.pages = self._pool(PAGES, lambda n: _page(n))
        #: The first view of a visit, as the script sends it, and as a back end does: without what ingest derives.
        self.landings = self._pool(6_000, lambda n: _landing(n % 300, ARRIVALS[n % len(ARRIVALS)], n))
        self.bare_landings = self._pool(
            6_000, lambda n: _landing(n % 300, ARRIVALS[n % len(ARRIVALS)], n, is_derived=False)
        )
        #: Before and after ids became text.
        self.products = [self._pool(PRODUCTS * 20, partial(_product, chance, form)) for form in (int, str)]
        self.carts = [self._with_quantities(pool) for pool in self.products]
        self.searches = self._pool(QUERIES, lambda n: {"query": f"words {n}", "results": n % 60})
        self.clicks = self._pool(3_000, lambda n: {"element": f"button-{n % 90}", "$pathname": f"/c/{n}"})
        self.scrolls = self._pool(3_000, lambda n: {"scroll_depth": n % 101, "$pathname": f"/c/{n}"})
        self.others = self._pool(2_000, lambda n: {"step": n % 7, "is_new": n % 3 == 0})
        self.conversions = self._pool(4_000, lambda n: _conversion(chance, n))
        self.extras = self._pool(4_000, lambda n: _extra(n), b",")

    def _pool(self, size: int, make: Callable[[int], dict[str, Any]], before: bytes = b"") -> list[Piece]:
        pool = []
        for number in range(size):
            properties = make(number)
            pool.append(Piece(before + orjson.dumps(properties)[1:-1], self._number(_types(properties))))
        return pool

    def _with_quantities(self, products: Pool) -> list[Piece]:
        more = self._pool(len(products), lambda n: {"quantity": 1 + n % 5, "cart_total": n % 900 + 0.5}, b",")
        return [
            Piece(
                product.text + cart.text, self._number(self.shapes[product.shape] + self.shapes[cart.shape])
            )
            for product, cart in zip(products, more, strict=True)
        ]

    def _number(self, shape: Shape) -> int:
        if shape not in self._numbers:
            self._numbers[shape] = len(self.shapes)
            self.shapes.append(shape)
        return self._numbers[shape]


def _types(properties: dict[str, Any]) -> Shape:
    return tuple((name, TYPE_OF[type(value)]) for name, value in properties.items())


def _device(chance: random.Random) -> dict[str, Any]:
    return {
        "$browser": chance.choice(("Chrome", "Chrome", "Safari", "Firefox", "Edge", "Samsung Internet")),
        "$os": chance.choice(("Windows", "iOS", "Android", "Android", "Mac OS X", "Linux")),
        "$device_type": chance.choice(("Mobile", "Mobile", "Desktop", "Tablet")),
        "$timezone": chance.choice(("Europe/Berlin", "Europe/Paris", "America/New_York", "Asia/Tokyo")),
        "$country": chance.choice(("DE", "FR", "US", "JP", "GB")),
        "$screen_width": 320 + 80 * chance.randrange(20),
    }


def _campaign(chance: random.Random, number: int) -> dict[str, Any]:
    return {
        "utm_source": SOURCES[min(number % 12, chance.randrange(12))],
        "utm_campaign": f"campaign-{number % 120}",
    }


def _page(number: int, query: str = "") -> dict[str, Any]:
    path = f"/c/{number}"
    return {
        "$current_url": f"https://{HOST}{path}{query}",
        "$pathname": path,
        "$host": HOST,
        "$page_title": f"Page {number} of the shop: tea, cups, and what else a kitchen needs",
    }


def _landing(
    page: int, arrival: tuple[str, str, str], number: int, is_derived: bool = True
) -> dict[str, Any]:
    referrer, source, medium = arrival
    query = f"?utm_source={source}&utm_medium={medium}&utm_campaign=c{number % 40}" if source else ""
    found = _page(page, query)
    if referrer:
        found |= {"$referrer": referrer, "$referring_domain": referrer.split("/")[2]}
    return found | (campaign_properties(found["$current_url"], referrer) if is_derived else {})


def _product(chance: random.Random, form: type, number: int) -> dict[str, Any]:
    product, price = number % PRODUCTS, (number % PRODUCTS) / 10 + 0.5
    return {
        "product_id": form(product),
        "product_name": f"Cup {product}, of stoneware, with a handle",
        "price": str(price) if chance.random() < 0.05 else price,
        "category": f"category-{product % 25}",
    }


def _conversion(chance: random.Random, number: int) -> dict[str, Any]:
    return {
        "conversion-name": ("order", "order", "order", "signup")[number % 4],
        "conversion-value": round(chance.random() * 200, 2),
        "currency": ("EUR", "EUR", "GBP")[number % 3],
    }


def _extra(number: int) -> dict[str, Any]:
    """What has no column: objects, arrays, nulls, and names that few events have."""
    return (
        {"cart": {"total": number % 900, "items": [number % 7, number % 11]}},
        {"tags": ["new", f"tag-{number % 30}"], "coupon": None},
        {f"rare-{number % RARE}": number},
        {"note": f"note {number}"},
    )[number % 4]
