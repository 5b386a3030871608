"""What links visitors to a person, and what did? The log of links, a page at a time."""

from __future__ import annotations

from typing import NamedTuple

from tracker.storage.engine.transaction import Row, Transaction

#: The place of a link that is there among those of its span that were taken back: after them.
STANDING = 2**63 - 1

_VISITOR = "visitor_id >= ? AND (visitor_id > ? OR span >= ?)"
_LINKED = (
    "SELECT visitor_id, span, named_at, event_id, reason, linked_by FROM identity_links WHERE list_id = ? AND subscriber_id = ?"
    f" AND has_unmerged_history = ? AND {_VISITOR} ORDER BY visitor_id, span LIMIT ?"
)
_TAKEN_BACK = (
    "SELECT visitor_id, span, id, named_at, event_id, reason, linked_by, unlinked_at FROM identity_unlinks WHERE list_id = ?"
    f" AND subscriber_id = ? AND {_VISITOR} AND (visitor_id > ? OR span > ? OR id > ?)"
    " ORDER BY visitor_id, span, id LIMIT ?"
)
_ONE = (
    "SELECT visitor_id, span, named_at, event_id, reason, linked_by FROM identity_links"
    " WHERE list_id = ? AND visitor_id = ? AND span = ? AND subscriber_id = ?"
)


class Place(NamedTuple):
    """Where a link stands in the order of all: `number` is STANDING, or that of taking it back."""

    visitor_id: int
    span: int
    number: int


class LoggedLink(NamedTuple):
    """A visitor's span that is linked, or was until `unlinked_at`; by an event, for a `reason` (`ingest.who.Reason`).

    `by` is who told it (`linked_by.By`), `named_at` when the event happened.
    """

    place: Place
    named_at: int
    event_id: int
    reason: int
    by: int
    unlinked_at: int | None


#: Before all links.
BEGIN = Place(-1, -1, -1)


def page(
    transaction: Transaction, list_id: int, subscriber_id: int, after: Place, most: int
) -> list[LoggedLink]:
    """The first `most` links of a person after a place, visitor by visitor."""
    whose = (list_id, subscriber_id)
    start = (after.visitor_id, after.visitor_id, after.span)
    found = [
        _standing(row)
        for has_unmerged_history in (0, 1)  # each is a piece of the index
        for row in transaction.select(_LINKED, (*whose, has_unmerged_history, *start, most + 1))
    ]
    values = (*whose, *start, after.visitor_id, after.span, after.number, most)
    for visitor_id, span, number, *rest in transaction.select(_TAKEN_BACK, values):
        found.append(LoggedLink(Place(visitor_id, span, number), *rest))
    return sorted(link for link in found if link.place > after)[:most]


def link_of(
    transaction: Transaction, list_id: int, subscriber_id: int, visitor_id: int, span: int
) -> LoggedLink | None:
    """What links a visitor's span to this very person."""
    at = (list_id, visitor_id, span, subscriber_id)
    rows = transaction.select(_ONE, at)
    return _standing(rows[0]) if rows else None


def visitors(transaction: Transaction, list_id: int, ids: set[int]) -> dict[int, tuple[bytes, int]]:
    """{visitor_id: (uuid, its current span)}."""
    wanted = [(list_id, visitor_id) for visitor_id in sorted(ids)]
    rows = transaction.lookup("SELECT id, uuid, span FROM visitors", ("list_id", "id"), wanted)
    return {row[0]: (bytes(row[1]), row[2]) for row in rows}


def _standing(row: Row) -> LoggedLink:
    visitor_id, span, named_at, event_id, reason, by = row
    return LoggedLink(Place(visitor_id, span, STANDING), named_at, event_id, reason, by, None)
