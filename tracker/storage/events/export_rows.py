"""Rows stored about a subscriber, for its export: linked visitors, clock times and audit entries, a page at a time."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from tracker.storage.engine.transaction import Row, Transaction

#: Rows of one page.
PAGE = 500
#: Entries of the audit log searched at a time.
ENTRIES = 5_000

_LINKS = (
    "SELECT b.visitor_id, b.span, b.named_at, b.reason, b.linked_by, b.has_uncopied_history, v.uuid, v.created_at FROM identity_links b"
    " JOIN visitors v ON v.list_id = b.list_id AND v.id = b.visitor_id"
    " WHERE b.list_id = ? AND b.subscriber_id = ? AND (b.visitor_id > ? OR (b.visitor_id = ? AND b.span > ?))"
    " ORDER BY b.visitor_id, b.span LIMIT ?"
)


class LinkedVisitor(NamedTuple):
    """A visitor's span that is linked to the subscriber. `has_uncopied_history`: rows from before are under the visitor."""

    visitor_id: int
    span: int
    named_at: int
    reason: int
    by: int
    has_uncopied_history: int
    uuid: bytes
    created_at: int


def links_page(
    transaction: Transaction, list_id: int, subscriber_id: int, after: tuple[int, int]
) -> list[LinkedVisitor]:
    """Return the first PAGE links after (visitor_id, span) (a keyset page)."""
    visitor_id, span = after
    values = (list_id, subscriber_id, visitor_id, visitor_id, span, PAGE)
    return [LinkedVisitor(*row)._replace(uuid=bytes(row[6])) for row in transaction.select(_LINKS, values)]


def clocks(transaction: Transaction, list_id: int, event_ids: Collection[int]) -> dict[int, Row]:
    """Return {event_id: (when the client says it happened, when the client says it was sent)}."""
    sql = "SELECT id, claimed_at, sent_at FROM events"
    rows = transaction.lookup(sql, ("list_id", "id"), [(list_id, each) for each in sorted(event_ids)])
    return {row[0]: (row[1], row[2]) for row in rows}


def entries_page(transaction: Transaction, about: bytes, after_id: int) -> tuple[list[Row], int | None]:
    """Search ENTRIES of the audit log; return (id, at, action) of those about `about`, and the id of the last searched."""
    edge = "SELECT MAX(id) FROM (SELECT id FROM audit_log WHERE id > ? ORDER BY id LIMIT ?) AS next"
    last = transaction.select(edge, (after_id, ENTRIES))[0][0]
    if last is None:
        return [], None
    sql = "SELECT id, at, action, object FROM audit_log WHERE id > ? AND id <= ? AND INSTR(object, ?) > 0 ORDER BY id"
    rows = transaction.select(sql, (after_id, last, about))
    found = [row for row in rows if (bytes(row[3]) + b" ").find(about + b" ") == 0]
    return [(row[0], row[1], bytes(row[2]).decode()) for row in found], last
