"""Shared copy: a list's copy in ClickHouse as one instance sees it: found, followed, checked, and removed."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Collection, Iterable

from tracker.analytics.clickhouse.clickhouse_client import LOAD_SECONDS, ClickHouseClient
from tracker.analytics.clickhouse.clickhouse_cursor import ClickHouseCursor
from tracker.analytics.clickhouse.clickhouse_errors import TableMissing
from tracker.analytics.clickhouse.clickhouse_url import ClickHouseURL
from tracker.analytics.clickhouse.shared_lock import LOOK_SECONDS, LockLost, Place, SharedLock
from tracker.analytics.clickhouse.shared_store import age, check_version, note, remove_copy
from tracker.analytics.clickhouse.shared_tables import Moment, base_of
from tracker.analytics.clickhouse.shared_tail import SharedTail
from tracker.analytics.copy.copy_check import Bucket, CopyCheck, buckets_sql, compare
from tracker.analytics.copy.copy_tables import CopyState
from tracker.analytics.copy.truth_reader import TruthReader
from tracker.domain.conversions import BUCKET_MS

#: Seconds that a look waits for one of another instance.
WAIT_SECONDS = 10.0
#: Seconds after a look during which answers are fresh enough.
FRESH_SECONDS = 1.0

_log = logging.getLogger("tracker.reports")


class SharedCopy:
    """The copy of one list. Methods raise DuckDB's kinds of errors, StorageUnavailable, and where it says so CopyOutdated."""

    def __init__(self, url: ClickHouseURL, list_id: int, truth: TruthReader) -> None:
        self._url, self.list_id, self._truth = url, list_id, truth
        self._client = ClickHouseClient(url, LOAD_SECONDS, f"tracker-{secrets.token_hex(12)}")
        self._base: str | None = None
        self._lock: SharedLock | None = None
        self._tail: SharedTail | None = None
        self._attached = 0
        self._looked_at = float("-inf")

    @property
    def state(self) -> CopyState | None:
        return None if self._tail is None else self._tail.state

    @property
    def version(self) -> tuple[int, int]:
        """What the copy holds, as numbers: they change with every look that may have changed it."""
        return self._attached, 0 if self._tail is None else self._tail.changes

    @property
    def has_other_rules(self) -> bool:
        return self._tail is not None and self._tail.has_other_rules

    def attach(self) -> bool:
        """Find the committed copy; return whether there is one. Raises CopyOutdated for one that cannot be followed."""
        place = self._looks().find()
        if place is None or place.generation == 0:
            self._tail = None
            return False
        if self._tail is None or self._tail.place.generation != place.generation:
            self._tail = None
            self._tail = SharedTail(self._client, self._name(), place, self.list_id, self._truth)
            self._attached += 1
        elif place.version != self._tail.version:
            self._tail.adopt(place)
            self._attached += 1
        return True

    def follow(self, most: int = 3) -> None:
        """Look at the truth, unless somebody just has. Raises CopyOutdated."""
        for _ in range(most):
            if self._tail is None or time.monotonic() - self._looked_at < FRESH_SECONDS:
                return
            began = time.monotonic()
            if self.look():
                self._looked_at = began

    def look(self, also: Collection[int] = (), /) -> bool:
        """Look at the truth once; return whether its end was found. If another instance is looking, its look is waited for instead."""
        lock = self._looks()
        try:
            taken = self._take(lock, is_own=bool(also))
            if taken is None:
                return self.attach()
            if self._tail is None or taken.generation != self._tail.place.generation:
                lock.give_up(taken)
                self.attach()
                return False
            return self._tail.look_once(lock, taken, also)
        except LockLost:
            self.attach()
            return False

    def _take(self, lock: SharedLock, *, is_own: bool) -> Place | None:
        """Return the lock, taken; None if another instance has looked meanwhile, which will do unless it must be an own look. Raises LockLost."""
        until, found = time.monotonic() + WAIT_SECONDS, lock.find()
        place = found
        while place is not None:
            if taken := lock.take(place):
                return taken
            if time.monotonic() > until:
                _log.warning("another instance has been looking at list %d for too long", self.list_id)
                return None
            time.sleep(LOOK_SECONDS)
            place = lock.find()
            if place is not None and place != found and not place.is_busy and not is_own:
                return None
        raise LockLost

    def check(self) -> CopyCheck | None:
        """Compare the copy with the truth's counters, and read again what differs. Raises CopyOutdated."""
        return None if self._tail is None else compare(self, self.list_id, self._truth)

    def buckets(self) -> dict[Bucket, int]:
        rows = self._client.rows(buckets_sql(self._table("e")))
        return {(name.encode(), bucket): events for name, bucket, events in rows}

    def ids_in(self, wanted: set[Bucket], /) -> Iterable[int]:
        names, begins = [name.decode() for name, _ in wanted], [bucket for _, bucket in wanted]
        rows = self._client.rows(
            f'SELECT id FROM {self._table("e")} WHERE has(arrayZip($1::VARCHAR[], $2::BIGINT[]), (name, "at" - "at" % {BUCKET_MS}))',
            [names, begins],
        )
        return (row[0] for row in rows)

    def are_visits_whole(self) -> bool:
        visits, events = self._table("visits"), self._table("e")
        [(counted,)] = self._client.rows(f"SELECT coalesce(sum(total), 0) FROM {visits}")
        [(there,)] = self._client.rows(f"SELECT count(*) FROM {events} WHERE NOT is_bot")
        return bool(counted == there)

    def cursor(self) -> ClickHouseCursor:
        """Return a cursor for questions about the version that is there now."""
        tail = self._tail
        return ClickHouseCursor(
            self._url, moment=None if tail is None else Moment(tail.at, tail.columns, tail.state.visit_gap_ms)
        )

    def remove(self) -> None:
        """Drop all that there is of the copy."""
        self._tail = None
        remove_copy(self._client, self._name())

    def note(self, kind: str) -> None:
        """Note that the list was ASKED for, or its copy CHECKED (`copy_files`), for all instances."""
        note(self._client, self._name(), kind)

    def age(self, kind: str) -> float:
        """Return the seconds since then."""
        return age(self._client, self._name(), kind)

    def bytes(self) -> int:
        """Return how many bytes the server has for the copy, compressed."""
        sql = "SELECT toInt64(coalesce(sum(total_bytes), 0)) FROM system.tables WHERE database = currentDatabase() AND startsWith(name, $1)"
        return int(self._client.rows(sql, [f"{self._name()}_"])[0][0])

    def interrupt(self) -> None:
        """Give up the statement that runs, if one does."""
        self._client.interrupt()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._truth.close()

    def _attached_tail(self) -> SharedTail:
        if self._tail is None:
            raise TableMissing(60, "the copy is not there")
        return self._tail

    def _table(self, name: str) -> str:
        return self._attached_tail().at.table(name)

    def _name(self) -> str:
        if self._base is None:
            self._base = base_of(self._truth.source(), self.list_id)
        return self._base

    def _looks(self) -> SharedLock:
        if self._lock is None:
            check_version(self._client)
            self._lock = SharedLock(self._client, self._name())
        return self._lock
