"""Span rows: when each span of a visitor's events begins, in event time, for visitors that have several.

The rows of a visitor cover all times: the first begins before every event, each ends where the next begins, and the
last is the visitor's current span. A row outlives the link of its span, so that a late event finds it. Then it has a
wall behind it: what falls into it is not joined with what comes after.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tracker.domain.spans import END, Position
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.tables import VISITOR_SPANS

_COLUMNS = tuple(column.name for column in VISITOR_SPANS.columns)
_VISITOR = "list_id = ? AND visitor_id = ?"
_SELECT = f"SELECT begins_at, begins_id, span, has_wall FROM visitor_spans WHERE {_VISITOR}"
_BEFORE = f"{_SELECT} AND begins_at <= ? AND (begins_at < ? OR begins_id <= ?) ORDER BY begins_at DESC, begins_id DESC LIMIT 1"
_AFTER = (
    f"{_SELECT} AND begins_at >= ? AND (begins_at > ? OR begins_id > ?) ORDER BY begins_at, begins_id LIMIT 1"
)
_LINKED = (
    f"SELECT subscriber_id, named_at, event_id, linked_by FROM identity_links WHERE {_VISITOR} AND span = ?"
)
_MOVE = f"UPDATE visitor_spans SET begins_at = ?, begins_id = ?, has_wall = 0 WHERE {_VISITOR} AND span = ?"
_BEGINS = f"SELECT begins_at, begins_id FROM visitor_spans WHERE {_VISITOR} AND span = ?"
_WALL = f"UPDATE visitor_spans SET has_wall = 1 WHERE {_VISITOR} AND begins_at = ? AND begins_id = ?"
_RENUMBER = f"UPDATE visitor_spans SET span = ? WHERE {_VISITOR} AND span = ?"


class FoundSpan(NamedTuple):
    """A span found by time. `begins` is None for a visitor's only span, which has no row.

    `named` is the position of the first event that named the subscriber. `has_wall`: the span before it was taken from
    a subscriber.
    """

    number: int
    begins: Position | None
    ends: Position
    subscriber_id: int | None
    named: Position | None
    has_wall: bool
    by: int


def find(transaction: Transaction, list_id: int, visitor_id: int, span: int, position: Position) -> FoundSpan:
    """Return the span of a visitor at a position; `span` is the visitor's current one."""
    visitor, until = (list_id, visitor_id), (position[0], *position)
    before = transaction.select(_BEFORE, (*visitor, *until))
    after = transaction.select(_AFTER, (*visitor, *until)) if before else []
    number = before[0][2] if before else span
    begins = (before[0][0], before[0][1]) if before else None
    ends = (after[0][0], after[0][1]) if after else END
    linked = transaction.select(_LINKED, (*visitor, number))
    subscriber_id, *named, by = linked[0] if linked else (None, 0, 0, 0)
    is_linked, has_wall = subscriber_id is not None, bool(before and before[0][3])
    return FoundSpan(
        number, begins, ends, subscriber_id, (named[0], named[1]) if is_linked else None, has_wall, by
    )


def has_some(transaction: Transaction, list_id: int, visitor_id: int) -> bool:
    """Return whether a visitor has several spans."""
    sql = f"SELECT 1 FROM visitor_spans WHERE {_VISITOR} LIMIT 1"
    return bool(transaction.select(sql, (list_id, visitor_id)))


def add(
    transaction: Transaction, list_id: int, visitor_id: int, spans: Iterable[tuple[Position, int]]
) -> None:
    """Insert new spans (begins, span); one that begins where another does is left out."""
    rows = [(list_id, visitor_id, *begins, span, 0) for begins, span in spans]
    transaction.insert_missing("visitor_spans", _COLUMNS, rows)


def move(
    transaction: Transaction, list_id: int, visitor_id: int, spans: Sequence[tuple[Position, int]]
) -> None:
    """Move the beginnings of spans."""
    transaction.update(_MOVE, [(*begins, list_id, visitor_id, span) for begins, span in spans])


def wall_off(transaction: Transaction, list_id: int, visitor_id: int, span: int) -> None:
    """Put a wall behind a span that is taken from a subscriber: its time stays fixed, whoever gets it or the time after it."""
    for begins_at, begins_id in transaction.select(_BEGINS, (list_id, visitor_id, span)):
        after = transaction.select(_AFTER, (list_id, visitor_id, begins_at, begins_at, begins_id))
        if after:
            transaction.execute(_WALL, (list_id, visitor_id, *after[0][:2]))


def renumber(transaction: Transaction, list_id: int, visitor_id: int, span: int, to: int) -> None:
    """Give the time of a span to another span number."""
    transaction.execute(_RENUMBER, (to, list_id, visitor_id, span))
