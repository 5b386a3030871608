"""Outbox of counts: stored events that the catalogue has not counted yet.

A row is written in the transaction of a group's events, one for each list, and deleted in the transaction that counts
them. So the events of a row are counted exactly once: a few seconds later by the process that stored them, from its
memory, or after its end by any other process, which reads the events.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tracker.domain.row_ids import first_id_at
from tracker.storage.aggregates.catalogue_counts import CatalogueCounts
from tracker.storage.engine.sharding import ALL_LISTS, Among
from tracker.storage.engine.transaction import Row, Transaction

COLUMNS = ("list_id", "id", "events")
_KEY = COLUMNS[:2]
_SELECT = f"SELECT {', '.join(COLUMNS)} FROM count_outbox"

#: (list_id, id) of a row; the id tells when it was written.
NoteKey = tuple[int, int]


class Note(NamedTuple):
    """An outbox row: events of one list that were stored together."""

    list_id: int
    id: int
    event_ids: tuple[int, ...]

    @property
    def key(self) -> NoteKey:
        return self.list_id, self.id


class Uncounted:
    """The events that one process has stored and not counted: the sums, and the outbox rows that they stand for."""

    def __init__(self) -> None:
        self.counts = CatalogueCounts()
        self.notes: list[NoteKey] = []

    def take(self) -> Uncounted:
        """Return what is to be written now, and start from zero."""
        taken = Uncounted()
        taken.counts, taken.notes, self.notes = self.counts.take(), self.notes, []
        return taken

    def put_back(self, taken: Uncounted) -> None:
        """Add what could not be written."""
        self.counts.put_back(taken.counts)
        self.notes += taken.notes


def note(transaction: Transaction, note_id: int, events: Mapping[int, Sequence[int]]) -> list[NoteKey]:
    """Write outbox rows for these events, ids by list_id; return the keys of the rows."""
    rows: list[Row] = [(list_id, note_id, _packed(ids)) for list_id, ids in sorted(events.items())]
    transaction.insert("count_outbox", COLUMNS, rows)
    return [(list_id, note_id) for list_id, _, _ in rows]


def overdue(transaction: Transaction, before_ms: int, most: int, among: Among = ALL_LISTS) -> list[Note]:
    """Return at most `most` rows that were written before that time, in UTC milliseconds."""
    sql = f"{_SELECT} WHERE id < ?{among.sql} LIMIT ?"
    return _notes(transaction.select(sql, (first_id_at(before_ms), *among.values, most)))


def of_list(transaction: Transaction, list_id: int) -> list[Note]:
    """Return all rows of a list: those of the last few seconds."""
    return _notes(transaction.select(f"{_SELECT} WHERE list_id = ?", (list_id,)))


def remaining(transaction: Transaction, keys: Iterable[NoteKey]) -> set[NoteKey]:
    """Return those of the rows that exist."""
    rows = transaction.lookup("SELECT list_id, id FROM count_outbox", _KEY, sorted(keys))
    return {(row[0], row[1]) for row in rows}


def cross_off(transaction: Transaction, keys: Sequence[NoteKey]) -> bool:
    """Delete the rows, to count their events in this transaction; return False if another process has deleted some."""
    return transaction.remove("count_outbox", _KEY, sorted(keys)) == len(keys)


def _notes(rows: Iterable[Row]) -> list[Note]:
    return [Note(list_id, note_id, _unpacked(bytes(events))) for list_id, note_id, events in rows]


def _packed(event_ids: Sequence[int]) -> bytes:
    return struct.pack(f">{len(event_ids)}q", *event_ids)


def _unpacked(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(packed) // 8}q", packed)
