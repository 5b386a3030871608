"""Shared list copy: what the process needs of a list's copy that lies in ClickHouse, as `ListCopy` is of one in a file."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from tracker.analytics.clickhouse.clickhouse_cursor import ClickHouseCursor
from tracker.analytics.clickhouse.clickhouse_errors import TableMissing
from tracker.analytics.clickhouse.clickhouse_url import ClickHouseURL
from tracker.analytics.clickhouse.shared_copy import SharedCopy
from tracker.analytics.clickhouse.shared_tables import SharedSchema
from tracker.analytics.copy.copy_check import CopyCheck
from tracker.analytics.copy.copy_files import ASKED
from tracker.analytics.copy.copy_tables import CopyState
from tracker.analytics.copy.truth_reader import TruthReader
from tracker.analytics.process.answer_cache import AnswerCache
from tracker.analytics.process.kept_snapshot import KeptSnapshot
from tracker.domain.spellings import Spellings

#: Seconds between two notes on the server that a list is asked for.
NOTE_SECONDS = 3600.0


class SharedListCopy:
    """The copy of one list. Questions read the version that was there when they began; nothing has to wait for them."""

    def __init__(self, url: ClickHouseURL, list_id: int, truth: TruthReader) -> None:
        self.list_id = list_id
        self._copy = SharedCopy(url, list_id, truth)
        self._lock = threading.Lock()
        self.asked_at, self._noted_at = 0.0, float("-inf")
        self.answers, self.snapshot = AnswerCache(), KeptSnapshot()
        self.is_attached = False

    @property
    def version(self) -> tuple[int, int]:
        return self._copy.version

    @property
    def has_other_rules(self) -> bool:
        return self._copy.has_other_rules

    @property
    def state(self) -> CopyState | None:
        return self._copy.state

    def attach(self) -> bool:
        """Find the copy; return whether there is one. Raises CopyOutdated, and DuckDB's kinds of errors as all here do."""
        with self._lock:
            self.is_attached = self._copy.attach()
            return self.is_attached

    def follow(self) -> None:
        """Look at the truth, if no instance just has. Raises CopyOutdated, StorageUnavailable."""
        with self._lock:
            self._copy.follow()

    def check(self) -> CopyCheck | None:
        """Compare the copy with the truth's counters, and read again what differs. Raises as `follow` does."""
        with self._lock:
            return self._copy.check()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Nothing is exchanged under a question here."""
        yield

    def cursor(self) -> ClickHouseCursor:
        """Return a cursor for a question about the version that is there now."""
        with self._lock:
            return self._copy.cursor()

    def schema_for(self, cursor: ClickHouseCursor, spellings: Spellings, *, has_visits: bool) -> SharedSchema:
        """Return what a question needs to know of the version that the cursor was made for."""
        if cursor.moment is None:
            raise TableMissing(60, "there is no copy")
        return cursor.moment.schema(spellings, has_visits=has_visits)

    def put_in_place(self) -> None:
        """Take the copy that was built, and catch up with the truth."""
        self.snapshot.drop()
        if self.attach():
            self.note_asked()
            self.follow()

    def remove(self) -> None:
        """Drop the copy, for all instances."""
        self.snapshot.drop()
        with self._lock:
            self.is_attached = False
            self._copy.remove()

    def give_up(self) -> None:
        """Do without a copy that cannot be followed. It lies there until another one takes its place: instances may differ in what they can read."""
        self.snapshot.drop()
        self.is_attached = False

    def size(self) -> int:
        """Return the bytes that the copy takes."""
        with self._lock:
            return self._copy.bytes()

    def note_asked(self) -> None:
        """Note now and then, for all instances, that somebody asks."""
        if self.is_attached and time.monotonic() - self._noted_at > NOTE_SECONDS:
            with self._lock:
                self._copy.note(ASKED)
            self._noted_at = time.monotonic()

    def note(self, kind: str) -> None:
        with self._lock:
            self._copy.note(kind)

    def age(self, kind: str) -> float:
        with self._lock:
            return self._copy.age(kind)

    def close(self) -> None:
        """Close the connections, after the last look and the last question."""
        with suppress(duckdb.Error):
            self.snapshot.drop()
        with self._lock:
            self._copy.close()
