"""Revenue view: rows of attribution and of products, with shares and the people behind their numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from tracker.console.charts import share
from tracker.console.number_words import number_of, percent, plain, written
from tracker.console.trend_chart import unit_of

#: What conversions are credited to, as people call it.
CREDITED = {
    "channel": "Channel",
    "source": "Source",
    "campaign": "Campaign",
    "referrer": "Referrer",
    "pr": "Token (pr)",
    "entry": "Entry page",
}
ATTRIBUTION_COLUMNS = ("People", "Buyers", "Orders", "Revenue", "First touch", "Per person")
PRODUCT_COLUMNS = ("Seen", "In the cart", "Bought", "Quantity", "Revenue", "Seen to bought")
#: The places of the cells of these columns in the reports.
ATTRIBUTION_CELLS, PRODUCT_CELLS = ("came", "bought"), ("seen", "in cart", "bought")
#: Returns the address of the people in a number: `opened({"Value": "Email", "Is": "came"})`.
Opener = Callable[[dict[str, Any]], str]
Rows = Sequence[Mapping[str, Any]]


def attribution_rows(rows: Rows, currency: str, opened: Opener = lambda _: "") -> list[dict[str, Any]]:
    """Return rows, the largest revenue with the longest bar; without any, the most orders."""
    parts = _parts(rows, currency, "Orders")
    return [
        {
            "name": "(none)" if row["Value"] is None else row["Value"] or "(empty)",
            "is_set": row["Value"] is not None,
            "share": share(part),
            "numbers": credited(row, currency),
            "people": _opens(row, ("People", "Buyers"), ATTRIBUTION_CELLS, {"Value": row["Value"]}, opened),
        }
        for row, part in zip(rows, parts, strict=True)
    ]


def credited(row: Mapping[str, Any], currency: str) -> list[str]:
    """Return the numbers of a row of attribution, or of its total, in words."""
    first = written("revenue", row["FirstRevenue"], currency) if "FirstRevenue" in row else ""
    return [
        plain(row["People"]),
        plain(row["Buyers"]),
        plain(float(row["Orders"])),
        written("revenue", row["Revenue"], currency),
        first,
        written("revenue", row["PerPerson"], currency),
    ]


def headline(total: Mapping[str, Any], currency: str) -> str:
    """Return what was earned in a sentence: `€1,691.00 in 46 orders, €36.76 on average`. Of several currencies there is no average."""
    orders, revenue = float(total["Orders"]), total["Revenue"]
    told = f"{plain(orders)} {'order' if orders == 1 else 'orders'}"
    if not revenue:
        return told
    average = ""
    if len(revenue) == 1 and orders > 0:
        [(name, amount)] = revenue.items()
        average = f", {written('revenue', {name: str(Decimal(amount) / Decimal(total['Orders']))}, currency)} on average"
    return f"{written('revenue', revenue, currency)} in {told}{average}"


def product_rows(rows: Rows, currency: str, opened: Opener = lambda _: "") -> list[dict[str, Any]]:
    """Return rows of products, the largest revenue with the longest bar; without any, the most seen."""
    parts = _parts(rows, currency, "Seen")
    return [
        {
            "name": row["Name"] or row["Product"],
            "id": row["Product"] if row["Name"] else "",
            "is_set": True,
            "share": share(part),
            "numbers": sold(row, currency),
            "people": _opens(
                row, ("Seen", "InCart", "Bought"), PRODUCT_CELLS, {"Product": row["Product"]}, opened
            ),
        }
        for row, part in zip(rows, parts, strict=True)
    ]


def sold(row: Mapping[str, Any], currency: str) -> list[str]:
    """Return the numbers of a product, or of their total, in words."""
    return [
        plain(row["Seen"]),
        plain(row["InCart"]),
        plain(row["Bought"]),
        plain(float(row["Quantity"])),
        written("revenue", row["Revenue"], currency),
        percent(row["SeenToBought"]),
    ]


def _opens(
    row: Mapping[str, Any], counts: Sequence[str], places: Sequence[str], at: dict[str, Any], opened: Opener
) -> list[str]:
    """Return the addresses of the people in the first numbers of a row; "" where there is nobody."""
    return [
        opened({**at, "Is": place}) if row[count] else "" for count, place in zip(counts, places, strict=True)
    ]


def _parts(rows: Rows, currency: str, other: str) -> list[float]:
    """Return the length of each row's bar, from 0 to 1."""
    unit = unit_of([row["Revenue"] for row in rows], currency)
    has_money = any(row["Revenue"] for row in rows)
    numbers = [(number_of(row["Revenue"], unit) or 0.0) if has_money else float(row[other]) for row in rows]
    longest = max([0.0, *numbers])
    return [number / longest if longest > 0 else 0.0 for number in numbers]
