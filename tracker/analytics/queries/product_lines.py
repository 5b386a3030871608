"""Product lines: one for each product in an event, from its properties or from each item of an array."""

from __future__ import annotations

from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.selection import Selection
from tracker.analytics.queries.stretches import Range
from tracker.analytics.queries.visit_sql import IS_COUNTED
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import DEEDS, ITEM_PARTS, PLAIN_AMOUNT, Head, ProductPlan

#: The event that counts once for each `conversion-id`.
CONVERSION = "conversion"
#: Prices and quantities as decimals: their products and sums are exact, and none is too large.
_PRICE, _QUANTITY = (18, 6), (9, 3)
#: What a line takes from its event.
_OF_EVENT = ", ".join(("actor", *DEEDS, "place", "currency"))


def product_lines(workspace: Workspace, schema: CopySchema, head: Head, plan: ProductPlan) -> str:
    """Return the name of a table: `product`, `actor`, the deeds, `name`, `quantity`, `worth`, `currency`, and the event's `place`."""
    selection = Selection(workspace, schema, head, None, Range(head.begins, head.ends, head.events_from))
    selection.needs_ties = True
    deeds = {deed: _is_done(selection, deed, getattr(plan, deed)) for deed in DEEDS}
    selection.add(f"({' OR '.join(deeds.values())})")
    dialect = selection.dialect
    columns = [
        "w.actor AS actor",
        *(f"{sql} AS {deed}" for deed, sql in deeds.items()),
        f"{dialect.position(f'e.{dialect.event_time}', 'e.id')} AS place",
        f"{_currency(selection)} AS currency",
        f"{_items(selection, plan.items)} AS items",
        *(f"{_text(selection, getattr(plan, part))} AS {part}" for part in ITEM_PARTS),
    ]
    parts = ", ".join(f"{_of_item(selection, part, getattr(plan, part))} AS {part}" for part in ITEM_PARTS)
    source = selection.source()
    return workspace.table(
        f"WITH x AS MATERIALIZED (SELECT {', '.join(columns)} {source}), "
        f"i AS (SELECT {_OF_EVENT}, {dialect.each_item('items')} AS item FROM x WHERE items IS NOT NULL), "
        f"l AS (SELECT {_OF_EVENT}, {', '.join(ITEM_PARTS)} FROM x WHERE items IS NULL "
        f"UNION ALL SELECT {_OF_EVENT}, {parts} FROM i), "
        f"n AS (SELECT {_OF_EVENT}, id AS product, name, coalesce({dialect.decimal('quantity', PLAIN_AMOUNT, *_QUANTITY)}, 1) AS quantity, "
        f"{dialect.decimal('price', PLAIN_AMOUNT, *_PRICE)} AS price FROM l WHERE id <> '') "
        "SELECT *, price * quantity AS worth FROM n",
        selection.parameters.values,
    )


def _is_done(selection: Selection, deed: str, name: str) -> str:
    """Return SQL for whether an event is such a deed: an order counts once."""
    if not name:
        return "FALSE"
    is_named = selection.writer.name_is(name)
    return f"({is_named} AND {IS_COUNTED})" if deed == "bought" and name == CONVERSION else is_named


def _text(selection: Selection, name: str) -> str:
    return selection.writer.text(name) if name else "NULL::VARCHAR"


def _items(selection: Selection, name: str) -> str:
    """Return SQL for a property that is an array with items; null for others."""
    text = _text(selection, name)
    return selection.dialect.items(text)


def _of_item(selection: Selection, part: str, name: str) -> str:
    """Return SQL for the text of a part of an item, by the list's name or the first that is known."""
    names = dict.fromkeys(each for each in (name, *ITEM_PARTS[part]) if each)
    found = [selection.dialect.item_text("item", selection.writer.pointer(each)) for each in names]
    return f"coalesce({', '.join(found)})"


def _currency(selection: Selection) -> str:
    """Return SQL for an event's currency: that of a conversion that counts, else what its properties say."""
    told = [
        f"nullif({selection.dialect.upper_trimmed(selection.writer.text(name))}, '')"
        for name in ("conversion-currency", "currency")
    ]
    return f"coalesce(e.currency, {', '.join(told)}, '')"
