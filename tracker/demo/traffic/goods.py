"""Goods of the shop, and the sources of its visits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

#: The shop's own pages read the same file.
PRODUCTS_FILE = Path(__file__).parents[1] / "static" / "products.json"
#: Where the shop would be, if it were there.
SHOP = "https://shop.example.com"
NAME = "Kettle & Leaf"
CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Product:
    """A product; `price` is in CURRENCY."""

    id: str
    name: str
    kind: str
    price: float

    @property
    def path(self) -> str:
        return f"/products/{self.id}"


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a visit: its referrer, and the query of the link."""

    referrer: str
    query: tuple[tuple[str, str], ...] = ()

    def landing(self, path: str) -> str:
        """Return the address at which the visit begins."""
        return SHOP + path + ("?" + urlencode(self.query) if self.query else "")


def _campaign(referrer: str, source: str, medium: str, campaign: str, **more: str) -> Source:
    utm = (("utm_source", source), ("utm_medium", medium), ("utm_campaign", campaign))
    return Source(referrer, utm + tuple(more.items()))


#: Each with its share of all visits, in parts of 100.
SOURCES = (
    (Source(""), 30),
    (Source("https://www.google.com/"), 26),
    (Source("https://duckduckgo.com/"), 5),
    (Source("https://www.reddit.com/r/tea/"), 4),
    (Source("https://www.instagram.com/"), 6),
    (Source("https://teeblog.example.org/sencha-im-test"), 4),
    (_campaign("https://www.google.com/", "google", "cpc", "autumn-teas"), 8),
    (_campaign("https://l.facebook.com/", "facebook", "paid", "teapots"), 5),
    (_campaign("", "newsletter", "email", "first-flush", pr="nl-2f81c0"), 9),
    (_campaign("", "newsletter", "email", "お茶の時間", pr="nl-77ab3e"), 3),
)


@cache
def products() -> tuple[Product, ...]:
    """Return all products."""
    rows = json.loads(PRODUCTS_FILE.read_text(encoding="utf-8"))
    return tuple(Product(row["id"], row["name"], row["kind"], float(row["price"])) for row in rows)
