"""Counts of catalogued names: how many events and values of which type, and the times of the first and the last.

They are written a few seconds late: a process sums them in memory, and an outbox row in the database records that they
are due (count_outbox.py). Existence is written in the event's own transaction (catalogue.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tracker.storage.aggregates.seen_times import COLUMNS, NO_TIMES, WIDEN, SeenTimes, both, widening
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.tables import TYPES

_TYPE_OF = {str: 0, int: 1, float: 1, bool: 2, type(None): 3, dict: 4, list: 5}
_SET_NAME = f"UPDATE event_names SET events = events + ?, {WIDEN} WHERE list_id = ? AND name = ?"
_SET_PROPERTY = (
    f"UPDATE event_properties SET {', '.join(f'{name} = {name} + ?' for name in TYPES)}, {WIDEN} "
    "WHERE list_id = ? AND event_name = ? AND property = ?"
)
#: What is summed of a name, and of a property: its counts, then its times.
_NAME, _PROPERTY = (0, *NO_TIMES), (*[0] * len(TYPES), *NO_TIMES)
_FIRST, _LAST, _RECEIVED = (len(TYPES) + place for place in range(len(NO_TIMES)))

EventKey = tuple[int, bytes]


class CatalogueCounts:
    """The counts of one process that are not written yet."""

    def __init__(self) -> None:
        self._names: dict[EventKey, list[int]] = {}
        #: Nested, as looking up a property by one key of three parts takes twice as long.
        self._properties: dict[EventKey, dict[str, list[int]]] = {}

    def __bool__(self) -> bool:
        return bool(self._names)

    def add(
        self,
        list_id: int,
        name: bytes,
        properties: Mapping[str, Any],
        times: tuple[int, int],
        is_counted: bool = True,
    ) -> None:
        """Add one committed event with its EventTimes; with `is_counted=False` it only shows that its names exist."""
        event_at, received_at = times
        key = (list_id, name)
        count = self._names.get(key) or self._names.setdefault(key, [*_NAME])
        count[0] += is_counted
        count[1:] = min(count[1], event_at), max(count[2], event_at), max(count[3], received_at)
        known = self._properties.get(key)
        if known is None:
            known = self._properties[key] = {}
        for item, value in properties.items():
            types = known.get(item) or known.setdefault(item, [*_PROPERTY])
            types[_TYPE_OF[value.__class__]] += is_counted
            if event_at > types[_LAST]:
                types[_LAST] = event_at
            if event_at < types[_FIRST]:
                types[_FIRST] = event_at
            if received_at > types[_RECEIVED]:
                types[_RECEIVED] = received_at

    def take(self) -> CatalogueCounts:
        """Return the counts to write now, and start from zero."""
        taken = CatalogueCounts()
        taken._names, taken._properties = self._names, self._properties
        self._names, self._properties = {}, {}
        return taken

    def put_back(self, taken: CatalogueCounts) -> None:
        """Add counts that could not be written."""
        _merge(self._names, taken._names)
        for key, items in taken._properties.items():
            _merge(self._properties.setdefault(key, {}), items)

    def names(self) -> Iterable[tuple[EventKey, int]]:
        """Return ((list_id, event name), events)."""
        return [(key, counts[0]) for key, counts in self._names.items()]

    def properties(self) -> Iterable[tuple[tuple[int, bytes, bytes], tuple[int, ...]]]:
        """Return ((list_id, event name, property), counts by type)."""
        return [(key, tuple(counts[:_FIRST])) for key, counts in self._encoded()]

    def times(self) -> Iterable[tuple[tuple[int, bytes, bytes | None], SeenTimes]]:
        """Yield ((list_id, event name, property or None), times)."""
        for (list_id, name), counts in self._names.items():
            yield (list_id, name, None), SeenTimes(*counts[1:])
        for key, counts in self._encoded():
            yield key, SeenTimes(*counts[_FIRST:])

    def write(self, transaction: Transaction) -> None:
        """Add to the catalogued names, in key order; names beyond the catalogue's bounds have no row to add to."""
        names = sorted(self._names.items())
        rows = [(counts[0], *widening(SeenTimes(*counts[1:])), *key) for key, counts in names]
        transaction.update(_SET_NAME, rows)
        encoded = sorted(self._encoded())
        rows = [(*counts[:_FIRST], *widening(SeenTimes(*counts[_FIRST:])), *key) for key, counts in encoded]
        transaction.update(_SET_PROPERTY, rows)

    def _encoded(self) -> Iterator[tuple[tuple[int, bytes, bytes], list[int]]]:
        """Yield ((list_id, event name, property), counts and times)."""
        for (list_id, name), items in self._properties.items():
            for item, counts in items.items():
                yield (list_id, name, item.encode()), counts


def _merge(into: dict[Any, list[int]], other: Mapping[Any, list[int]]) -> None:
    """Add the counts, and widen the times that stand behind them."""
    ends = -len(NO_TIMES)
    for key, counts in other.items():
        mine = into.setdefault(key, [0] * (len(counts) + ends) + [*NO_TIMES])
        added = [a + b for a, b in zip(mine[:ends], counts[:ends], strict=True)]
        mine[:] = [*added, *both(SeenTimes(*mine[ends:]), SeenTimes(*counts[ends:]))]


def names(transaction: Transaction, list_id: int) -> dict[bytes, tuple[int, SeenTimes]]:
    """Return {event name: (events, times)}."""
    sql = f"SELECT name, events, {', '.join(COLUMNS)} FROM event_names WHERE list_id = ?"
    return {bytes(row[0]): (row[1], SeenTimes(*row[2:])) for row in transaction.select(sql, (list_id,))}


def properties(
    transaction: Transaction, list_id: int
) -> Iterable[tuple[bytes, bytes, tuple[int, ...], SeenTimes]]:
    """Return (event name, property, counts by type, times) of every catalogued property."""
    columns = ", ".join((*COLUMNS, *TYPES))
    sql = f"SELECT event_name, property, {columns} FROM event_properties WHERE list_id = ?"
    return [
        (bytes(row[0]), bytes(row[1]), tuple(row[5:]), SeenTimes(*row[2:5]))
        for row in transaction.select(sql, (list_id,))
    ]


def change(
    transaction: Transaction,
    list_id: int,
    name: bytes,
    item: bytes | None,
    added: Sequence[int],
    times: SeenTimes = NO_TIMES,
) -> None:
    """Add to the counts of one catalogued name, or of one of its properties, and widen its times."""
    if item is None:
        transaction.execute(_SET_NAME, (*added, *widening(times), list_id, name))
    else:
        transaction.execute(_SET_PROPERTY, (*added, *widening(times), list_id, name, item))


def replace_time(
    transaction: Transaction, list_id: int, key: tuple[bytes, bytes | None], column: str, old: int, new: int
) -> None:
    """Set one time of a catalogued name, or of one of its properties, unless it is another than `old` by now."""
    table, names = (
        ("event_names", ("name",)) if key[1] is None else ("event_properties", ("event_name", "property"))
    )
    where = " AND ".join(f"{name} = ?" for name in ("list_id", *names, column))
    values = (new, list_id, *(part for part in key if part is not None), old)
    transaction.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", values)
