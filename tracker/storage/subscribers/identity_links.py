"""Identity links: the log of links between visitors and a subscriber, removed ones included, a keyset page at a time."""

from __future__ import annotations

from typing import NamedTuple

from tracker.storage.engine.transaction import Row, Transaction

#: The `number` of a current link, which sorts after the removed links of its span.
CURRENT = 2**63 - 1

_VISITOR = "visitor_id >= ? AND (visitor_id > ? OR span >= ?)"
_LINKED = (
    "SELECT visitor_id, span, named_at, event_id, reason, linked_by FROM identity_links WHERE list_id = ? AND subscriber_id = ?"
    f" AND has_uncopied_history = ? AND {_VISITOR} ORDER BY visitor_id, span LIMIT ?"
)
_UNLINKED = (
    "SELECT visitor_id, span, id, named_at, event_id, reason, linked_by, unlinked_at FROM identity_unlinks WHERE list_id = ?"
    f" AND subscriber_id = ? AND {_VISITOR} AND (visitor_id > ? OR span > ? OR id > ?)"
    " ORDER BY visitor_id, span, id LIMIT ?"
)
_ONE = (
    "SELECT visitor_id, span, named_at, event_id, reason, linked_by FROM identity_links"
    " WHERE list_id = ? AND visitor_id = ? AND span = ? AND subscriber_id = ?"
)


class LinkCursor(NamedTuple):
    """The position of a link in the log: `number` is CURRENT, or the id of the unlinking."""

    visitor_id: int
    span: int
    number: int


class LoggedLink(NamedTuple):
    """A visitor's span that is linked, or was until `unlinked_at`; by an event, for a `reason` (`domain.identity.Reason`).

    `by` says who made the link (`domain.provenance.By`), `named_at` when the event happened.
    """

    cursor: LinkCursor
    named_at: int
    event_id: int
    reason: int
    by: int
    unlinked_at: int | None


#: The cursor before all links.
BEGIN = LinkCursor(-1, -1, -1)


def page(
    transaction: Transaction, list_id: int, subscriber_id: int, after: LinkCursor, most: int
) -> list[LoggedLink]:
    """Return the first `most` links of a subscriber after a cursor, visitor by visitor."""
    subscriber = (list_id, subscriber_id)
    start = (after.visitor_id, after.visitor_id, after.span)
    found = [
        _current(row)
        for has_uncopied_history in (0, 1)  # each is a piece of the index
        for row in transaction.select(_LINKED, (*subscriber, has_uncopied_history, *start, most + 1))
    ]
    values = (*subscriber, *start, after.visitor_id, after.span, after.number, most)
    for visitor_id, span, number, *rest in transaction.select(_UNLINKED, values):
        found.append(LoggedLink(LinkCursor(visitor_id, span, number), *rest))
    return sorted(link for link in found if link.cursor > after)[:most]


def link_of(
    transaction: Transaction, list_id: int, subscriber_id: int, visitor_id: int, span: int
) -> LoggedLink | None:
    """Return the link of a visitor's span to this very subscriber, or None."""
    rows = transaction.select(_ONE, (list_id, visitor_id, span, subscriber_id))
    return _current(rows[0]) if rows else None


def visitors(transaction: Transaction, list_id: int, ids: set[int]) -> dict[int, tuple[bytes, int]]:
    """Return {visitor_id: (uuid, its current span)}."""
    wanted = [(list_id, visitor_id) for visitor_id in sorted(ids)]
    rows = transaction.lookup("SELECT id, uuid, span FROM visitors", ("list_id", "id"), wanted)
    return {row[0]: (bytes(row[1]), row[2]) for row in rows}


def _current(row: Row) -> LoggedLink:
    visitor_id, span, named_at, event_id, reason, by = row
    return LoggedLink(LinkCursor(visitor_id, span, CURRENT), named_at, event_id, reason, by, None)
