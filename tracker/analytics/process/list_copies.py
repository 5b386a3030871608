"""Copies of lists: attached when somebody asks, followed while they do, built when there is none that can be used."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from tracker.analytics.copy.copy_check import CopyCheck, check_copy
from tracker.analytics.copy.copy_files import CopyFiles
from tracker.analytics.copy.copy_tables import CopyState, PropertyColumn, read_columns
from tracker.analytics.copy.copy_tail import CopyOutdated, CopyTail
from tracker.analytics.copy.copy_visits import kept_properties
from tracker.analytics.copy.duckdb_engine import UNREADABLE, attach
from tracker.analytics.copy.truth_reader import TruthReader
from tracker.analytics.process.answer_cache import AnswerCache
from tracker.analytics.process.kept_snapshot import KeptSnapshot
from tracker.analytics.queries import CopySchema
from tracker.domain.spellings import Spellings
from tracker.errors import StorageUnavailable

#: Seconds after a look during which an answer is fresh enough; and after the last question during which a list is followed.
FRESH_SECONDS, FOLLOWED_SECONDS = 1.0, 60.0
#: Looks that one call makes at most: to catch up with more, the tail goes on.
LOOKS_AT_ONCE = 3

_log = logging.getLogger("tracker.reports")


class ListCopy:
    """The copy of one list. Many questions read it at once; it is exchanged while none does."""

    def __init__(
        self, engine: duckdb.DuckDBPyConnection, files: CopyFiles, list_id: int, truth: TruthReader
    ) -> None:
        self._engine, self._files, self.list_id, self._truth = engine, files, list_id, truth
        self.name = f"list_{list_id}"
        self.asked_at = 0.0
        self._looked_at = 0.0
        self._tail: CopyTail | None = None
        self._tail_lock = threading.Lock()
        self._readers = 0
        self._changed = threading.Condition()
        self._is_exchanged = False
        self.columns: list[PropertyColumn] = []
        self.is_complete = False
        self.answers, self.snapshot = AnswerCache(), KeptSnapshot()
        self._attachments = 0

    @property
    def version(self) -> tuple[int, int]:
        """What the copy holds, as a number: it changes after whatever changed there was committed."""
        return self._attachments, 0 if self._tail is None else self._tail.version

    @property
    def is_attached(self) -> bool:
        return self._tail is not None

    @property
    def has_other_rules(self) -> bool:
        """Whether the channels of older events are to be derived anew."""
        return self._tail is not None and self._tail.has_other_rules

    @property
    def state(self) -> CopyState | None:
        return None if self._tail is None else self._tail.state

    def close(self) -> None:
        """Close the connection to the truth, after the last look, and the snapshot, after the last question."""
        self.snapshot.drop()
        with self._tail_lock:
            self._truth.close()

    def attach(self) -> bool:
        """Attach the file, if there is one that can be followed; remove any other. Return whether it is attached now."""
        with self._tail_lock:
            if self._tail is None and self._files.copy(self.list_id).exists():
                self._attach()
            return self._tail is not None

    def _attach(self) -> None:
        try:
            attach(self._engine, self._files.copy(self.list_id), self.name)
            tail = CopyTail(self._engine.cursor(), self.name, self.list_id, self._truth)
            self.columns = read_columns(self._engine.cursor(), self.name)
            self._tail, self._looked_at, self.is_complete = tail, 0.0, False
            self._attachments += 1
        except (*UNREADABLE, CopyOutdated) as failure:
            _log.warning("the copy of list %d is built anew: %s", self.list_id, type(failure).__name__)
            self._detach()
            self._files.remove(self.list_id)

    def follow(self) -> None:
        """Look at the truth, if the last look is no more fresh. Raises CopyOutdated, StorageUnavailable, duckdb.Error."""
        with self._tail_lock:
            for _ in range(LOOKS_AT_ONCE):
                began = time.monotonic()
                if self._tail is None or began - self._looked_at < FRESH_SECONDS:
                    return
                self.is_complete = self._tail.look()
                if self.is_complete:
                    self._looked_at = began

    def check(self) -> CopyCheck | None:
        """Compare the copy with the truth's counters, and read again what differs. Raises as `follow` does."""
        with self._tail_lock:
            if self._tail is None:
                return None
            with self._engine.cursor() as cursor:
                return check_copy(cursor, self.name, self.list_id, self._truth, self._tail)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep the copy attached for the time of a question."""
        with self._changed:
            while self._is_exchanged:
                self._changed.wait()
            self._readers += 1
        try:
            yield
        finally:
            with self._changed:
                self._readers -= 1
                self._changed.notify_all()

    def put_in_place(self) -> None:
        """Exchange the copy for the one that was built, between two questions, and catch up with the truth."""
        with self._exchange():
            self._files.put_in_place(self.list_id)
            self._attach()
        try:
            self.follow()
        except StorageUnavailable as failure:
            _log.warning("the new copy of list %d is not followed yet: %s", self.list_id, failure)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a cursor for a question."""
        return self._engine.cursor()

    def schema_for(self, _: object, spellings: Spellings, *, has_visits: bool) -> CopySchema:
        """Return what a question needs to know of the copy."""
        gap_ms = self.state.visit_gap_ms if has_visits and self.state is not None else 0
        return CopySchema(self.name, kept_properties(self.columns), gap_ms, spellings)

    def give_up(self) -> None:
        """Do without a copy that cannot be followed."""
        self.remove()

    def size(self) -> int:
        """Return the bytes that the copy takes."""
        return self._files.size(self.list_id)

    def note_asked(self) -> None:
        """Note that somebody asks."""
        self._files.note_asked(self.list_id)

    def note(self, _: str) -> None:
        """Note that the copy was compared with the truth."""
        self._files.note_checked(self.list_id)

    def age(self, kind: str) -> float:
        """Return the seconds since the list was ASKED for or its copy CHECKED."""
        return self._files.age(self.list_id, kind)

    def remove(self) -> None:
        """Detach the copy and remove its file, between two questions."""
        with self._exchange():
            self._files.remove(self.list_id)

    @contextmanager
    def _exchange(self) -> Iterator[None]:
        """Wait until no question reads the copy, and detach it."""
        with self._changed:
            self._is_exchanged = True
            while self._readers:
                self._changed.wait()
        try:
            with self._tail_lock:
                self._detach()
                yield
        finally:
            with self._changed:
                self._is_exchanged = False
                self._changed.notify_all()

    def _detach(self) -> None:
        self.snapshot.drop()
        if self._tail is not None:
            self._tail.close()
        self._tail, self.columns = None, []
        self._engine.cursor().execute(f"DETACH DATABASE IF EXISTS {self.name}")
