"""Copy columns: which properties of a list get a column, by how often the catalogue has seen them."""

from __future__ import annotations

from tracker.analytics.copy.copy_tables import PropertyColumn
from tracker.domain.campaigns import UTM
from tracker.storage.aggregates import catalogue_pages
from tracker.storage.engine import Transaction

#: A property gets a column if it has a value in this share of the list's events, and is one of the most frequent.
LEAST_SHARE, MAX_COLUMNS = 0.002, 64
#: Properties that are derived at load from addresses of pages, and may be in no catalogue.
DERIVED = (*(f"${name}" for name in UTM), "$click_id", "$channel")
ADDRESS = "$current_url"


def choose_columns(transaction: Transaction, list_id: int) -> list[PropertyColumn]:
    """Return the columns of a new copy, the most frequent property first."""
    least = catalogue_pages.event_total(transaction, list_id) * LEAST_SHARE
    totals = catalogue_pages.property_totals(transaction, list_id)
    frequent = sorted(totals, key=lambda name: (-totals[name][0], name))
    chosen = [name for name in frequent if totals[name][0] >= max(least, 1)][: MAX_COLUMNS - len(DERIVED)]
    if ADDRESS in totals:
        chosen += [name for name in DERIVED if name not in chosen]
    return [PropertyColumn(name, index, totals.get(name, (0, 0))[1] > 0) for index, name in enumerate(chosen)]
