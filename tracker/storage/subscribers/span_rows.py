"""Event time: when does each span of a visitor's life begin? Rows of those visitors that have several.

Of a visitor with rows they cover all times: one begins before every event, each ends where the next begins, and the last one
is the visitor's current span. A row stays when the link of its span goes, so that what arrives late finds it, and
there is a wall behind it: what comes into it is not joined with what comes after.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tracker.domain.spans import END, Position
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.tables import VISITOR_SPANS

_COLUMNS = tuple(column.name for column in VISITOR_SPANS.columns)
_WHOSE = "list_id = ? AND visitor_id = ?"
_SELECT = f"SELECT begins_at, begins_id, span, has_wall FROM visitor_spans WHERE {_WHOSE}"
_BEFORE = f"{_SELECT} AND begins_at <= ? AND (begins_at < ? OR begins_id <= ?) ORDER BY begins_at DESC, begins_id DESC LIMIT 1"
_AFTER = (
    f"{_SELECT} AND begins_at >= ? AND (begins_at > ? OR begins_id > ?) ORDER BY begins_at, begins_id LIMIT 1"
)
_LINKED = (
    f"SELECT subscriber_id, named_at, event_id, linked_by FROM identity_links WHERE {_WHOSE} AND span = ?"
)
_MOVE = f"UPDATE visitor_spans SET begins_at = ?, begins_id = ?, has_wall = 0 WHERE {_WHOSE} AND span = ?"
_BEGINS = f"SELECT begins_at, begins_id FROM visitor_spans WHERE {_WHOSE} AND span = ?"
_WALL = f"UPDATE visitor_spans SET has_wall = 1 WHERE {_WHOSE} AND begins_at = ? AND begins_id = ?"
_RENUMBER = f"UPDATE visitor_spans SET span = ? WHERE {_WHOSE} AND span = ?"


class FoundSpan(NamedTuple):
    """`begins` is None of a life's only one, which has no row. `named` is when the first event that named the person happened.

    `has_wall`: what was before it has been taken from somebody.
    """

    number: int
    begins: Position | None
    ends: Position
    subscriber_id: int | None
    named: Position | None
    has_wall: bool
    by: int


def find(transaction: Transaction, list_id: int, visitor_id: int, span: int, position: Position) -> FoundSpan:
    """The span of a visitor in which something happened; `span` is the visitor's current one."""
    whose, at = (list_id, visitor_id), (position[0], *position)
    before = transaction.select(_BEFORE, (*whose, *at))
    after = transaction.select(_AFTER, (*whose, *at)) if before else []
    number = before[0][2] if before else span
    begins = (before[0][0], before[0][1]) if before else None
    ends = (after[0][0], after[0][1]) if after else END
    linked = transaction.select(_LINKED, (*whose, number))
    subscriber_id, *named, by = linked[0] if linked else (None, 0, 0, 0)
    is_linked, has_wall = subscriber_id is not None, bool(before and before[0][3])
    return FoundSpan(
        number, begins, ends, subscriber_id, (named[0], named[1]) if is_linked else None, has_wall, by
    )


def has_some(transaction: Transaction, list_id: int, visitor_id: int) -> bool:
    """Whether a visitor has several spans."""
    sql = f"SELECT 1 FROM visitor_spans WHERE {_WHOSE} LIMIT 1"
    return bool(transaction.select(sql, (list_id, visitor_id)))


def add(
    transaction: Transaction, list_id: int, visitor_id: int, spans: Iterable[tuple[Position, int]]
) -> None:
    """(begins, span) of new ones; one that begins where another does is not."""
    rows = [(list_id, visitor_id, *begins, span, 0) for begins, span in spans]
    transaction.insert_missing("visitor_spans", _COLUMNS, rows)


def move(
    transaction: Transaction, list_id: int, visitor_id: int, spans: Sequence[tuple[Position, int]]
) -> None:
    """Have spans begin at other times."""
    transaction.update(_MOVE, [(*begins, list_id, visitor_id, span) for begins, span in spans])


def wall_off(transaction: Transaction, list_id: int, visitor_id: int, span: int) -> None:
    """Somebody loses a span: its time stays what it was, whoever comes into it or after it."""
    for at, event_id in transaction.select(_BEGINS, (list_id, visitor_id, span)):
        after = transaction.select(_AFTER, (list_id, visitor_id, at, at, event_id))
        if after:
            transaction.execute(_WALL, (list_id, visitor_id, *after[0][:2]))


def renumber(transaction: Transaction, list_id: int, visitor_id: int, span: int, to: int) -> None:
    """Have what happens in the time of a span be in another one from now on."""
    transaction.execute(_RENUMBER, (to, list_id, visitor_id, span))
