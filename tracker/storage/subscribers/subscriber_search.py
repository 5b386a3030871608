"""Subscriber search: text anywhere in address, ID or text fields, by reading the subscribers in slices, the newest first."""

from __future__ import annotations

from functools import partial

import gevent

from tracker.domain.field_types import TEXT, stored_value
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction

#: Subscribers that are looked at: the newest ones of a larger list.
MAX_EXAMINED = 500_000
#: Subscribers read at once: 3 ms in which a worker answers no other request.
SLICE = 2_000
_TEXT_FIELDS = "SELECT id FROM custom_fields WHERE list_id = ? AND data_type = ?"


def matching_ids(database: Database, list_id: int, wanted: str, deadline: float | None) -> list[int]:
    """Return the ids of the subscribers with this text in lower case anywhere, in any letter case; the newest first."""
    found: list[int] = []
    before = 2**63 - 1
    for examined in range(0, MAX_EXAMINED, SLICE):
        if examined:
            gevent.sleep(0)
        look = partial(_matches_before, list_id=list_id, before=before, wanted=wanted)
        oldest, matches = database.read(look, deadline)
        found += matches
        if oldest is None:
            break
        before = oldest
    return found


def _matches_before(
    transaction: Transaction, list_id: int, before: int, wanted: str
) -> tuple[int | None, list[int]]:
    """Return the oldest id of the next slice, None if it is the last one, and the ids in it that match."""
    sql = "SELECT id FROM subscribers WHERE list_id = ? AND id < ? ORDER BY id DESC LIMIT 1 OFFSET ?"
    rows = transaction.select(sql, (list_id, before, SLICE - 1))
    oldest = int(rows[0][0]) if rows else None
    part = (list_id, oldest or 0, before)
    email, external_id, value = (
        transaction.engine.contains(each) for each in ("email", "external_id", "value")
    )
    sql = (
        f"SELECT id FROM subscribers WHERE list_id = ? AND id >= ? AND id < ? AND ({email} OR {external_id})"
    )
    found = {int(row[0]) for row in transaction.select(sql, (*part, wanted, wanted))}
    fields = [row[0] for row in transaction.select(_TEXT_FIELDS, (list_id, TEXT.encode()))]
    if fields:
        marks = ", ".join("?" * len(fields))
        sql = (
            "SELECT subscriber_id FROM subscriber_fields WHERE list_id = ? AND subscriber_id >= ? AND subscriber_id < ?"
            f" AND field_id IN ({marks}) AND {value}"
        )
        # Values are JSON: between the quotes stands the text as JSON writes it.
        as_stored = stored_value(TEXT, wanted).decode()[1:-1]
        found |= {int(row[0]) for row in transaction.select(sql, (*part, *fields, as_stored))}
    return oldest, sorted(found, reverse=True)
