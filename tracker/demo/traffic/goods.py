"""What does the shop sell, and where do its visitors come from?"""

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
    """One thing to buy; `price` is in CURRENCY."""

    id: str
    name: str
    kind: str
    price: float

    @property
    def path(self) -> str:
        return f"/products/{self.id}"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a visit comes from: its referrer, and what the link has in its query."""

    referrer: str
    query: tuple[tuple[str, str], ...] = ()

    def landing(self, path: str) -> str:
        """The address that the visit begins at."""
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
    """All that there is to buy."""
    rows = json.loads(PRODUCTS_FILE.read_text(encoding="utf-8"))
    return tuple(Product(row["id"], row["name"], row["kind"], float(row["price"])) for row in rows)
