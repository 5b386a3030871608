"""Counters of events and conversion totals, updated in the event's own transaction, never by a scan."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tracker.domain.conversions import MILLIONTHS, EventBucket, Total
from tracker.storage.engine.transaction import Row, Transaction

#: List and digest of the conversion-id.
ConversionKey = tuple[int, bytes]


class Counted(NamedTuple):
    """The event that counts for a conversion-id, and whether it came through the public endpoint.

    `expired`: the value of a public one whose event retention has deleted.
    """

    event_id: int
    is_public: bool
    expired: bytes | None


def add_events(transaction: Transaction, counts: Mapping[EventBucket, int]) -> None:
    """Add to the events of (list_id, event name, bucket)."""
    slot = _slot(transaction)
    rows = [(*key, slot, count) for key, count in sorted(counts.items())]
    transaction.add_up("event_counts", ("list_id", "name", "bucket", "slot"), ("events",), rows)


def add_conversions(transaction: Transaction, totals: Mapping[Total, tuple[int, int, int]]) -> None:
    """Add (count, units, millionths) to the conversions of (list_id, conversion name, currency)."""
    slot = _slot(transaction)
    rows = [(*key, slot, *amounts) for key, amounts in sorted(totals.items())]
    keys = ("list_id", "name", "currency", "slot")
    transaction.add_up("conversion_totals", keys, ("conversions", "units", "millionths"), rows)


def drop_empty_totals(transaction: Transaction, totals: Iterable[Total]) -> None:
    """Delete the totals that are zero: only events that are deleted had these names."""
    sums = "COALESCE(SUM(conversions), 0), COALESCE(SUM(units), 0), COALESCE(SUM(millionths), 0)"
    where = "conversion_totals WHERE list_id = ? AND name = ? AND currency = ?"
    for total in sorted(totals):
        lock = f"SELECT slot FROM {where}{transaction.engine.for_update}"
        transaction.select(lock, total)
        if [tuple(map(int, row)) for row in transaction.select(f"SELECT {sums} FROM {where}", total)] == [
            (0, 0, 0)
        ]:
            transaction.execute(f"DELETE FROM {where}", total)


def find_conversions(
    transaction: Transaction, keys: Iterable[ConversionKey], is_locking: bool = False
) -> dict[ConversionKey, Counted]:
    """Return {(list_id, digest of conversion-id): what is counted for it}."""
    sql = "SELECT list_id, conversion_key, event_id, is_public, expired FROM conversions"
    rows = transaction.lookup(sql, ("list_id", "conversion_key"), sorted(set(keys)), is_locking)
    return {(row[0], bytes(row[1])): Counted(row[2], bool(row[3]), row[4] and bytes(row[4])) for row in rows}


def keep_conversions(transaction: Transaction, rows: Sequence[Row]) -> None:
    """Insert rows (list_id, digest of conversion-id, event_id, is_public): the event that counts."""
    transaction.insert("conversions", ("list_id", "conversion_key", "event_id", "is_public"), rows)


def replace_conversions(transaction: Transaction, rows: Sequence[Row]) -> None:
    """Set the event, a credential's, that counts from now on: rows (event_id, list_id, digest of conversion-id)."""
    sql = "UPDATE conversions SET event_id = ?, is_public = 0, expired = NULL WHERE list_id = ? AND conversion_key = ?"
    transaction.update(sql, rows)


def note_expired(transaction: Transaction, rows: Sequence[Row]) -> None:
    """Record the values of deleted events that stay counted: rows (value, list_id, digest of conversion-id, event_id)."""
    sql = "UPDATE conversions SET expired = ? WHERE list_id = ? AND conversion_key = ? AND event_id = ?"
    transaction.update(sql, rows)


def events_by_bucket(transaction: Transaction, list_id: int) -> dict[tuple[bytes, int], int]:
    """Return {(event name, bucket): events}."""
    sql = "SELECT name, bucket, SUM(events) FROM event_counts WHERE list_id = ? GROUP BY name, bucket"
    return {
        (bytes(name), bucket): int(events) for name, bucket, events in transaction.select(sql, (list_id,))
    }


def events_named(transaction: Transaction, list_id: int, names: Iterable[str], begins: int, ends: int) -> int:
    """Return how many events of these names happened in the buckets from `begins` until before `ends`."""
    sql = "SELECT SUM(events) FROM event_counts WHERE list_id = ? AND name = ? AND bucket >= ? AND bucket < ?"
    counts = [transaction.select(sql, (list_id, name.encode(), begins, ends))[0][0] for name in names]
    return sum(int(each or 0) for each in counts)


def events_from_bucket(transaction: Transaction, list_id: int, begins: int) -> int:
    """Return how many events of a list happened from a bucket on: a step in the index for each of its names."""
    sql = (
        "SELECT SUM(c.events) FROM event_names n JOIN event_counts c ON c.list_id = n.list_id AND c.name = n.name"
        " AND c.bucket >= ? WHERE n.list_id = ?"
    )
    return int(transaction.select(sql, (begins, list_id))[0][0] or 0)


def conversion_totals(transaction: Transaction, list_id: int) -> dict[tuple[bytes, bytes], tuple[int, int]]:
    """Return {(conversion name, currency): (count, value in millionths)}."""
    sql = (
        "SELECT name, currency, SUM(conversions), SUM(units), SUM(millionths) FROM conversion_totals "
        "WHERE list_id = ? GROUP BY name, currency"
    )
    rows = transaction.select(sql, (list_id,))
    return {(bytes(r[0]), bytes(r[1])): (int(r[2]), int(r[3]) * MILLIONTHS + int(r[4])) for r in rows}


def _slot(transaction: Transaction) -> int:
    """Return a random slot: servers spread a counter over several rows, so that nodes never wait for one another's."""
    return random.randrange(transaction.engine.counter_slots)  # noqa: S311 - spreading, not a secret
