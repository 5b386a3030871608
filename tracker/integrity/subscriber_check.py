"""Does everything that is kept about persons belong to somebody? Compared for `tracker db check`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tracker.integrity.catalogue_check import Difference
from tracker.storage.engine import Database, Transaction
from tracker.storage.subscribers import erasure_rows

#: Owners of rows that are looked at in one statement; a row and its person are written, and deleted, in one transaction.
PAGE = 2_000
_CALLED = {"subscriber_fields": "values of custom fields", "subscriber_hashes": "hashes of addresses"}


def people_differences(database: Database, list_id: int) -> list[Difference]:
    """Values and hashes of persons who are gone. Raises StorageUnavailable."""
    found = []
    for table in erasure_rows.ORPHAN_TABLES:
        nobodys = dict(_of_nobody(database, table, list_id))
        if nobodys:
            found.append(_difference(table, list_id, nobodys))
    return found


def _of_nobody(database: Database, table: str, list_id: int) -> Iterator[tuple[int, int]]:
    """(subscriber_id, rows) of whom there is not."""
    look = partial(erasure_rows.orphans_page, table=table, list_id=list_id, size=PAGE)
    page = database.read(partial(look, after_id=-1))
    while page:
        yield from ((subscriber_id, rows) for subscriber_id, rows, is_there in page if not is_there)
        page = database.read(partial(look, after_id=page[-1][0]))


def _difference(table: str, list_id: int, nobodys: dict[int, int]) -> Difference:
    def repair(transaction: Transaction) -> None:
        erasure_rows.remove_orphans(transaction, table, list_id, sorted(nobodys))

    what = f"{_CALLED[table]} of {len(nobodys)} who are no subscribers"
    return Difference(what, f"{sum(nobodys.values())} row(s)", "none", repair, "there should be")
