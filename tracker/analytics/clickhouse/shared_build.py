"""Shared build: a list's copy in ClickHouse from all its events, in tables of their own, which then take the place of those before.

Of several instances one builds. It shows that it lives by renaming the lock of builds, and a build that was taken over can put nothing in
place. The tables that were replaced are dropped at once, and with them what was deleted: questions that read them begin again.
"""

from __future__ import annotations

import secrets
import time
from contextlib import suppress

import duckdb

from tracker.analytics.clickhouse.clickhouse_client import LOAD_SECONDS, ClickHouseClient
from tracker.analytics.clickhouse.clickhouse_url import ClickHouseURL
from tracker.analytics.clickhouse.shared_loading import SharedLoader
from tracker.analytics.clickhouse.shared_lock import BUILDS, LOOKS, LockLost, Place, SharedLock
from tracker.analytics.clickhouse.shared_store import drop_tables
from tracker.analytics.clickhouse.shared_tables import KEYS, Version, base_of, creations
from tracker.analytics.clickhouse.shared_tail import write_state
from tracker.analytics.clickhouse.shared_visits import fill_visits
from tracker.analytics.copy.copied_rows import field_rows, rules_number
from tracker.analytics.copy.copy_build import EventPages, Told, plan_of
from tracker.analytics.copy.copy_tables import FORMAT, CopyState, PropertyColumn
from tracker.analytics.copy.copy_visits import visit_gap_of
from tracker.analytics.copy.truth_reader import TruthReader
from tracker.storage.subscribers import copied_people

#: Events whose visits are made at a time.
VISITS_AT_ONCE = 2_000_000
#: Seconds that putting a build in place waits for a look of another instance.
PLACE_SECONDS = 150.0
#: Seconds between two looks at another instance's build.
ELSEWHERE_SECONDS = 0.5
_LOADING = 0.8


def build_shared(url: ClickHouseURL, truth: TruthReader, list_id: int, told: Told) -> None:
    """Build a list's copy and put it in place, or wait until another instance has. Raises StorageUnavailable and DuckDB's kinds of errors."""
    client = ClickHouseClient(url, LOAD_SECONDS, f"tracker-build-{secrets.token_hex(12)}")
    source = truth.source()
    base = base_of(source, list_id)
    builds, looks = SharedLock(client, base, BUILDS), SharedLock(client, base, LOOKS)
    taken = _begun(builds, looks, told)
    if taken is None:
        client.close()
        return
    build = _SharedBuild(client, truth, list_id, source, builds, taken, told)
    try:
        build.run()
        build.put_in_place(looks)
    except BaseException:
        with suppress(duckdb.Error):
            drop_tables(client, build.prefix)
        raise
    finally:
        builds.give_up(build.taken)
        client.close()


def _begun(builds: SharedLock, looks: SharedLock, told: Told) -> Place | None:
    """Return the lock of builds, taken; None if another instance has put a copy in place meanwhile."""
    builds.make()
    looks.make()
    before = looks.find()
    while True:
        found = builds.find()
        if found is not None and (taken := builds.take(found)):
            return taken
        now = looks.find()
        if before is not None and now is not None and now.generation > before.generation:
            return None
        told(0.0)
        time.sleep(ELSEWHERE_SECONDS)


class _SharedBuild:
    """One build. Its generation is the number of the lock when it began."""

    def __init__(
        self, client: ClickHouseClient, truth: TruthReader, list_id: int, source: str, lock: SharedLock, taken: Place, told: Told
    ) -> None:  # fmt: skip
        self._client, self._truth, self._list_id, self._source = client, truth, list_id, source
        self._lock, self.taken, self._told = lock, taken, told
        self._base, self._generation = base_of(source, list_id), taken.number
        self.prefix = f"{self._base}_{self._generation}"
        self._version = Version(self.prefix, 0, gone=frozenset(KEYS))
        self._columns: list[PropertyColumn] = []
        self._rows = 0

    def run(self) -> None:
        """Fill the tables."""
        begun_at = time.time_ns() // 1_000_000
        self._columns, expected, settings = self._truth.read(lambda t: plan_of(t, self._list_id))
        for statement in creations(self.prefix, self._columns):
            self._client.write(statement)
        self._insert_columns()
        loader = SharedLoader(self._client, self._version, self._columns)
        pages = EventPages(self._truth, self._list_id, settings)
        for page in pages:
            self._rows += loader.load_events(page)
            self._tell(_LOADING * min(1.0, self._rows / max(expected, 1)))
        self._load_people(loader)
        gap_ms = visit_gap_of(settings)
        fill_visits(
            self._client,
            self._version,
            self._columns,
            gap_ms,
            1 + self._rows // VISITS_AT_ONCE,
            lambda: self._tell(0.9),
        )
        self._gone = frozenset(loader.gone)
        self._state = CopyState(
            FORMAT, self._source, begun_at, begun_at, pages.reached, settings.events_from or 0, self._rows, 0, 0,
            rules_number(settings.channel_rules), gap_ms,
        )  # fmt: skip

    def put_in_place(self, looks: SharedLock) -> None:
        """Commit the tables as the list's copy, and drop all others. Raises LockLost."""
        self._tell(0.97)
        taken = looks.wait(PLACE_SECONDS)
        if taken is None:
            raise LockLost
        try:
            write_state(self._client, Version(self.prefix, taken.number, gone=self._gone), self._state)
            looks.commit(taken, self._generation, taken.number)
        except BaseException:
            looks.give_up(taken)
            raise
        drop_tables(self._client, self._base, f"{self.prefix}_")
        self._told(1.0)

    def _tell(self, share: float) -> None:
        self.taken = self._lock.beat(self.taken)
        self._told(share)

    def _insert_columns(self) -> None:
        for each in self._columns:
            self._client.write(
                f"INSERT INTO {self.prefix}_columns (property, col, has_numbers, born) SELECT $1, {each.index}, {str(each.has_numbers).lower()}, 0",
                [each.property],
            )

    def _load_people(self, loader: SharedLoader) -> None:
        read, list_id = self._truth.read, self._list_id
        links = [
            row for page in copied_people.links_pages(read, list_id) for row in page if row[2] is not None
        ]
        living = {row[0]: bool(row[1]) for page in copied_people.living_pages(read, list_id) for row in page}
        loader.resolve_ties(links, living)
        loader.mark_left_out()
        types = read(lambda t: copied_people.field_types(t, list_id))
        for page in copied_people.values_pages(read, list_id):
            loader.load_fields(field_rows((row for row in page if row[0] in living), types))
