"""Idempotency: finds events of a group that are stored already, by EventID, and duplicates within the group (deduplication)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
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

EventIdKey = tuple[int, bytes]


class Deduplicator:
    """Sorts the events of a group into new ones, duplicates of stored ones, and duplicates within the group.

    Assigns every event its row id. `known_results` are {index: Tracked or EventIdTaken} of the events that are not stored.
    """

    def __init__(
        self, transaction: Transaction, events: list[Event], next_id: Callable[[], int], ids: EventIdSigner
    ) -> None:
        self._transaction, self._events = transaction, events
        self._next_id, self._ids = next_id, ids
        self.known_results: dict[int, Any] = {}
        self.new_ids: dict[EventIdKey, Row] = {}
        self._first_of: dict[EventIdKey, int] = {}
        self._duplicate_of: dict[int, int] = {}
        self._places: dict[int, int] = {}
        tried = [index for index, event in enumerate(events) if event.row_id]
        self._is_retry = bool(tried)
        for (
            event
        ) in events:  # before the first statement: the EventID for a repeat after the deadline needs it
            event.row_id = event.row_id or next_id()
        #: {index: (row id of an earlier attempt, the row stored under it)}: the event itself, or another one.
        self._stored_rows = {
            i: (events[i].row_id, row) for i, row in self._answers(self._row_ids(tried)).items()
        }
        self._resolve_retried()
        self._sort_keys()
        self._replace_taken_row_ids()
        self._number_new_ids()

    def is_new(self, index: int) -> bool:
        return index not in self.known_results and index not in self._duplicate_of

    def new_events(self) -> list[Event]:
        """Return the events to store, in order."""
        return [event for index, event in enumerate(self._events) if self.is_new(index)]

    def event_id_rows(self) -> list[Row]:
        """Return the rows of `event_ids` to store: (list_id, EventID, row id, digest)."""
        return [(*key, *row) for key, row in self.new_ids.items()]

    def results(self, tracked: Iterable[Tracked]) -> list[Any]:
        """Return one result an event. `tracked` are those of the new events, in order."""
        stored = iter(tracked)
        events = range(len(self._events))
        results = [next(stored) if self.is_new(index) else self.known_results.get(index) for index in events]
        self._answer_duplicates(results)
        return results

    def _answer_duplicates(self, results: list[Any]) -> None:
        """Answer duplicates within the group as the first of them was answered."""
        for index, first in self._duplicate_of.items():
            results[index] = replace(results[first], is_duplicate=True)

    def next_row_id(self, list_id: int) -> int:
        """Return a row id for one more event. In a retry it skips taken ids: a taken one may be why the attempt failed."""
        row_id = self._next_id()
        while self._is_retry and event_rows.find_events(self._transaction, [(list_id, row_id)]):
            row_id = self._next_id()
        return row_id

    # Events of an earlier attempt

    def _resolve_retried(self) -> None:
        """Find events of an earlier attempt that are stored: by it, or by another process to which the caller repeated them.

        An event whose row id is taken by another event gets a new one, and keeps the EventID that its caller may have.
        """
        for index, (_, row) in self._stored_rows.items():
            event = self._events[index]
            if event.event_key is None and is_tried(event, row):
                self.known_results[index] = _tracked(event, row, is_duplicate=False)
            elif event.event_key is None:
                event.event_key, event.has_lost_row = self._ids.of(event), True

    def _replace_taken_row_ids(self) -> None:
        """Give new events another row id where their id is taken: a new event is not stored, so the row is another event's."""
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
        """Return {index: row id} of the signed EventIDs. EventIDs issued for another event get EventIdTaken."""
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

    def _resolve_stored(self, keys: dict[int, EventIdKey]) -> None:
        """Set the results of events whose EventID is stored: a duplicate, or EventIdTaken where the digests differ."""
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
        """Set the results of signed EventIDs whose row is stored. Where the row is another event's, the EventID is treated as
        a client's own.
        """
        rows = self._answers(
            {index: row_id for index, row_id in signed.items() if index not in self.known_results}
        )
        for index, row in rows.items():
            del signed[index]
            if is_same(self._events[index], row):
                self.known_results[index] = _tracked(self._events[index], row)

    def _sort(self, index: int, key: EventIdKey, row_id: int | None, deleted: DeletedEventIds) -> None:
        event = self._events[index]
        if self._belongs_to_refused(event):
            self.known_results[index] = EventIdTaken(event.event_key)
            return
        if (outcome := deleted.outcome(index)) is not None:
            self.known_results[index] = outcome
            return
        event.row_id = event.row_id if row_id is None else row_id
        self._join_group(index, event, key, is_signed=row_id is not None)

    def _belongs_to_refused(self, event: Event) -> bool:
        """Whether the event belongs to one of its group, before it, whose EventID is another event's."""
        if event.belongs_to is None:
            return False
        if not self._places:
            self._places = {id(each): index for index, each in enumerate(self._events)}
        first = self._places.get(id(event.belongs_to), -1)
        return isinstance(self.known_results.get(first), EventIdTaken)

    def _join_group(self, index: int, event: Event, key: EventIdKey, is_signed: bool) -> None:
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
        """Return {index: stored row} for {index: row id}, without ids that are not stored."""
        if not row_ids:
            return {}
        keys = {index: (self._events[index].list_id, row_id) for index, row_id in row_ids.items()}
        rows = event_rows.find_answers(self._transaction, keys.values())
        return {index: rows[key] for index, key in keys.items() if key in rows}


def _tracked(event: Event, row: StoredAnswer, is_duplicate: bool = True) -> Tracked:
    """Return the first answer to a stored event."""
    is_identify_sent = bool(row.flags & HAS_SENT_IDENTIFY)
    return Tracked(row.uuid, is_identify_sent, row.external_id, is_duplicate, ignored_of(event))
