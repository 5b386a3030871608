"""Timeline merge: merges the rows of several owners into one timeline, newest first, each event once, in steps."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from tracker.domain.spans import Position
from tracker.storage.engine import Transaction
from tracker.storage.timeline import Part, TimelineEntry, Window, name_key, named, newest, position_of

#: Rows examined for names: divided among the owners, but at least MIN_SKIMMED for each.
MAX_SKIMMED, MIN_SKIMMED = 5_000, 500


class MergeStep(NamedTuple):
    """All rows down to `reached` (None: to the end). `is_enough`: as many rows were examined as may be."""

    entries: list[TimelineEntry]
    reached: Position | None
    is_enough: bool


class Merge:
    """The rows of the owners inside a window, of events of these names or of all."""

    def __init__(
        self, list_id: int, owner_ids: Sequence[int], window: Window, names: Collection[bytes] | None
    ) -> None:
        self._list_id, self._owner_ids, self._window = list_id, owner_ids, window
        self._keys = None if names is None else sorted({*map(name_key, names)})
        #: Whether all rows were read.
        self.is_over = False

    @property
    def reached(self) -> Position:
        """The position down to which all rows were read."""
        return self._window.before

    def peek(self, transaction: Transaction, most: int) -> MergeStep:
        """Return the next rows, at most `most`, without moving on: a read that a lost connection interrupts is repeated."""
        parts = self._parts(transaction, most)
        reached = max((part.reached for part in parts if part.reached is not None), default=None)
        rows = {
            entry.event_id: entry
            for part in parts
            for entry in part.entries
            if reached is None or position_of(entry) >= reached
        }
        entries = sorted(rows.values(), key=position_of, reverse=True)
        if len(entries) > most:
            entries, reached = entries[:most], position_of(entries[most - 1])
        return MergeStep(entries, reached, self._keys is not None and len(entries) < most)

    def advance(self, step: MergeStep) -> None:
        """Move on past these rows."""
        self.is_over = step.reached is None
        if step.reached is not None:
            self._window = self._window._replace(before=step.reached)

    def _parts(self, transaction: Transaction, most: int) -> list[Part]:
        if self._keys is None:
            return newest(transaction, self._list_id, self._owner_ids, self._window, most)
        examined = max(MIN_SKIMMED, MAX_SKIMMED // len(self._owner_ids))
        return [
            named(transaction, self._list_id, owner_id, self._window, self._keys, most, examined)
            for owner_id in self._owner_ids
        ]
