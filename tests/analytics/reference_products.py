"""Reference of products: lines of products in events, and what people did with them, in plain Python."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import orjson

from tests.analytics.copied_world import Event, actor_of
from tests.analytics.reference_answers import Reference
from tests.analytics.reference_events import as_money, order_of, text_of
from tests.analytics.reference_shop import MILLIONTH, matching, short
from tracker.questions import Head, ProductCell, ProductPlan, Products, canonical_text

OTHER_NAMES = {
    "id": ["product_id", "item_id", "sku", "id"], "name": ["product_name", "item_name", "name", "title"], "price": ["price"],
    "quantity": ["quantity"],
}  # fmt: skip


def lines_of(world: Reference, head: Head, plan: ProductPlan) -> Iterator[dict[str, Any]]:
    """Each product of each event."""
    for event in matching(world, head).events:
        is_bought = event["name"] == plan.bought and (event["name"] != "conversion" or event["is_counted"])
        deeds = {
            "seen": event["name"] == plan.seen,
            "in_cart": event["name"] == plan.in_cart,
            "bought": is_bought,
        }
        if not any(deeds.values()):
            continue
        told = (text_of(event, name) for name in ("conversion-currency", "currency"))
        currency = next((text.strip().upper() for text in told if text and text.strip()), "")
        if event["is_counted"]:
            currency = event["currency"]
        for line in parts_of(event, plan):
            if line["id"]:
                yield {
                    **line,
                    **deeds,
                    "currency": currency,
                    "actor": actor_of(event),
                    "place": order_of(event),
                }


def parts_of(event: Event, plan: ProductPlan) -> Iterator[dict[str, Any]]:
    names = {part: getattr(plan, part) for part in OTHER_NAMES}
    text = text_of(event, plan.items) if plan.items else None
    try:
        items = orjson.loads(text) if text is not None and text.startswith("[") else []
    except orjson.JSONDecodeError:
        items = []
    if not items:
        yield {part: text_of(event, name) if name else None for part, name in names.items()}
    for item in items:
        sent = item if isinstance(item, dict) else {}
        yield {
            part: next(
                (
                    canonical_text(sent[each])
                    for each in [name, *OTHER_NAMES[part]]
                    if each and sent.get(each) is not None
                ),
                None,
            )
            for part, name in names.items()
        }


def amount(text: str | None, digits: int, whole: int) -> Decimal | None:
    if text is None or not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,20})?", text):
        return None
    found = Decimal(text).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return found if abs(found) < 10**whole else None


def worth_of(line: dict[str, Any]) -> Decimal | None:
    price = amount(line["price"], 6, 12)
    return None if price is None else price * quantity_of(line)


def quantity_of(line: dict[str, Any]) -> Decimal:
    found = amount(line["quantity"], 3, 6)
    return Decimal(1) if found is None else found


def numbers_of(lines: list[dict[str, Any]]) -> dict[str, Any]:
    did = {deed: {line["actor"] for line in lines if line[deed]} for deed in ("seen", "in_cart", "bought")}
    money: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line["bought"] and (worth := worth_of(line)) is not None:
            money[line["currency"]] += worth
    quantity = sum((quantity_of(line) for line in lines if line["bought"]), Decimal())
    return {
        **{deed: len(people) for deed, people in did.items()},
        "quantity": short(quantity),
        "revenue": {currency: as_money(total.quantize(MILLIONTH)) for currency, total in money.items()},
        "seen_to_bought": len(did["seen"] & did["bought"]) / len(did["seen"]) if did["seen"] else None,
    }


def products_of(world: Reference, asked: Products) -> dict[str, Any]:
    lines = list(lines_of(world, asked.head, asked.plan))
    by_product: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        by_product[line["id"]].append(line)
    rows = []
    for product, own in by_product.items():
        named = [(line["place"], line["name"]) for line in own if line["name"] is not None]
        rows.append({"product": product, "name": max(named)[1] if named else None, **numbers_of(own)})
    rows.sort(key=lambda row: (-sort_size(row[asked.sort]), row["product"]))
    return {"rows": rows[asked.offset : asked.offset + asked.limit], "total": numbers_of(lines)}


def sort_size(value: Any) -> Decimal:
    if isinstance(value, dict):
        return sum(map(Decimal, value.values()), Decimal())
    return Decimal(-1) if value is None else Decimal(value)


def product_people(world: Reference, head: Head, cell: ProductCell) -> set[int]:
    return {
        line["actor"]
        for line in lines_of(world, head, cell.plan)
        if line[cell.deed] and cell.product in (None, line["id"])
    }
