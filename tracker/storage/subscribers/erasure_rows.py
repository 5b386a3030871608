"""Erasure of a subscriber: deletes the profile and everything stored under its number, and finds orphaned rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tracker.storage import changes
from tracker.storage.engine.transaction import Transaction
from tracker.storage.shards import HeadChange, tell_head
from tracker.storage.subscribers import span_rows
from tracker.storage.subscribers.identity_rows import (
    LINK,
    add_links,
    change_visitor,
    find_visitors,
    lock_visitor,
    text,
)
from tracker.storage.subscribers.subscribers import Who

#: The kind of the job that erases a subscriber.
FORGET = "forget"
#: Tables with rows under (list_id, subscriber_id) that are deleted with the profile, and again before the proof.
SUBSCRIBER_TABLES = (
    "subscriber_fields",
    "subscriber_hashes",
    "identity_unlinks",
    "deliveries",
    "trigger_members",
)
#: Tables with rows under (list_id, subscriber_id) that exist only as long as the subscriber.
ORPHAN_TABLES = ("subscriber_fields", "subscriber_hashes")
#: Reason of the link of a visitor that the hash of the address had named: made during the erasure, and deleted by it.
HASH_REASON = 0

#: (visitor_id, span)
VisitorSpanKey = tuple[int, int]


class DeletedProfile(NamedTuple):
    """A deleted subscriber: the id, the addresses as given and as key, and how many rows of which table were deleted."""

    subscriber_id: int
    emails: frozenset[str]
    removed: dict[str, int]


def delete_profile(transaction: Transaction, list_id: int, who: Who) -> DeletedProfile | None:
    """Delete the subscriber's profile and everything stored under its number; return None if there is no such subscriber.

    The subscriber's row is deleted first: a writer of its values locks that row, and is done before or finds it gone.
    """
    column, value = who
    key = value.encode() if isinstance(value, str) else value
    sql = "SELECT id, email, email_key FROM subscribers"
    rows = transaction.lookup(sql, ("list_id", column), [(list_id, key)], is_locking=True)
    if not rows:
        return None
    subscriber_id = int(rows[0][0])
    removed = remove_known(transaction, list_id, subscriber_id)
    if rows[0][2] is not None:
        address = {"address_key": bytes(rows[0][2]).decode()}
        tell_head(transaction, list_id, HeadChange.ADDRESS, address)
    emails = frozenset(text(value) or "" for value in rows[0][1:] if value is not None)
    return DeletedProfile(subscriber_id, emails, removed)


def remove_known(transaction: Transaction, list_id: int, subscriber_id: int) -> dict[str, int]:
    """Delete the rows under a subscriber's number; return how many there were of which table."""
    one = [(list_id, subscriber_id)]
    changes.note_subscriber(transaction, list_id, subscriber_id)
    removed = {"subscribers": transaction.remove("subscribers", ("list_id", "id"), one)}
    for table in SUBSCRIBER_TABLES:
        removed[table] = transaction.remove(table, ("list_id", "subscriber_id"), one)
    return removed


def claim_hash_visitors(
    transaction: Transaction, list_id: int, subscriber_id: int, uuids: Iterable[bytes], now: int
) -> None:
    """Link the visitors without a subscriber to the one being erased, with their history, as an event would have."""
    free = [row for row in find_visitors(transaction, [(list_id, uuid) for uuid in uuids]) if row[4] is None]
    rows = [(list_id, row[1], row[3], subscriber_id, now, 0, HASH_REASON, 1, 0, now) for row in free]
    add_links(transaction, [], reopened=rows)
    for row in free:
        changed = (row[3], subscriber_id, 0, row[6] + 1, now, 0)
        change_visitor(transaction, list_id, row[1], changed, row[6])


def linked_spans(
    transaction: Transaction, list_id: int, subscriber_id: int, most: int
) -> list[VisitorSpanKey]:
    """Return at most `most` spans that are linked to the subscriber."""
    sql = "SELECT visitor_id, span FROM identity_links WHERE list_id = ? AND subscriber_id = ? LIMIT ?"
    return [(row[0], row[1]) for row in transaction.select(sql, (list_id, subscriber_id, most))]


def unlink_visitors(transaction: Transaction, list_id: int, spans: Sequence[VisitorSpanKey]) -> None:
    """Have later events in the time of these spans fall into new spans without a subscriber."""
    for visitor_id, span in spans:
        row = lock_visitor(transaction, list_id, visitor_id)
        if row is None:
            continue
        current, version = row[3], row[6]
        span_rows.wall_off(transaction, list_id, visitor_id, span)
        span_rows.renumber(transaction, list_id, visitor_id, span, version)
        is_current = current == span
        now = (
            (version, None, 0, version + 1, None, None) if is_current else (*row[3:6], version + 1, *row[7:9])
        )
        change_visitor(transaction, list_id, visitor_id, now, version)


def remove_links(transaction: Transaction, list_id: int, spans: Iterable[VisitorSpanKey]) -> int:
    """Delete the links of these spans; return how many there were."""
    rows = [(list_id, *span) for span in spans]
    changes.note_links(transaction, list_id, (row[1:] for row in rows))
    return transaction.remove("identity_links", LINK[:3], rows)


def clear_unlinked(transaction: Transaction, list_id: int, subscriber_id: int, most: int) -> int:
    """Clear the subscriber's number from spans that were unlinked from it; return how many there were, at most `most`."""
    sql = (
        "SELECT list_id, visitor_id, span FROM identity_links"
        " WHERE list_id = ? AND subscriber_id IS NULL AND unlinked_from = ? LIMIT ?"
    )
    rows = transaction.select(sql, (list_id, subscriber_id, most))
    update = (
        "UPDATE identity_links SET unlinked_from = NULL WHERE list_id = ? AND visitor_id = ? AND span = ?"
    )
    transaction.update(update, rows)
    return len(rows)


def orphans_page(
    transaction: Transaction, table: str, list_id: int, after_id: int, size: int
) -> list[tuple[int, int, bool]]:
    """Return (subscriber_id, rows, whether the subscriber exists) of the next owners of rows, in the order of their ids."""
    sql = (
        f"SELECT t.subscriber_id, COUNT(*), MAX(s.id) FROM {table} t"
        " LEFT JOIN subscribers s ON s.list_id = t.list_id AND s.id = t.subscriber_id"
        " WHERE t.list_id = ? AND t.subscriber_id > ? GROUP BY t.subscriber_id ORDER BY t.subscriber_id LIMIT ?"
    )
    rows = transaction.select(sql, (list_id, after_id, size))
    return [(row[0], int(row[1]), row[2] is not None) for row in rows]


def remove_orphans(transaction: Transaction, table: str, list_id: int, subscriber_ids: Sequence[int]) -> None:
    """Delete the rows of these subscribers. An id is never used again, so they are no other subscriber's."""
    wanted = [(list_id, subscriber_id) for subscriber_id in subscriber_ids]
    transaction.remove(table, ("list_id", "subscriber_id"), wanted)
