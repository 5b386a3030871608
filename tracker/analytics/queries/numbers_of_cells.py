"""Numbers of cells: what was counted made into measures, money as decimal text, and the order of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tracker.questions import Measure

#: Value of a measure in a cell where nothing happened; none is an average of nothing.
NOTHING: dict[str, Any] = dict.fromkeys(
    ("people", "visits", "views", "events", "conversions", "bounces", "sum"), 0
)


def nothing(measure: Measure) -> Any:
    """Return a measure's value where there was no event."""
    return {} if measure.kind == "revenue" else NOTHING.get(measure.kind)


def filled(cell: Mapping[str, Any], measures: Sequence[Measure]) -> dict[str, Any]:
    """Return all measures of a cell."""
    return {each.word: cell.get(each.word, nothing(each)) for each in measures}


def finished(kind: str, values: Mapping[str, Any]) -> Any:
    """Return a measure from what was counted."""
    if kind == "rate":
        return round(values["reached"] / values["people"], 6) if values["people"] else None
    if kind == "seconds":
        return round(values["length"] / values["visits"] / 1000, 6) if values["visits"] else None
    return values[kind] or 0  # a sum over no event is null


def money(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    """Return {currency: amount} as decimal text with two digits or, where they are finer, up to six."""
    return {currency: money_text(amount) for currency, amount in sorted(amounts.items())}


def money_text(amount: Decimal) -> str:
    whole, _, part = f"{amount:.6f}".partition(".")
    return f"{whole}.{part[:2]}{part[2:].rstrip('0')}"


def short_text(number: Decimal) -> str:
    """Return a number of up to six digits without the zeros at its end: `3`, `0.25`."""
    whole, _, part = f"{number:.6f}".partition(".")
    part = part.rstrip("0")
    return f"{whole}.{part}" if part else whole


def size_of(measure: Measure, value: Any) -> Decimal | float:
    """Return what rows are ordered by. Money of several currencies is added for this alone."""
    if measure.kind == "revenue":
        return sum((Decimal(amount) for amount in (value or {}).values()), Decimal())
    return float("-inf") if value is None else value


def row_order(measure: Measure, values: Sequence[str | None], amount: Any) -> Any:
    """Return the key of a row: the largest first, then by values; not set comes last."""
    return -size_of(measure, amount), [(value is None, value or "") for value in values]


def with_sums(parts: Sequence[Mapping[str, str]]) -> dict[str, Decimal]:
    """Return the sums of several {currency: amount}."""
    sums: dict[str, Decimal] = {}
    for part in parts:
        for currency, amount in part.items():
            sums[currency] = sums.get(currency, Decimal()) + Decimal(amount)
    return sums
