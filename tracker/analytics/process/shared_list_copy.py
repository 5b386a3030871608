"""Shared list copy: what the process needs of a list's copy that lies in ClickHouse, as `ListCopy` is of one in a file."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress

import duckdb

from tracker.analytics.clickhouse.clickhouse_client import LOAD_SECONDS
from tracker.analytics.clickhouse.clickhouse_cursor import ClickHouseCursor
from tracker.analytics.clickhouse.clickhouse_deadline import left, within
from tracker.analytics.clickhouse.clickhouse_errors import ClickHouseInterrupted, TableMissing
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
#: Seconds that closing waits for a statement that runs.
CLOSE_SECONDS = 5.0


class SharedListCopy:
    """The copy of one list. Questions read the version that was there when they began; nothing has to wait for them."""

    def __init__(self, url: ClickHouseURL, list_id: int, truth: TruthReader) -> None:
        self.list_id = list_id
        self._copy = SharedCopy(url, list_id, truth)
        self._lock, self._look_lock = threading.Lock(), threading.Lock()
        self._look: Future[None] | None = None
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
        with self._held():
            self.is_attached = self._copy.attach()
            return self.is_attached

    def follow(self) -> None:
        """Look at the truth, if no instance just has. Raises CopyOutdated, StorageUnavailable.

        A look has its own time: a question that has less left waits no longer, and the next one finds it done.
        """
        with self._look_lock:
            look = self._look
            if look is None or look.done():
                look = self._look = Future()
                threading.Thread(target=self._follow, args=(look,), daemon=True).start()
        try:
            look.result(left(LOAD_SECONDS))
        except TimeoutError:
            raise ClickHouseInterrupted("a look at the truth takes longer") from None

    def _follow(self, look: Future[None]) -> None:
        """Look, once no other statement runs. It is done before the next statement may begin: who asks for a look after that has a later one."""
        with self._lock:
            try:
                self._copy.follow()
            except BaseException as failure:  # noqa: BLE001  it is for those who wait
                look.set_exception(failure)
            else:
                look.set_result(None)

    def check(self) -> CopyCheck | None:
        """Compare the copy with the truth's counters, and read again what differs. Raises as `follow` does."""
        with self._held():
            return self._copy.check()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Nothing is exchanged under a question here."""
        yield

    def cursor(self) -> ClickHouseCursor:
        """Return a cursor for a question about the version that is there now."""
        with self._held():
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
        with self._held():
            self.is_attached = False
            self._copy.remove()

    def give_up(self) -> None:
        """Do without a copy that cannot be followed. It lies there until another one takes its place: instances may differ in what they can read."""
        self.snapshot.drop()
        self.is_attached = False

    def size(self) -> int:
        """Return the bytes that the copy takes."""
        with self._held():
            return self._copy.bytes()

    def note_asked(self) -> None:
        """Note now and then, for all instances, that somebody asks."""
        if self.is_attached and time.monotonic() - self._noted_at > NOTE_SECONDS:
            with self._held():
                self._copy.note(ASKED)
            self._noted_at = time.monotonic()

    def note(self, kind: str) -> None:
        with self._held():
            self._copy.note(kind)

    def age(self, kind: str) -> float:
        with self._held():
            return self._copy.age(kind)

    def close(self) -> None:
        """Close the connections, after the last look and the last question."""
        self._copy.interrupt()
        with within(CLOSE_SECONDS), suppress(duckdb.Error):
            self.snapshot.drop()
            with self._held():
                self._copy.close()

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Have the copy's connection alone. Raises ClickHouseInterrupted where another statement takes more time than there is."""
        if not self._lock.acquire(timeout=left(LOAD_SECONDS)):
            raise ClickHouseInterrupted("another statement takes longer")
        try:
            yield
        finally:
            self._lock.release()
