"""Event time: when does each segment of a visitor's life begin? Rows of those visitors that have several.

Of a visitor with rows they cover all times: one begins before every event, each ends where the next begins, and the last one
is the visitor's current segment. A row stays when the binding of its segment goes, so that what arrives late finds it, and
there is a wall behind it: what comes into it is not joined with what comes after.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tracker.storage.ddl import Table, integer, key
from tracker.storage.steps import AddColumn
from tracker.storage.transaction import Row, Transaction

#: (UTC milliseconds, row id): when something happened.
Position = tuple[int, int]
#: Before every event, and after all of them.
BEGIN, END = (-(2**63), 0), (2**63 - 1, 2**63 - 1)

STRETCHES = Table(
    "stretches",
    [
        key("list_id"),
        key("visitor_id"),
        integer("begins_at"),
        key("begins_id"),
        integer("segment"),
        integer("has_wall"),
    ],
    primary=("list_id", "visitor_id", "begins_at", "begins_id"),
    indexes=[("list_id", "visitor_id", "segment")],
    is_clustered=True,
)
_COLUMNS = tuple(column.name for column in STRETCHES.columns)
_WHOSE = "list_id = ? AND visitor_id = ?"
_SELECT = f"SELECT begins_at, begins_id, segment, has_wall FROM stretches WHERE {_WHOSE}"
_BEFORE = f"{_SELECT} AND begins_at <= ? AND (begins_at < ? OR begins_id <= ?) ORDER BY begins_at DESC, begins_id DESC LIMIT 1"
_AFTER = (
    f"{_SELECT} AND begins_at >= ? AND (begins_at > ? OR begins_id > ?) ORDER BY begins_at, begins_id LIMIT 1"
)
_BOUND = f"SELECT subscriber_id, named_at, event_id, bound_by FROM bindings WHERE {_WHOSE} AND segment = ?"
_MOVE = f"UPDATE stretches SET begins_at = ?, begins_id = ?, has_wall = 0 WHERE {_WHOSE} AND segment = ?"
_BEGINS = f"SELECT begins_at, begins_id FROM stretches WHERE {_WHOSE} AND segment = ?"
_WALL = f"UPDATE stretches SET has_wall = 1 WHERE {_WHOSE} AND begins_at = ? AND begins_id = ?"
_RENUMBER = f"UPDATE stretches SET segment = ? WHERE {_WHOSE} AND segment = ?"


class FoundStretch(NamedTuple):
    """`begins` is None of a life's only one, which has no row. `named` is when the first event that named the person happened.

    `has_wall`: what was before it has been taken from somebody.
    """

    segment: int
    begins: Position | None
    ends: Position
    subscriber_id: int | None
    named: Position | None
    has_wall: bool
    by: int


def find(
    transaction: Transaction, list_id: int, visitor_id: int, segment: int, position: Position
) -> FoundStretch:
    """The stretch of a visitor in which something happened; `segment` is the visitor's current one."""
    whose, at = (list_id, visitor_id), (position[0], *position)
    before = transaction.select(_BEFORE, (*whose, *at))
    after = transaction.select(_AFTER, (*whose, *at)) if before else []
    number = before[0][2] if before else segment
    begins = (before[0][0], before[0][1]) if before else None
    ends = (after[0][0], after[0][1]) if after else END
    bound = transaction.select(_BOUND, (*whose, number))
    subscriber_id, *named, by = bound[0] if bound else (None, 0, 0, 0)
    is_bound, has_wall = subscriber_id is not None, bool(before and before[0][3])
    return FoundStretch(
        number, begins, ends, subscriber_id, (named[0], named[1]) if is_bound else None, has_wall, by
    )


def has_some(transaction: Transaction, list_id: int, visitor_id: int) -> bool:
    """Whether a visitor has several stretches."""
    sql = f"SELECT 1 FROM stretches WHERE {_WHOSE} LIMIT 1"
    return bool(transaction.select(sql, (list_id, visitor_id)))


def add(
    transaction: Transaction, list_id: int, visitor_id: int, stretches: Iterable[tuple[Position, int]]
) -> None:
    """(begins, segment) of new ones; one that begins where another does is not."""
    rows = [(list_id, visitor_id, *begins, segment, 0) for begins, segment in stretches]
    transaction.insert_missing("stretches", _COLUMNS, rows)


def move(
    transaction: Transaction, list_id: int, visitor_id: int, stretches: Sequence[tuple[Position, int]]
) -> None:
    """Have segments begin at other times."""
    transaction.update(_MOVE, [(*begins, list_id, visitor_id, segment) for begins, segment in stretches])


def wall_off(transaction: Transaction, list_id: int, visitor_id: int, segment: int) -> None:
    """Somebody loses a segment: its time stays what it was, whoever comes into it or after it."""
    for at, event_id in transaction.select(_BEGINS, (list_id, visitor_id, segment)):
        after = transaction.select(_AFTER, (list_id, visitor_id, at, at, event_id))
        if after:
            transaction.execute(_WALL, (list_id, visitor_id, *after[0][:2]))


def renumber(transaction: Transaction, list_id: int, visitor_id: int, segment: int, to: int) -> None:
    """Have what happens in the time of a segment be in another one from now on."""
    transaction.execute(_RENUMBER, (to, list_id, visitor_id, segment))


def fill(transaction: Transaction) -> None:
    """Of what was bound by order of arrival. Can be run again."""
    transaction.execute("UPDATE bindings SET named_at = bound_at WHERE named_at = 0")
    transaction.execute("UPDATE unbindings SET named_at = bound_at WHERE named_at = 0")
    bound = "FROM bindings b WHERE b.list_id = visitors.list_id AND b.visitor_id = visitors.id AND b.segment = visitors.segment"
    transaction.execute(
        f"UPDATE visitors SET version = segment + 1, named_at = (SELECT b.named_at {bound}),"
        f" named_id = (SELECT b.event_id {bound}) WHERE version = 0 AND (subscriber_id IS NOT NULL OR segment > 0)"
    )
    rows = (
        "SELECT b.list_id, b.visitor_id, b.named_at, b.event_id, b.segment FROM bindings b JOIN visitors v"
        " ON v.list_id = b.list_id AND v.id = b.visitor_id WHERE v.segment > 0"
        " UNION SELECT v.list_id, v.id, v.created_at, v.id, v.segment FROM visitors v WHERE v.segment > 0"
        " AND v.subscriber_id IS NULL AND NOT EXISTS (SELECT 1 FROM bindings b"
        " WHERE b.list_id = v.list_id AND b.visitor_id = v.id AND b.segment = v.segment)"
        " ORDER BY 1, 2, 5"
    )
    for row in _one_after_the_other(transaction.select(rows)):
        transaction.insert_missing("stretches", _COLUMNS, [(*row, 0)])


def _one_after_the_other(rows: Iterable[Row]) -> Iterable[Row]:
    """The first of a visitor begins before everything, and none before the one that came before it."""
    last: Row = (0, 0, *BEGIN, 0)
    for list_id, visitor_id, at, event_id, segment in rows:
        begins = BEGIN if (list_id, visitor_id) != last[:2] else max((at, event_id), (last[2], last[3] + 1))
        last = (list_id, visitor_id, *begins, segment)
        yield last


MADE_FROM_BINDINGS = [
    AddColumn("visitors", integer("version"), " DEFAULT 0"),
    AddColumn("visitors", integer("named_at", is_optional=True), ""),
    AddColumn("visitors", key("named_id", is_optional=True), ""),
    *(AddColumn(table, integer("named_at"), " DEFAULT 0") for table in ("bindings", "unbindings")),
    STRETCHES,
    fill,
]
