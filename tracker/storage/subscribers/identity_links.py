"""What ties visitors to a person, and what did? The log of bindings, a page at a time."""

from __future__ import annotations

from typing import NamedTuple

from tracker.storage.engine.transaction import Row, Transaction

#: The place of a binding that is there among those of its segment that were taken back: after them.
STANDING = 2**63 - 1

_VISITOR = "visitor_id >= ? AND (visitor_id > ? OR segment >= ?)"
_BOUND = (
    "SELECT visitor_id, segment, named_at, event_id, reason, bound_by FROM bindings WHERE list_id = ? AND subscriber_id = ?"
    f" AND has_past = ? AND {_VISITOR} ORDER BY visitor_id, segment LIMIT ?"
)
_TAKEN_BACK = (
    "SELECT visitor_id, segment, id, named_at, event_id, reason, bound_by, unbound_at FROM unbindings WHERE list_id = ?"
    f" AND subscriber_id = ? AND {_VISITOR} AND (visitor_id > ? OR segment > ? OR id > ?)"
    " ORDER BY visitor_id, segment, id LIMIT ?"
)
_ONE = (
    "SELECT visitor_id, segment, named_at, event_id, reason, bound_by FROM bindings"
    " WHERE list_id = ? AND visitor_id = ? AND segment = ? AND subscriber_id = ?"
)


class Place(NamedTuple):
    """Where a tie stands in the order of all: `number` is STANDING, or that of taking it back."""

    visitor_id: int
    segment: int
    number: int


class LoggedTie(NamedTuple):
    """A visitor's segment that is bound, or was until `unbound_at`; by an event, for a `reason` (`ingest.who.Reason`).

    `by` is who told it (`tied_by.By`), `named_at` when the event happened.
    """

    place: Place
    named_at: int
    event_id: int
    reason: int
    by: int
    unbound_at: int | None


#: Before all ties.
BEGIN = Place(-1, -1, -1)


def page(
    transaction: Transaction, list_id: int, subscriber_id: int, after: Place, most: int
) -> list[LoggedTie]:
    """The first `most` ties of a person after a place, visitor by visitor."""
    whose = (list_id, subscriber_id)
    start = (after.visitor_id, after.visitor_id, after.segment)
    found = [
        _standing(row)
        for has_past in (0, 1)  # each is a piece of the index
        for row in transaction.select(_BOUND, (*whose, has_past, *start, most + 1))
    ]
    values = (*whose, *start, after.visitor_id, after.segment, after.number, most)
    for visitor_id, segment, number, *rest in transaction.select(_TAKEN_BACK, values):
        found.append(LoggedTie(Place(visitor_id, segment, number), *rest))
    return sorted(tie for tie in found if tie.place > after)[:most]


def tie_of(
    transaction: Transaction, list_id: int, subscriber_id: int, visitor_id: int, segment: int
) -> LoggedTie | None:
    """What binds a visitor's segment to this very person."""
    at = (list_id, visitor_id, segment, subscriber_id)
    rows = transaction.select(_ONE, at)
    return _standing(rows[0]) if rows else None


def visitors(transaction: Transaction, list_id: int, ids: set[int]) -> dict[int, tuple[bytes, int]]:
    """{visitor_id: (uuid, its current segment)}."""
    wanted = [(list_id, visitor_id) for visitor_id in sorted(ids)]
    rows = transaction.lookup("SELECT id, uuid, segment FROM visitors", ("list_id", "id"), wanted)
    return {row[0]: (bytes(row[1]), row[2]) for row in rows}


def _standing(row: Row) -> LoggedTie:
    visitor_id, segment, named_at, event_id, reason, by = row
    return LoggedTie(Place(visitor_id, segment, STANDING), named_at, event_id, reason, by, None)
