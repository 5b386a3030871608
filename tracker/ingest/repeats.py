"""Which events of a group are stored already? What EventIDs are for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tracker.ingest.event import HAS_SENT_IDENTIFY, Event, EventIdTaken, Tracked
from tracker.ingest.identified import ignored_of
from tracker.ingest.spent import Spent
from tracker.storage import events as event_rows
from tracker.storage.transaction import Row, Transaction

Key = tuple[int, bytes]


class Repeats:
    """Sorts the events of a group into new ones, repeats of stored ones, and repeats within the group.

    Gives every event its row id. `settled` holds what is known at once: {index: Tracked or EventIdTaken}.
    """

    def __init__(self, transaction: Transaction, events: list[Event], next_id: Callable[[], int]) -> None:
        self._transaction, self._events = transaction, events
        self.settled: dict[int, Any] = {}
        self.new_ids: dict[Key, Row] = {}
        self._first_of: dict[Key, int] = {}
        self._follows: dict[int, int] = {}
        tried = {index for index, event in enumerate(events) if event.row_id and event.event_key is None}
        for (
            event
        ) in events:  # before the first statement: a caller whose deadline passes is told the id to repeat
            event.row_id = event.row_id or next_id()
        self._settle_tried(tried)
        sent = [
            (index, event.list_id, event.event_key) for index, event in enumerate(events) if event.event_key
        ]
        self._keys = {index: (list_id, event_key.encode()) for index, list_id, event_key in sent}
        self._taken = self._stored_ids()
        self._spent = Spent(
            transaction, (events[i] for i, key in self._keys.items() if key not in self._taken)
        )
        for index, key in self._keys.items():
            self._sort(index, key)
        self._number_new_ids()

    def is_new(self, index: int) -> bool:
        return index not in self.settled and index not in self._follows

    def settle_followers(self, results: list[Any]) -> None:
        """Answer repeats within the group as their first was answered."""
        for index, first in self._follows.items():
            results[index] = replace(results[first], is_duplicate=True)

    def _settle_tried(self, indexes: set[int]) -> None:
        """Events of an earlier attempt whose callers were told what to repeat them with: another process may have."""
        keys = {index: (self._events[index].list_id, self._events[index].row_id) for index in indexes}
        stored = event_rows.find_events(self._transaction, keys.values()) if keys else set()
        for index, key in keys.items():
            if key in stored and (answer := event_rows.first_answer(self._transaction, *key)):
                uuid, external_id, flags = answer
                self.settled[index] = Tracked(
                    uuid,
                    bool(flags & HAS_SENT_IDENTIFY),
                    external_id,
                    ignored=ignored_of(self._events[index]),
                )

    def _stored_ids(self) -> dict[Key, Row]:
        keys = self._keys.values()
        return event_rows.find_event_ids(self._transaction, keys) if keys else {}

    def _sort(self, index: int, key: Key) -> None:
        event = self._events[index]
        try:
            row_id = event.row_id_of_ours()
        except ValueError:
            self.settled[index] = EventIdTaken(event.event_key)
            return
        stored = (row_id, event.digest()) if row_id is not None else self._taken.get(key)
        if stored is not None and self._settle(index, event, stored):
            return
        if (outcome := self._spent.outcome(event, row_id)) is not None:
            self.settled[index] = outcome
            return
        event.row_id = event.row_id if row_id is None else row_id
        self._join_group(index, event, key, is_ours=row_id is not None)

    def _settle(self, index: int, event: Event, stored: Row) -> bool:
        """Whether the event is settled: it is stored, or its EventID is another event's."""
        event_id, digest = stored
        if digest != event.digest():
            self.settled[index] = EventIdTaken(event.event_key)
            return True
        answer = event_rows.first_answer(self._transaction, event.list_id, event_id)
        if answer is not None:
            uuid, external_id, flags = answer
            self.settled[index] = Tracked(
                uuid, bool(flags & HAS_SENT_IDENTIFY), external_id, True, ignored_of(event)
            )
        return answer is not None

    def _join_group(self, index: int, event: Event, key: Key, is_ours: bool) -> None:
        first = self._first_of.setdefault(key, index)
        if first == index:
            if not is_ours:
                self.new_ids[key] = (0, event.digest())
        elif self._events[first].digest() == event.digest():
            self._follows[index] = first
        else:
            self.settled[index] = EventIdTaken(event.event_key)

    def _number_new_ids(self) -> None:
        for key, (_, digest) in self.new_ids.items():
            self.new_ids[key] = (self._events[self._first_of[key]].row_id, digest)
