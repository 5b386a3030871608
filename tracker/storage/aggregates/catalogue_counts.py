"""Counts of catalogued names: how many events and values of which type, and when the last was received.

They are written a few seconds late: a process sums them in memory, and an outbox row in the database records that they
are due (count_outbox.py). Existence is written in the event's own transaction (catalogue.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.tables import TYPES

_TYPE_OF = {str: 0, int: 1, float: 1, bool: 2, type(None): 3, dict: 4, list: 5}
_NAME = "UPDATE event_names SET events = events + ?, last_seen_at = {latest} WHERE list_id = ? AND name = ?"
_PROPERTY = (
    "UPDATE event_properties SET {added}, last_seen_at = {latest} "
    "WHERE list_id = ? AND event_name = ? AND property = ?"
)
_LATEST = "CASE WHEN last_seen_at < ? THEN ? ELSE last_seen_at END"
_SET_NAME = _NAME.format(latest=_LATEST)
_SET_PROPERTY = _PROPERTY.format(latest=_LATEST, added=", ".join(f"{name} = {name} + ?" for name in TYPES))

EventKey = tuple[int, bytes]
PropertyKey = tuple[int, bytes, str]


class CatalogueCounts:
    """The counts of one process that are not written yet."""

    def __init__(self) -> None:
        self._names: dict[EventKey, list[int]] = {}
        self._properties: dict[PropertyKey, list[int]] = {}

    def __bool__(self) -> bool:
        return bool(self._names)

    def add(
        self,
        list_id: int,
        name: bytes,
        properties: Mapping[str, Any],
        received_at: int,
        is_counted: bool = True,
    ) -> None:
        """Add one committed event; with `is_counted=False` it only shows that its names exist."""
        count = self._names.get((list_id, name)) or self._names.setdefault((list_id, name), [0, 0])
        count[0] += is_counted
        if received_at > count[1]:
            count[1] = received_at
        known = self._properties
        for item, value in properties.items():
            key = (list_id, name, item)
            types = known.get(key) or known.setdefault(key, [0] * (len(TYPES) + 1))
            types[_TYPE_OF[value.__class__]] += is_counted
            if received_at > types[-1]:
                types[-1] = received_at

    def take(self) -> CatalogueCounts:
        """Return the counts to write now, and start from zero."""
        taken = CatalogueCounts()
        taken._names, taken._properties = self._names, self._properties
        self._names, self._properties = {}, {}
        return taken

    def put_back(self, taken: CatalogueCounts) -> None:
        """Add counts that could not be written."""
        _merge(self._names, taken._names)
        _merge(self._properties, taken._properties)

    def names(self) -> Iterable[tuple[EventKey, int]]:
        """Return ((list_id, event name), events)."""
        return [(key, counts[0]) for key, counts in self._names.items()]

    def properties(self) -> Iterable[tuple[tuple[int, bytes, bytes], tuple[int, ...]]]:
        """Return ((list_id, event name, property), counts by type)."""
        return [((key[0], key[1], key[2].encode()), tuple(c[:-1])) for key, c in self._properties.items()]

    def write(self, transaction: Transaction) -> None:
        """Add to the catalogued names, in key order; names beyond the catalogue's bounds have no row to add to."""
        names = sorted(self._names.items())
        transaction.update(_SET_NAME, [(count, at, at, *key) for key, (count, at) in names])
        encoded = sorted(
            ((key[0], key[1], key[2].encode()), counts) for key, counts in self._properties.items()
        )
        rows = [(*counts[:-1], counts[-1], counts[-1], *key) for key, counts in encoded]
        transaction.update(_SET_PROPERTY, rows)


def _merge(into: dict[Any, list[int]], other: Mapping[Any, list[int]]) -> None:
    """Add the counts; the last number of each is a time, of which the later one is taken."""
    for key, counts in other.items():
        mine = into.setdefault(key, [0] * len(counts))
        mine[:] = [*(a + b for a, b in zip(mine[:-1], counts[:-1], strict=True)), max(mine[-1], counts[-1])]


def names(transaction: Transaction, list_id: int) -> dict[bytes, tuple[int, int, int]]:
    """Return {event name: (events, first seen, last seen)}; times in UTC milliseconds."""
    sql = "SELECT name, events, first_seen_at, last_seen_at FROM event_names WHERE list_id = ?"
    return {bytes(row[0]): (row[1], row[2], row[3]) for row in transaction.select(sql, (list_id,))}


def properties(transaction: Transaction, list_id: int) -> Iterable[tuple[bytes, bytes, tuple[int, ...]]]:
    """Return (event name, property, counts by type) of every catalogued property."""
    columns = ", ".join(TYPES)
    sql = f"SELECT event_name, property, {columns} FROM event_properties WHERE list_id = ?"
    return [(bytes(row[0]), bytes(row[1]), tuple(row[2:])) for row in transaction.select(sql, (list_id,))]


def change(
    transaction: Transaction, list_id: int, name: bytes, item: bytes | None, added: Sequence[int]
) -> None:
    """Add to the counts of one catalogued name, or of one of its properties."""
    if item is None:
        transaction.execute(_SET_NAME, (*added, 0, 0, list_id, name))
    else:
        transaction.execute(_SET_PROPERTY, (*added, 0, 0, list_id, name, item))
