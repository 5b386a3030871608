"""Changes: a log of what changed in stored rows, from which derived copies of a list learn what to read again.

A copy follows new events by their ids. What it cannot see that way is written down here, in the transaction that makes the
change: numbers only, so that a forgotten subscriber leaves nothing else. tests/conventions/test_changes.py holds that every
statement on the followed tables writes a change, or has a reason for none.
"""

from __future__ import annotations

import secrets
import time
from array import array
from collections.abc import Collection, Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from tracker.domain.row_ids import SHIFT, first_id_at
from tracker.storage.engine.sharding import ALL_LISTS, Among
from tracker.storage.engine.transaction import Row, Transaction

#: Milliseconds after which an id is no longer new: an event with an older one is stored under the id of an earlier try, and
#: whoever follows ids may be past it.
NEW_MS = 5_000
#: Milliseconds that a change is kept. A copy that has not been followed for so long is built anew.
KEPT_MS = 30 * 24 * 3_600_000
#: Ids that one row names, and rows that one purge deletes.
MAX_IDS, PURGED_AT_ONCE = 2_000, 10_000

_COLUMNS = ("list_id", "id", "kind", "subject", "span", "ids")


class Kind(IntEnum):
    """What to read again. The number is stored."""

    #: The events `ids`: stored late, moved, changed or deleted.
    EVENTS = 1
    #: The link of the visitor `subject` in `span`.
    LINK = 2
    #: The subscriber `subject`: deleted, with the values of their fields.
    SUBSCRIBER = 3
    #: Values of custom fields of the subscribers `ids`.
    FIELDS = 4
    #: The custom field `subject`: deleted, with its values.
    FIELD = 5
    #: The subscriber `subject`: left out of reports, or counted again.
    LEFT_OUT = 6


class StoredChange(NamedTuple):
    """One row of the log. `ids` are those of events or subscribers."""

    id: int
    kind: Kind
    subject: int
    span: int
    ids: tuple[int, ...]


def note_events(transaction: Transaction, list_id: int, event_ids: Iterable[int]) -> None:
    """Note that these events are to be read again: their rows changed, moved, or were deleted."""
    _note_ids(transaction, Kind.EVENTS, list_id, event_ids)


def note_late_events(transaction: Transaction, rows: Iterable[Row]) -> None:
    """Note those of the events (list_id, id, …) whose ids are not new, in the transaction that inserts them."""
    new_from = _new_from()
    late: dict[int, list[int]] = {}
    for row in [row for row in rows if row[1] < new_from]:
        late.setdefault(row[0], []).append(row[1])
    for list_id, event_ids in late.items():
        note_events(transaction, list_id, event_ids)


def note_links(transaction: Transaction, list_id: int, spans: Iterable[tuple[int, int]]) -> None:
    """Note that the links of these (visitor_id, span) changed."""
    _write(transaction, [(list_id, Kind.LINK, visitor_id, span, None) for visitor_id, span in spans])


def note_late_links(transaction: Transaction, links: Iterable[tuple[int, int, int, int]]) -> None:
    """Note those of the links (list_id, visitor_id, span, event_id) that no new event makes.

    A link that a new event makes needs no change: whoever follows the events looks up the link of each.
    """
    new_from = _new_from()
    late = [link for link in links if link[3] < new_from]
    _write(transaction, [(list_id, Kind.LINK, visitor, span, None) for list_id, visitor, span, _ in late])


def note_subscriber(transaction: Transaction, list_id: int, subscriber_id: int) -> None:
    """Note that a subscriber was deleted."""
    _write(transaction, [(list_id, Kind.SUBSCRIBER, subscriber_id, 0, None)])


def note_left_out(transaction: Transaction, list_id: int, subscriber_id: int) -> None:
    """Note that a subscriber is left out of reports from now on, or is counted again."""
    _write(transaction, [(list_id, Kind.LEFT_OUT, subscriber_id, 0, None)])


def note_values(transaction: Transaction, list_id: int, subscriber_ids: Iterable[int]) -> None:
    """Note that values of these subscribers' custom fields changed."""
    _note_ids(transaction, Kind.FIELDS, list_id, subscriber_ids)


def note_field(transaction: Transaction, list_id: int, field_id: int) -> None:
    """Note that a custom field was deleted."""
    _write(transaction, [(list_id, Kind.FIELD, field_id, 0, None)])


def changes_from(transaction: Transaction, list_id: int, first_id: int) -> list[StoredChange]:
    """Return the changes of a list from an id on, oldest first."""
    sql = "SELECT id, kind, subject, span, ids FROM changes WHERE list_id = ? AND id >= ? ORDER BY id"
    rows = transaction.select(sql, (list_id, first_id))
    return [StoredChange(row[0], Kind(row[1]), row[2], row[3], _unpacked(row[4])) for row in rows]


def purge_changes(transaction: Transaction, now: int, among: Among = ALL_LISTS) -> bool:
    """Delete some changes that are older than KEPT_MS; return whether there may be more."""
    sql = f"SELECT list_id, id FROM changes WHERE id < ?{among.sql} LIMIT ?"
    rows = transaction.select(sql, (first_id_at(now - KEPT_MS), *among.values, PURGED_AT_ONCE))
    transaction.remove("changes", ("list_id", "id"), sorted(rows))
    return len(rows) == PURGED_AT_ONCE


def _note_ids(transaction: Transaction, kind: Kind, list_id: int, ids: Iterable[int]) -> None:
    ordered = sorted(set(ids))
    parts = [ordered[start : start + MAX_IDS] for start in range(0, len(ordered), MAX_IDS)]
    _write(transaction, [(list_id, kind, 0, 0, _packed(part)) for part in parts])


def _write(transaction: Transaction, rows: Sequence[Row]) -> None:
    """Insert rows (list_id, kind, subject, span, ids).

    Their ids are by time, and random below the millisecond: two transactions that draw the same are a lost race for a key,
    and one of them is tried again.
    """
    if rows:
        first = first_id_at(time.time_ns() // 1_000_000) + secrets.randbits(SHIFT)
        numbered = [(list_id, first + n, int(kind), *rest) for n, (list_id, kind, *rest) in enumerate(rows)]
        transaction.insert("changes", _COLUMNS, numbered)


def _new_from() -> int:
    return first_id_at(time.time_ns() // 1_000_000 - NEW_MS)


def _packed(ids: Collection[int]) -> bytes:
    return array("q", ids).tobytes()


def _unpacked(stored: bytes | None) -> tuple[int, ...]:
    return tuple(array("q", bytes(stored))) if stored else ()
