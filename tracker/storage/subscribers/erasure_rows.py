"""How is a person hidden, and what of them is found by their number? The statements of forgetting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tracker.storage.engine.transaction import Transaction
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

#: The kind of the job that forgets a person.
FORGET = "forget"
#: Tables with rows under (list_id, subscriber_id) that go with the person at once, and again before it is proven.
PERSON_TABLES = ("subscriber_fields", "subscriber_hashes", "identity_unlinks")
#: Why a visitor was linked that the hash of the address had named: found while forgetting, gone with it.
OF_HASH = 0

#: (visitor_id, span)
SpanKey = tuple[int, int]


class Hidden(NamedTuple):
    """Who was hidden: their id, their address as given and as key, and how many rows of which table went."""

    subscriber_id: int
    emails: frozenset[str]
    removed: dict[str, int]


def hide(transaction: Transaction, list_id: int, who: Who) -> Hidden | None:
    """Delete the person and what is known of them; None if there is nobody.

    The row first: who writes values to a person holds it, and is done before or finds it gone.
    """
    column, value = who
    key = value.encode() if isinstance(value, str) else value
    sql = "SELECT id, email, email_key FROM subscribers"
    rows = transaction.lookup(sql, ("list_id", column), [(list_id, key)], is_locking=True)
    if not rows:
        return None
    subscriber_id = int(rows[0][0])
    removed = remove_known(transaction, list_id, subscriber_id)
    emails = frozenset(text(value) or "" for value in rows[0][1:] if value is not None)
    return Hidden(subscriber_id, emails, removed)


def remove_known(transaction: Transaction, list_id: int, subscriber_id: int) -> dict[str, int]:
    """Delete what is known under a person's number; how many rows of which table there were."""
    one = [(list_id, subscriber_id)]
    removed = {"subscribers": transaction.remove("subscribers", ("list_id", "id"), one)}
    for table in PERSON_TABLES:
        removed[table] = transaction.remove(table, ("list_id", "subscriber_id"), one)
    return removed


def claim_visitors(
    transaction: Transaction, list_id: int, subscriber_id: int, uuids: Iterable[bytes], now: int
) -> None:
    """Link those of the visitors to the person that are nobody's, with their past, as if an event had."""
    free = [row for row in find_visitors(transaction, [(list_id, uuid) for uuid in uuids]) if row[4] is None]
    rows = [(list_id, row[1], row[3], subscriber_id, now, 0, OF_HASH, 1, 0, now) for row in free]
    add_links(transaction, [], reopened=rows)
    for row in free:
        changed = (row[3], subscriber_id, 0, row[6] + 1, now, 0)
        change_visitor(transaction, list_id, row[1], changed, row[6])


def linked_spans(transaction: Transaction, list_id: int, subscriber_id: int, most: int) -> list[SpanKey]:
    """Some spans that are linked to the person."""
    sql = "SELECT visitor_id, span FROM identity_links WHERE list_id = ? AND subscriber_id = ? LIMIT ?"
    return [(row[0], row[1]) for row in transaction.select(sql, (list_id, subscriber_id, most))]


def unlink_visitors(transaction: Transaction, list_id: int, spans: Sequence[SpanKey]) -> None:
    """What happens in the time of these spans is in new ones from now on, which are nobody's."""
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


def remove_links(transaction: Transaction, list_id: int, spans: Iterable[SpanKey]) -> int:
    rows = [(list_id, *span) for span in spans]
    return transaction.remove("identity_links", LINK[:3], rows)


def clear_unlinked(transaction: Transaction, list_id: int, subscriber_id: int, most: int) -> int:
    """Spans that were taken from the person do not name them any more; how many there were, at most `most`."""
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
