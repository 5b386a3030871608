"""Subscriber check: values and hashes whose subscriber is gone (orphaned rows), for `tracker db check`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tracker.integrity.catalogue_check import Difference
from tracker.storage.engine import Database, Transaction
from tracker.storage.subscribers import erasure_rows

#: Owners of rows checked in one statement; a row and its subscriber are written, and deleted, in one transaction.
PAGE = 2_000
_LABELS = {"subscriber_fields": "values of custom fields", "subscriber_hashes": "hashes of addresses"}


def subscriber_differences(database: Database, list_id: int) -> list[Difference]:
    """Return the orphaned values and hashes of a list. Raises StorageUnavailable."""
    found = []
    for table in erasure_rows.ORPHAN_TABLES:
        orphans = dict(_orphans(database, table, list_id))
        if orphans:
            found.append(_difference(table, list_id, orphans))
    return found


def _orphans(database: Database, table: str, list_id: int) -> Iterator[tuple[int, int]]:
    """Yield (subscriber_id, rows) of the subscribers that do not exist."""
    look = partial(erasure_rows.orphans_page, table=table, list_id=list_id, size=PAGE)
    page = database.read(partial(look, after_id=-1))
    while page:
        yield from (
            (subscriber_id, rows) for subscriber_id, rows, has_subscriber in page if not has_subscriber
        )
        page = database.read(partial(look, after_id=page[-1][0]))


def _difference(table: str, list_id: int, orphans: dict[int, int]) -> Difference:
    def repair(transaction: Transaction) -> None:
        erasure_rows.remove_orphans(transaction, table, list_id, sorted(orphans))

    what = f"{_LABELS[table]} of {len(orphans)} who are no subscribers"
    return Difference(what, f"{sum(orphans.values())} row(s)", "none", repair, "there should be")
