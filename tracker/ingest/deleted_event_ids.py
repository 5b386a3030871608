"""Tombstones: recognises repeats of events that were stored and deleted since, so that they are not stored again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tracker.domain.event import Event, EventIdTaken, Tracked
from tracker.domain.event_ids import row_key
from tracker.domain.row_ids import received_ms
from tracker.storage.engine import Transaction
from tracker.storage.events import KEPT_MS, event_hash, find_tombstones, list_has_any

#: Lists of a group that are asked one by one whether they have tombstones: most have none. With more, all keys are looked up.
ASKED_ONE_BY_ONE = 4


class DeletedEventIds:
    """The tombstones of the EventIDs of some events, looked up at once.

    `keys` are {index: (list_id, EventID as stored)}, `row_ids` {index: row id} of the signed EventIDs among them.
    """

    def __init__(
        self,
        transaction: Transaction,
        events: Sequence[Event],
        keys: Mapping[int, tuple[int, bytes]],
        row_ids: Mapping[int, int],
    ) -> None:
        self._events, self._row_ids = events, row_ids
        self._keys = {
            index: (key[0], row_key(row_ids[index])) if index in row_ids else key
            for index, key in keys.items()
        }
        self._hashes: dict[tuple[int, bytes], bytes] = {}
        lists = _lists_with_some(transaction, {list_id for list_id, _ in self._keys.values()})
        if lists:
            wanted = [key for key in self._keys.values() if key[0] in lists]
            self._hashes = find_tombstones(transaction, wanted)

    def outcome(self, index: int) -> Tracked | EventIdTaken | None:
        """Return the result of an event that repeats a deleted one, or None if its EventID was never used.

        A repeat of the deleted event is a duplicate, and its result reveals nothing about the deleted one. A signed EventID
        is valid as long as tombstones are kept: whether an older one was ever stored is unknown.
        """
        event, row_id = self._events[index], self._row_ids.get(index)
        _, key = self._keys[index]
        found = self._hashes.get(self._keys[index])
        if found is None:
            is_old = row_id is not None and received_ms(row_id) < event.received_at - KEPT_MS
            return EventIdTaken(event.event_key) if is_old else None
        if row_id is None and found != event_hash(key, event.digest()):
            return EventIdTaken(event.event_key)
        return Tracked(event.uuid or event.fresh_uuid(), False, event.external_id, is_duplicate=True)


def _lists_with_some(transaction: Transaction, list_ids: set[int]) -> set[int]:
    """Return the lists that may have tombstones. It is asked anew for each group: one that is remembered to have none may have one now."""
    if len(list_ids) > ASKED_ONE_BY_ONE:
        return list_ids
    return {each for each in list_ids if list_has_any(transaction, each)}
