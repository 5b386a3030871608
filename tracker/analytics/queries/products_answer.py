"""Products answers: how many people saw each product, put it into the cart and bought it, and what for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.numbers_of_cells import money, short_text
from tracker.analytics.queries.product_lines import product_lines
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import Head, ProductCell, Products

#: SQL of what rows are ordered by.
_ORDERS = {
    "seen": "seen",
    "in_cart": "in_cart",
    "bought": "bought",
    "quantity": "quantity",
    "revenue": "revenue",
    "seen_to_bought": "stayed / seen",
}
_PEOPLE = (
    "count(*) FILTER (WHERE seen) AS seen, count(*) FILTER (WHERE in_cart) AS in_cart, "
    "count(*) FILTER (WHERE bought) AS bought, count(*) FILTER (WHERE seen AND bought) AS stayed"
)
_DEEDS = "bool_or(seen) AS seen, bool_or(in_cart) AS in_cart, bool_or(bought) AS bought"


def answer_products(workspace: Workspace, schema: CopySchema, products: Products) -> dict[str, Any]:
    """Return the page of products, and the total over all. Quantities and money are those of what was bought."""
    lines = product_lines(workspace, schema, products.head, products.plan)
    sql = (
        f"WITH a AS (SELECT product, actor, {_DEEDS} FROM {lines} GROUP BY 1, 2), "
        f"p AS (SELECT product, {_PEOPLE} FROM a GROUP BY 1), "
        "s AS (SELECT product, coalesce(sum(quantity) FILTER (WHERE bought), 0) AS quantity, "
        f"coalesce(sum(worth) FILTER (WHERE bought), 0) AS revenue FROM {lines} GROUP BY 1) "
        "SELECT product, seen, in_cart, bought, stayed, quantity FROM p JOIN s USING (product) "
        f"ORDER BY {_ORDERS[products.sort]} DESC NULLS LAST, product LIMIT {products.limit} OFFSET {products.offset}"
    )
    rows = workspace.rows(sql)
    chosen = [row[0] for row in rows]
    revenue, names = _revenue(workspace, lines, chosen), _names(workspace, lines, chosen)
    shown = [
        {"product": row[0], "name": names.get(row[0]), **_numbers(row[1:], revenue[row[0]])} for row in rows
    ]
    return {"rows": shown, "total": _total(workspace, lines)}


def product_actors(workspace: Workspace, schema: CopySchema, head: Head, cell: ProductCell) -> str:
    """Return the name of a table of the people who did that with the product, or with any."""
    lines = product_lines(workspace, schema, head, cell.plan)
    is_it = "" if cell.product is None else " AND product = $1"
    values = [] if cell.product is None else [cell.product]
    return workspace.table(f"SELECT DISTINCT actor FROM {lines} WHERE {cell.deed}{is_it}", values)


def _numbers(row: Sequence[Any], revenue: dict[str, Decimal]) -> dict[str, Any]:
    seen, in_cart, bought, stayed, quantity = row
    return {
        "seen": seen,
        "in_cart": in_cart,
        "bought": bought,
        "quantity": short_text(quantity),
        "revenue": money(revenue),
        "seen_to_bought": round(stayed / seen, 6) if seen else None,
    }


def _total(workspace: Workspace, lines: str) -> dict[str, Any]:
    [row] = workspace.rows(
        f"WITH a AS (SELECT actor, {_DEEDS} FROM {lines} GROUP BY 1) SELECT {_PEOPLE}, "
        f"(SELECT coalesce(sum(quantity), 0) FROM {lines} WHERE bought) FROM a"
    )
    sums = workspace.rows(
        f"SELECT currency, sum(worth) FROM {lines} WHERE bought AND worth IS NOT NULL GROUP BY 1"
    )
    return _numbers(row, dict(sums))


def _revenue(workspace: Workspace, lines: str, products: Sequence[str]) -> dict[str, dict[str, Decimal]]:
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    sql = (
        f"SELECT product, currency, sum(worth) FROM {lines} WHERE bought AND worth IS NOT NULL "
        "AND list_contains($1::VARCHAR[], product) GROUP BY 1, 2"
    )
    for product, currency, worth in workspace.rows(sql, [list(products)]):
        found[product][currency] = worth
    return found


def _names(workspace: Workspace, lines: str, products: Sequence[str]) -> dict[str, str]:
    """Return what each is called, by its latest event that says it."""
    sql = (
        f"SELECT product, arg_max(name, (place, name)) FILTER (WHERE name IS NOT NULL) FROM {lines} "
        "WHERE list_contains($1::VARCHAR[], product) GROUP BY 1"
    )
    return dict(workspace.rows(sql, [list(products)]))
