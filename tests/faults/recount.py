"""Do the catalogue and the counters say what the events say? Counted again from the events alone."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.faults.rows import Row, Tables

QUARTER_OF_AN_HOUR = 15 * 60 * 1000
IS_REPEATED_CONVERSION = 16
TYPES = ("strings", "numbers", "booleans", "nulls", "objects", "arrays")
Findings = Iterator[tuple[str, str]]


def properties_of(event: Row) -> dict[str, Any]:
    stored = bytes(event.properties)
    assert stored[:1] == b"\x01", "the format byte"
    return json.loads(stored[1:])  # type: ignore[no-any-return]


def recount(tables: Tables) -> Findings:
    """(what kind of fault, which one) for everything that differs."""
    yield from _catalogue(tables)
    yield from _events(tables)
    yield from _conversions(tables)


def _catalogue(tables: Tables) -> Findings:
    names = {(event.list_id, bytes(event.name)) for event in tables["events"]}
    listed = {(row.list_id, bytes(row.name)) for row in tables["event_names"]}
    yield from _differences("catalogue", "event name", names, listed)
    pairs = {
        (event.list_id, bytes(event.name), item.encode())
        for event in tables["events"]
        for item in properties_of(event)
    }
    listed_pairs = {
        (row.list_id, bytes(row.event_name), bytes(row.property)) for row in tables["event_properties"]
    }
    yield from _differences("catalogue", "property", pairs, listed_pairs)
    counts = Counter((list_id, name) for list_id, name, _ in pairs)
    for row in tables["event_names"]:
        if row.property_count != counts[row.list_id, bytes(row.name)]:
            yield (
                "catalogue",
                f"{row.list_id} {row.name!r}: {row.property_count} properties are said to be there",
            )


def catalogue_counts(tables: Tables) -> Findings:
    """How often each name came, and each property with a value of which type."""
    counted = Counter((event.list_id, bytes(event.name)) for event in tables["events"])
    stored = {(row.list_id, bytes(row.name), row.events) for row in tables["event_names"]}
    yield from _differences("catalogue", "count of", {(*key, n) for key, n in counted.items()}, stored)
    values = Counter(
        (event.list_id, bytes(event.name), item.encode())
        for event in tables["events"]
        for item in properties_of(event)
    )
    told = {
        (row.list_id, bytes(row.event_name), bytes(row.property), sum(getattr(row, name) for name in TYPES))
        for row in tables["event_properties"]
    }
    yield from _differences("catalogue", "values of", {(*key, n) for key, n in values.items()}, told)


def _events(tables: Tables) -> Findings:
    counted = Counter(
        (event.list_id, bytes(event.name), event.event_at // QUARTER_OF_AN_HOUR * QUARTER_OF_AN_HOUR)
        for event in tables["events"]
    )
    stored: Counter[tuple[int, bytes, int]] = Counter()
    for row in tables["event_counts"]:
        stored[row.list_id, bytes(row.name), row.bucket] += row.events
    yield from _differences("counters", "events", set(counted.items()), set(stored.items()))


def _conversions(tables: Tables) -> Findings:
    """Of the conversions of one id exactly one counts, all others are marked as repeats."""
    totals: dict[tuple[int, bytes, bytes], list[Decimal | int]] = defaultdict(lambda: [0, Decimal(0)])
    counting: set[tuple[int, bytes, int]] = set()
    keys: set[tuple[int, bytes]] = set()
    for event in tables["events"]:
        if bytes(event.name) != b"conversion":
            continue
        said = properties_of(event)
        key = hashlib.sha256(said["conversion-id"].encode()).digest()
        keys.add((event.list_id, key))
        if event.flags & IS_REPEATED_CONVERSION:
            continue
        counting.add((event.list_id, key, event.id))
        total = totals[
            event.list_id, said["conversion-name"].encode(), said.get("conversion-currency", "").encode()
        ]
        total[0] += 1
        total[1] += Decimal(str(said["conversion-value"]))
    kept = {(row.list_id, bytes(row.conversion_key), row.event_id) for row in tables["conversions"]}
    yield from _differences("counters", "conversion", counting, kept)
    yield from _differences("counters", "conversion-id", keys, {(list_id, key) for list_id, key, _ in kept})
    yield from _totals(tables, {key: (int(count), Decimal(value)) for key, (count, value) in totals.items()})


def _totals(tables: Tables, counted: dict[tuple[int, bytes, bytes], tuple[int, Decimal]]) -> Findings:
    stored: dict[tuple[int, bytes, bytes], tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
    for row in tables["conversion_totals"]:
        key = row.list_id, bytes(row.name), bytes(row.currency)
        count, value = stored[key]
        stored[key] = count + row.conversions, value + row.units + Decimal(row.millionths) / 1_000_000
    yield from _differences("counters", "total", set(counted.items()), set(stored.items()))


def _differences(kind: str, what: str, real: set[Any], said: set[Any]) -> Findings:
    for one in sorted(real - said):
        yield kind, f"{what} {one} is not there"
    for one in sorted(said - real):
        yield kind, f"{what} {one} is there and should not be"
