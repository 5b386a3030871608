"""Which events of a group are stored already? What EventIDs are for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tracker.domain.event import HAS_SENT_IDENTIFY, Event, EventIdTaken, Tracked
from tracker.domain.event_ids import EventIdSigner, stored_key
from tracker.ingest.deleted_event_ids import DeletedEventIds
from tracker.ingest.event_comparison import is_same, is_tried
from tracker.ingest.traits import ignored_of
from tracker.storage.engine import Row, Transaction
from tracker.storage.events import StoredAnswer
from tracker.storage.events import events as event_rows

_log = logging.getLogger("tracker.ingest")

Key = tuple[int, bytes]


class Deduplicator:
    """Sorts the events of a group into new ones, repeats of stored ones, and repeats within the group.

    Gives every event its row id. `settled` holds what is known at once: {index: Tracked or EventIdTaken}.
    """

    def __init__(
        self, transaction: Transaction, events: list[Event], next_id: Callable[[], int], ids: EventIdSigner
    ) -> None:
        self._transaction, self._events = transaction, events
        self._next_id, self._ids = next_id, ids
        self.known_results: dict[int, Any] = {}
        self.new_ids: dict[Key, Row] = {}
        self._first_of: dict[Key, int] = {}
        self._duplicate_of: dict[int, int] = {}
        tried = [index for index, event in enumerate(events) if event.row_id]
        self._is_retry = bool(tried)
        for (
            event
        ) in events:  # before the first statement: a caller whose deadline passes is told the id to repeat
            event.row_id = event.row_id or next_id()
        #: (row id of an earlier attempt, the row that stands under it): the event, or something else.
        self._stored_rows = {
            i: (events[i].row_id, row) for i, row in self._answers(self._row_ids(tried)).items()
        }
        self._resolve_retried()
        self._sort_keys()
        self._replace_taken_row_ids()
        self._number_new_ids()

    def is_new(self, index: int) -> bool:
        return index not in self.known_results and index not in self._duplicate_of

    def answer_duplicates(self, results: list[Any]) -> None:
        """Answer repeats within the group as their first was answered."""
        for index, first in self._duplicate_of.items():
            results[index] = replace(results[first], is_duplicate=True)

    def next_row_id(self, list_id: int) -> int:
        """An id for one more event. Where an attempt has failed, none that is taken: that may be why it has."""
        row_id = self._next_id()
        while self._is_retry and event_rows.find_events(self._transaction, [(list_id, row_id)]):
            row_id = self._next_id()
        return row_id

    # Events that were tried before

    def _resolve_retried(self) -> None:
        """Events of an earlier attempt whose callers were told what to repeat them with: another process may have.

        One whose row is somebody else's gets another, and keeps the EventID that its caller may have been told.
        """
        for index, (_, row) in self._stored_rows.items():
            event = self._events[index]
            if event.event_key is None and is_tried(event, row):
                self.known_results[index] = _tracked(event, row, is_duplicate=False)
            elif event.event_key is None:
                event.event_key, event.has_lost_row = self._ids.of(event), True

    def _replace_taken_row_ids(self) -> None:
        """The row of a new event stands nowhere yet: what is under its id is something else."""
        for index, (row_id, _) in self._stored_rows.items():
            event = self._events[index]
            if self.is_new(index) and event.row_id == row_id:
                _log.warning("row id %d of list %d is taken by another event", row_id, event.list_id)
                event.row_id = self.next_row_id(event.list_id)

    # Events with an EventID

    def _sort_keys(self) -> None:
        sent = [index for index, event in enumerate(self._events) if event.event_key and self.is_new(index)]
        signed = self._signed_row_ids(sent)
        keys = {
            i: (self._events[i].list_id, stored_key(self._events[i]))
            for i in sent
            if i not in self.known_results
        }
        self._resolve_stored(keys)
        self._resolve_signed(signed)
        left = {index: key for index, key in keys.items() if index not in self.known_results}
        deleted = DeletedEventIds(self._transaction, self._events, left, signed)
        for index, key in left.items():
            self._sort(index, key, signed.get(index), deleted)

    def _signed_row_ids(self, indexes: list[int]) -> dict[int, int]:
        """{index: the row id} of the EventIDs of ours; settles those that were given out for another event."""
        found: dict[int, int] = {}
        for index in indexes:
            event = self._events[index]
            try:
                row_id = None if event.has_lost_row else self._ids.row_id_in(event)
            except EventIdTaken as taken:
                self.known_results[index] = taken
                continue
            if row_id is not None:
                found[index] = row_id
        return found

    def _resolve_stored(self, keys: dict[int, Key]) -> None:
        """Settle the events whose EventID is kept."""
        stored = event_rows.find_event_ids(self._transaction, keys.values()) if keys else {}
        repeated: dict[int, int] = {}
        for index, key in keys.items():
            if key in stored:
                event_id, digest = stored[key]
                if digest == self._events[index].digest():
                    repeated[index] = event_id
                else:
                    self.known_results[index] = EventIdTaken(self._events[index].event_key)
        for index, row in self._answers(repeated).items():
            self.known_results[index] = _tracked(self._events[index], row)

    def _resolve_signed(self, signed: dict[int, int]) -> None:
        """Settle those whose row is there. If it is something else's, such an EventID is like a client's own."""
        rows = self._answers(
            {index: row_id for index, row_id in signed.items() if index not in self.known_results}
        )
        for index, row in rows.items():
            del signed[index]
            if is_same(self._events[index], row):
                self.known_results[index] = _tracked(self._events[index], row)

    def _sort(self, index: int, key: Key, row_id: int | None, deleted: DeletedEventIds) -> None:
        event = self._events[index]
        if (outcome := deleted.outcome(index)) is not None:
            self.known_results[index] = outcome
            return
        event.row_id = event.row_id if row_id is None else row_id
        self._join_group(index, event, key, is_signed=row_id is not None)

    def _join_group(self, index: int, event: Event, key: Key, is_signed: bool) -> None:
        first = self._first_of.setdefault(key, index)
        if first == index:
            if not is_signed:
                self.new_ids[key] = (0, event.digest())
        elif self._events[first].digest() == event.digest():
            self._duplicate_of[index] = first
        else:
            self.known_results[index] = EventIdTaken(event.event_key)

    def _number_new_ids(self) -> None:
        for key, (_, digest) in self.new_ids.items():
            self.new_ids[key] = (self._events[self._first_of[key]].row_id, digest)

    def _row_ids(self, indexes: list[int]) -> dict[int, int]:
        return {index: self._events[index].row_id for index in indexes}

    def _answers(self, row_ids: dict[int, int]) -> dict[int, StoredAnswer]:
        """{index: its row} for those of {index: row id} that are there."""
        if not row_ids:
            return {}
        keys = {index: (self._events[index].list_id, row_id) for index, row_id in row_ids.items()}
        rows = event_rows.find_answers(self._transaction, keys.values())
        return {index: rows[key] for index, key in keys.items() if key in rows}


def _tracked(event: Event, row: StoredAnswer, is_duplicate: bool = True) -> Tracked:
    """What the first answer was."""
    is_identify_sent = bool(row.flags & HAS_SENT_IDENTIFY)
    return Tracked(row.uuid, is_identify_sent, row.external_id, is_duplicate, ignored_of(event))
