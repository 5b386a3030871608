"""Visits: people land, look and leave; some fill a basket, and few of those pay."""

from __future__ import annotations

from random import Random
from typing import Any

from tracker.demo.traffic.browsing import Browsing, VisitStep
from tracker.demo.traffic.goods import CURRENCY, SOURCES, Product, products
from tracker.demo.traffic.people import Shopper
from tracker.demo.traffic.words import COUPONS, FINDS_NOTHING, HEARD_OF, REVIEWS, SEARCHES

#: How many of those who could do it do it.
BOUNCES, SEARCH, ADD, TAKE_OUT, CHECK_OUT, PAY = 0.38, 0.22, 0.34, 0.15, 0.6, 0.66
SIGN_UP, LOG_IN, REVIEW, WATCH = 0.05, 0.25, 0.04, 0.08


def visit(random: Random, number: int, shopper: Shopper) -> list[VisitStep]:
    """Return the steps of the visit with this number by a person on one of their devices."""
    source = random.choices([each for each, _ in SOURCES], [weight for _, weight in SOURCES])[0]
    browsing = Browsing(random, random.choice(shopper.devices), shopper.language, source)
    shopping = _Shopping(browsing, shopper, number)
    shopping.arrive()
    if random.random() >= BOUNCES:
        shopping.look_around()
        shopping.pay_or_leave()
    return browsing.steps


class _Shopping:
    """One visit. Pages of the old template spell names in their own way and send numbers as text."""

    def __init__(self, browsing: Browsing, shopper: Shopper, number: int) -> None:
        self._browsing, self._shopper, self._number = browsing, shopper, number
        self._random = browsing.random
        self._basket: list[Product] = []

    def arrive(self) -> None:
        name = "pageView" if self._shopper.has_old_template else "page_view"
        if self._is(0.35):
            product = self._random.choice(products())
            self._browsing.land(product.path, product.name, name)
        else:
            self._browsing.land("/", "Tea and what it takes", name)

    def look_around(self) -> None:
        if self._shopper.customer_id and self._is(LOG_IN):
            self._browsing.say("login", {"method": "password"})
            self._browsing.say("identify", {"place": "login"}, Email=self._shopper.email)
        if self._is(SEARCH):
            self._search()
        for _ in range(1 + min(int(self._random.expovariate(0.55)), 7)):
            self._look_at(self._random.choice(products()))
        if self._is(SIGN_UP):
            self._sign_up()

    def pay_or_leave(self) -> None:
        if not self._basket:
            return
        self._browsing.view("/cart", "Cart")
        if len(self._basket) > 1 and self._is(TAKE_OUT):
            self._browsing.say("remove_from_cart", self._named(self._basket.pop()))
        if self._is(CHECK_OUT):
            self._check_out()

    def _search(self) -> None:
        typed = self._random.choice(SEARCHES)
        results = None if typed in FINDS_NOTHING else self._random.randint(1, len(products()))
        self._browsing.say("search", {"query": typed, "results": results})

    def _look_at(self, product: Product) -> None:
        name = "pageView" if self._shopper.has_old_template else "page_view"
        self._browsing.view(product.path, product.name, name)
        self._browsing.say("view_product", self._described(product))
        if self._is(WATCH):
            position: Any = self._random.choice((12.5, 31, "0:31", None))
            self._browsing.say(
                "video_played", {**self._named(product), "position": position, "muted": self._is(0.7)}
            )
        if self._is(REVIEW):
            stars: Any = self._random.choice((5, 5, 4, "5", 3.5))
            text = self._random.choice(REVIEWS)
            self._browsing.say("review_written", {**self._named(product), "rating": stars, "text": text})
        if self._is(ADD):
            self._basket.append(product)
            quantity: Any = self._random.choice((1, 1, 1, 2, 3))
            name = "addToCart" if self._shopper.has_old_template else "add_to_cart"
            self._browsing.say(name, {**self._described(product), "quantity": quantity})

    def _check_out(self) -> None:
        """Identify the visitor by an address: all earlier events of this browser become theirs."""
        total = round(sum(product.price for product in self._basket), 2)
        items = [{**self._named(product), "price": product.price} for product in self._basket]
        self._browsing.view("/checkout", "Checkout")
        self._browsing.say("identify", {"place": "checkout"}, Email=self._shopper.email)
        self._browsing.say("checkout", {"value": total, "currency": CURRENCY, "items": items})
        if self._is(0.2):
            self._browsing.say("coupon_applied", {"coupon": self._random.choice(COUPONS)})
        if self._is(PAY):
            self._pay(total, items)

    def _pay(self, total: float, items: list[dict[str, Any]]) -> None:
        order = f"KL-{100_000 + self._number}"
        fields = self._shopper.fields(self._random) | {"Loyalty-Points": int(total)}
        self._browsing.say(
            "identify", {"place": "checkout"}, Email=self._shopper.email, IdentifyProperties=fields
        )
        self._browsing.say("conversion", {
            "conversion-id": order,
            "conversion-name": "purchase",
            "conversion-value": total,
            "conversion-currency": CURRENCY,
            "conversion-quantity": len(self._basket),
            "items": items,
            "heard_of": self._random.choice(HEARD_OF),
        })  # fmt: skip
        self._browsing.view("/thank-you", "Thank you 🍵")
        self._browsing.steps += _shipped(self._random, self._browsing.clock, self._shopper, order)

    def _sign_up(self) -> None:
        name = "newsletter-signup" if self._shopper.has_old_template else "newsletter_signup"
        self._browsing.say(name, {"place": self._random.choice(("footer", "footer", "popup"))})
        fields = self._shopper.fields(self._random) | {"Newsletter": True}
        self._browsing.say(
            "identify", {"place": "newsletter"}, Email=self._shopper.email, IdentifyProperties=fields
        )

    def _named(self, product: Product) -> dict[str, Any]:
        return {("productId" if self._shopper.has_old_template else "product_id"): product.id}

    def _described(self, product: Product) -> dict[str, Any]:
        is_old = self._shopper.has_old_template
        price: Any = f"{product.price:.2f}" if is_old else product.price
        tags: Any = product.kind if is_old else [product.kind, "shop"]
        return {
            **self._named(product),
            "name": product.name,
            "price": price,
            "currency": CURRENCY,
            "tags": tags,
        }

    def _is(self, share: float) -> bool:
        return self._random.random() < share


def _shipped(random: Random, after: int, shopper: Shopper, order: str) -> list[VisitStep]:
    """Return the events of the back end a day or two later: by address and number, without a browser."""
    at = after + random.randint(18, 60) * 3_600_000
    said = {"Email": shopper.email, **({"ID": shopper.customer_id} if shopper.customer_id else {})}
    parcel = {
        "order_id": order,
        "carrier": random.choice(("DHL", "La Poste", "UPS")),
        "weight_kg": random.randint(2, 40) / 10,
    }
    return [VisitStep(at, {"Event": "order_shipped", **said, "Properties": parcel})]
