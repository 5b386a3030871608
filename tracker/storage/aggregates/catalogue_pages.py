"""Pages of the catalogue: names with their counts, in the order of their bytes (keyset pagination)."""

from __future__ import annotations

from typing import NamedTuple

from tracker.storage.aggregates.seen_times import COLUMNS, SeenTimes
from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.schema.tables import TYPES


class EventNameRow(NamedTuple):
    """A catalogued event: how many came, when in UTC milliseconds, and how many properties it has had."""

    name: bytes
    events: int
    times: SeenTimes
    property_count: int


class PropertyName(NamedTuple):
    """A property of an event; `types` are the numbers of its values in the order of TYPES."""

    event_name: bytes
    name: bytes
    times: SeenTimes
    types: tuple[int, ...]


_NAMES = f"SELECT name, events, {', '.join(COLUMNS)}, property_count FROM event_names WHERE list_id = ?"
_PROPERTIES = (
    f"SELECT event_name, property, {', '.join((*COLUMNS, *TYPES))} FROM event_properties"
    " WHERE list_id = ? AND event_name >= ? AND event_name <= ? ORDER BY event_name, property"
)


def event_name(transaction: Transaction, list_id: int, name: bytes) -> EventNameRow | None:
    """Return one event of the catalogue, or None."""
    rows = transaction.select(f"{_NAMES} AND name = ?", (list_id, name))
    return _event_name(rows[0]) if rows else None


def event_names(transaction: Transaction, list_id: int, after: bytes, most: int) -> list[EventNameRow]:
    """Return the first `most` events whose names come after `after`."""
    rows = transaction.select(f"{_NAMES} AND name > ? ORDER BY name LIMIT ?", (list_id, after, most))
    return [_event_name(row) for row in rows]


def properties_between(
    transaction: Transaction, list_id: int, first: bytes, last: bytes
) -> list[PropertyName]:
    """Return the properties of the events from one name to another, both included."""
    rows = transaction.select(_PROPERTIES, (list_id, first, last))
    return [PropertyName(bytes(row[0]), bytes(row[1]), SeenTimes(*row[2:5]), tuple(row[5:])) for row in rows]


def all_event_names(transaction: Transaction, list_id: int) -> list[bytes]:
    """Return all event names of a list."""
    rows = transaction.select("SELECT name FROM event_names WHERE list_id = ?", (list_id,))
    return [bytes(row[0]) for row in rows]


def all_property_names(transaction: Transaction, list_id: int) -> list[bytes]:
    """Return each property name once, whichever events have it."""
    rows = transaction.select("SELECT DISTINCT property FROM event_properties WHERE list_id = ?", (list_id,))
    return [bytes(row[0]) for row in rows]


def counted_names(transaction: Transaction, list_id: int) -> dict[str, tuple[int, dict[str, int]]]:
    """Return {event name: (events, {property: events with it})}, both in the order of their bytes."""
    names = transaction.select(
        "SELECT name, events FROM event_names WHERE list_id = ? ORDER BY name", (list_id,)
    )
    found: dict[str, tuple[int, dict[str, int]]] = {bytes(row[0]).decode(): (row[1], {}) for row in names}
    sql = (
        f"SELECT event_name, property, {' + '.join(TYPES)} FROM event_properties"
        " WHERE list_id = ? ORDER BY event_name, property"
    )
    for name, item, count in transaction.select(sql, (list_id,)):
        found.setdefault(bytes(name).decode(), (0, {}))[1][bytes(item).decode()] = int(count)
    return found


def event_total(transaction: Transaction, list_id: int) -> int:
    """Return how many events the catalogue has counted in a list."""
    sql = "SELECT COALESCE(SUM(events), 0) FROM event_names WHERE list_id = ?"
    return int(transaction.select(sql, (list_id,))[0][0])


def property_totals(transaction: Transaction, list_id: int) -> dict[str, tuple[int, int]]:
    """Return {property name: (values that are no null, object or array; those that are numbers)}, over all events."""
    sql = (
        "SELECT property, SUM(strings + numbers + booleans), SUM(numbers) FROM event_properties"
        " WHERE list_id = ? GROUP BY property"
    )
    rows = transaction.select(sql, (list_id,))
    return {bytes(row[0]).decode(): (int(row[1]), int(row[2])) for row in rows}


def _event_name(row: Row) -> EventNameRow:
    return EventNameRow(bytes(row[0]), row[1], SeenTimes(*row[2:5]), row[5])
