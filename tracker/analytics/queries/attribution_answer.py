"""Attribution answers: people, orders and money by what brought them, exact to the last digit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.credits import Credits, selection_of, shown
from tracker.analytics.queries.numbers_of_cells import money, short_text
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import ENTRIES, Attribution, AttributionCell, AttributionPlan, Head

#: Digits after the point to which shares of orders and money are rounded.
_DIGITS = 6
_UNIT = 10**_DIGITS

Value = str | None
Amounts = dict[str, dict[Value, Decimal]]


def answer_attribution(workspace: Workspace, schema: CopySchema, asked: Attribution) -> dict[str, Any]:
    """Return the page of rows, those with most revenue first, and the total.

    `people` came in the range by a visit with the value, `buyers` have a credited conversion, `revenue` and `orders` are of the
    model, `first_revenue` is that of the model `first`, `per_head` the revenue for each of `people`.
    """
    plan = asked.plan
    credited = Credits(workspace, schema, asked.head, plan)
    table = credited.table(plan.model)
    orders, revenue, first = (
        _orders(workspace, table),
        _revenue(workspace, table),
        _revenue(workspace, credited.table("first")),
    )
    buyers = dict(workspace.rows(f"SELECT value, count(DISTINCT actor) FROM {table} GROUP BY 1"))
    values = sorted(
        {*orders, *_values(revenue), *_values(first)}, key=lambda value: _order(value, orders, revenue)
    )
    came = Came(workspace, schema, asked.head, plan)
    page = values[asked.offset : asked.offset + asked.limit]
    people = came.people_of(page)
    if len(page) < asked.limit:
        others = came.others(values, asked.limit - len(page), max(asked.offset - len(values), 0))
        page, people = page + [value for value, _ in others], people | dict(others)
    rows = [
        {
            "value": value,
            "people": people.get(value, 0),
            "buyers": buyers.get(value, 0),
            "orders": short_text(orders.get(value, Decimal())),
            "revenue": _of(revenue, value),
            "first_revenue": _of(first, value),
        }
        for value in page
    ]
    total = _total(workspace, table, came, orders, revenue)
    return {"rows": [row | _per_head(row) for row in rows], "total": total | _per_head(total)}


def attribution_actors(workspace: Workspace, schema: CopySchema, head: Head, cell: AttributionCell) -> str:
    """Return the name of a table of the people in a row, or in the total."""
    table = (
        Credits(workspace, schema, head, cell.plan).table(cell.plan.model)
        if cell.is_buyer
        else Came(workspace, schema, head, cell.plan).table
    )
    values = [cell.value] if cell.has_value else []
    where = f"WHERE {_is_one_of()}" if values else ""
    return workspace.table(f"SELECT DISTINCT actor FROM {table} {where}", _bound(values) if values else [])


class Came:
    """The people who came in the range by a visit with an event that matches, by the visit's value."""

    def __init__(self, workspace: Workspace, schema: CopySchema, head: Head, plan: AttributionPlan) -> None:
        self._workspace = workspace
        selection = selection_of(workspace, schema, head)
        value = shown(selection.visits.value(ENTRIES[plan.entry], "entry"), plan)
        first = max(head.begins, head.events_from)
        if (
            not head.where and head.ends - first > head.visit_gap_ms
        ):  # then a visit that touches the range has an event in it
            source = f"FROM {selection.visits.visits_in(workspace)} p WHERE p.ended >= {first} AND p.began < {head.ends}"
            values: list[Any] = []
        else:
            source, values = selection.source(), selection.parameters.values
        self.table = workspace.table(f"SELECT DISTINCT p.actor AS actor, {value} AS value {source}", values)

    def people_of(self, values: Sequence[Value]) -> dict[Value, int]:
        """Return how many came by each of these."""
        rows = self._workspace.rows(
            f"SELECT value, count(*) FROM {self.table} WHERE {_is_one_of()} GROUP BY 1", _bound(values)
        )
        return dict(rows)

    def others(self, values: Sequence[Value], limit: int, offset: int) -> list[tuple[Value, int]]:
        """Return other values with how many came by each, most first."""
        sql = (
            f"SELECT value, count(*) FROM {self.table} WHERE NOT ({_is_one_of()}) GROUP BY 1 "
            f"ORDER BY 2 DESC, value NULLS LAST LIMIT {limit} OFFSET {offset}"
        )
        return [(value, people) for value, people in self._workspace.rows(sql, _bound(values))]

    def total(self) -> int:
        [(people,)] = self._workspace.rows(f"SELECT count(DISTINCT actor) FROM {self.table}")
        return int(people)


def shared_out(parts: dict[Value, Fraction]) -> dict[Value, Decimal]:
    """Return the parts rounded to six digits so that their sum stays what it is, itself a number of six digits.

    Each is rounded down, and what is left goes to those that lost most (the largest remainder), of equal ones in order of value.
    """
    floors = {value: part * _UNIT // 1 for value, part in parts.items()}
    left = int(sum(parts.values(), Fraction()) * _UNIT) - sum(floors.values())
    lost = sorted(parts, key=lambda value: (floors[value] - parts[value] * _UNIT, value is None, value or ""))
    for value in lost[:left]:
        floors[value] += 1
    return {value: Decimal(floor).scaleb(-_DIGITS) for value, floor in floors.items()}


def _orders(workspace: Workspace, table: str) -> dict[Value, Decimal]:
    parts: dict[Value, Fraction] = defaultdict(Fraction)
    for value, shared, count in workspace.rows(f"SELECT value, shared, count(*) FROM {table} GROUP BY 1, 2"):
        parts[value] += Fraction(count, shared)
    return shared_out(parts)


def _revenue(workspace: Workspace, table: str) -> Amounts:
    """Return {currency: {value: amount}}."""
    sql = f"SELECT coalesce(currency, ''), value, shared, sum(worth) FROM {table} WHERE worth IS NOT NULL GROUP BY 1, 2, 3"
    parts: dict[str, dict[Value, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for currency, value, shared, worth in workspace.rows(sql):
        parts[currency][value] += Fraction(worth) / shared
    return {currency: shared_out(amounts) for currency, amounts in parts.items()}


def _values(amounts: Amounts) -> Iterable[Value]:
    return (value for by_value in amounts.values() for value in by_value)


def _of(amounts: Amounts, value: Value) -> dict[str, str]:
    return money({currency: by_value[value] for currency, by_value in amounts.items() if value in by_value})


def _per_head(row: dict[str, Any]) -> dict[str, Any]:
    """Return the money of a row for each of its people."""
    people = row["people"]
    return {
        "per_head": money(
            {currency: Decimal(amount) / people for currency, amount in row["revenue"].items() if people}
        )
    }


def _order(value: Value, orders: dict[Value, Decimal], revenue: Amounts) -> Any:
    """Return the key of a row: most revenue first, money of several currencies added for this alone; then most orders."""
    amount = sum((by_value.get(value, Decimal()) for by_value in revenue.values()), Decimal())
    return -amount, -orders.get(value, Decimal()), value is None, value or ""


def _total(
    workspace: Workspace, table: str, came: Came, orders: dict[Value, Decimal], revenue: Amounts
) -> dict[str, Any]:
    [(buyers,)] = workspace.rows(f"SELECT count(DISTINCT actor) FROM {table}")
    return {
        "people": came.total(),
        "buyers": buyers,
        "orders": short_text(sum(orders.values(), Decimal())),
        "revenue": money(
            {currency: sum(by_value.values(), Decimal()) for currency, by_value in revenue.items()}
        ),
    }


def _bound(values: Sequence[Value]) -> list[Any]:
    return [[value for value in values if value is not None], None in values]


def _is_one_of() -> str:
    return "CASE WHEN value IS NULL THEN $2 ELSE list_contains($1::VARCHAR[], value) END"
