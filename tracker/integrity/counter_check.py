"""Integrity check of a list: counters, catalogue, timelines and subscribers against the events, on a live database too."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tracker.domain.conversions import MILLIONTHS, first_whole_bucket, total_of, value_in_millionths
from tracker.domain.event import CONVERSION, IS_BOT, NOT_COUNTED, Event, decoded_properties
from tracker.domain.row_ids import MAX_AHEAD_MS, first_id_at, received_ms
from tracker.integrity.catalogue_check import Difference, catalogue_differences
from tracker.integrity.subscriber_check import subscriber_differences
from tracker.integrity.timeline_check import timeline_differences
from tracker.storage.accounts import read_settings
from tracker.storage.aggregates import counters, expired_totals
from tracker.storage.engine import Database, Transaction
from tracker.storage.events import scan


@dataclass
class Recount:
    """The result of one list's check."""

    list_id: int
    events: int = 0
    differences: list[Difference] = field(default_factory=list)
    #: Events dated in the future, and the time of the last of them, in UTC milliseconds.
    ahead: int = 0
    ahead_until: int = 0


def recount(database: Database, list_id: int) -> Recount:
    """Compare all counts of a list with its events. Raises StorageUnavailable."""
    result = Recount(list_id)
    database.snapshot(lambda transaction: _recount_counters(transaction, result))
    result.differences += catalogue_differences(database, list_id)
    result.differences += timeline_differences(database, list_id)
    result.differences += subscriber_differences(database, list_id)
    return result


def _recount_counters(transaction: Transaction, result: Recount) -> None:
    """Compare counters with events in one snapshot: both change in one transaction."""
    list_id = result.list_id
    stored, counted = (
        counters.events_by_bucket(transaction, list_id),
        scan.events_by_bucket(transaction, list_id, IS_BOT),
    )
    result.events = sum(counted.values())
    now = time.time_ns() // 1_000_000 + MAX_AHEAD_MS
    result.ahead, last_id = scan.dated_ahead(transaction, list_id, first_id_at(now), now)
    result.ahead_until = received_ms(last_id)
    kept_from = first_whole_bucket(read_settings(transaction, list_id).events_from)
    for key in sorted(key for key in stored.keys() | counted.keys() if key[1] >= kept_from):
        if stored.get(key, 0) != counted.get(key, 0):
            result.differences.append(
                _events_difference(list_id, key, stored.get(key, 0), counted.get(key, 0))
            )
    totals, recounted = counters.conversion_totals(transaction, list_id), _conversions(transaction, list_id)
    for total in sorted(totals.keys() | recounted.keys()):
        one, other = totals.get(total, (0, 0)), recounted.get(total, (0, 0))
        if one != other:
            result.differences.append(_conversions_difference(list_id, total, one, other))


def _conversions(transaction: Transaction, list_id: int) -> dict[tuple[bytes, bytes], tuple[int, int]]:
    """Return {(conversion name, currency): (count, value in millionths)} of the conversions that count or did."""
    totals = expired_totals(transaction, list_id)
    for flags, stored in scan.events_named(transaction, list_id, CONVERSION.encode()):
        if flags & NOT_COUNTED:
            continue
        event = Event(list_id, CONVERSION, 0, properties=decoded_properties(stored))
        _, name, currency = total_of(event)
        count, value = totals.get((name, currency), (0, 0))
        added = value_in_millionths(event.properties["conversion-value"])
        totals[name, currency] = (count + 1, value + added)
    return totals


def _events_difference(list_id: int, key: tuple[bytes, int], stored: int, counted: int) -> Difference:
    name, bucket = key

    def repair(transaction: Transaction) -> None:
        counters.add_events(transaction, {(list_id, name, bucket): counted - stored})

    when = time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(bucket / 1000))
    return Difference(f"events '{name.decode()}' from {when}", str(stored), str(counted), repair)


def _conversions_difference(
    list_id: int, total: tuple[bytes, bytes], stored: tuple[int, int], counted: tuple[int, int]
) -> Difference:
    def repair(transaction: Transaction) -> None:
        units, millionths = divmod(counted[1] - stored[1], MILLIONTHS)
        added = (counted[0] - stored[0], units, millionths)
        counters.add_conversions(transaction, {(list_id, *total): added})

    what = f"conversions '{total[0].decode()}' in '{total[1].decode()}'"
    return Difference(what, _as_text(stored), _as_text(counted), repair)


def _as_text(total: tuple[int, int]) -> str:
    return f"{total[0]} worth {total[1] / MILLIONTHS:g}"
