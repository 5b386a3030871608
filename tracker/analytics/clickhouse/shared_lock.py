"""Shared lock: who may write into a list's copy, told by the name of a table, as a rename is the one step that a server takes for one only.

The lock of looks is called after the copy's generation and its last version that was committed. Who renames it from free to busy has the
next number, which is the version that it writes; renaming it back commits. One that stays busy under the same name for STEAL_SECONDS is
taken over by renaming it on: the writer before can then commit no more, and what it wrote belongs to no version. No clock is compared.
"""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import dataclass

import duckdb

from tracker.analytics.clickhouse.clickhouse_client import ClickHouseClient
from tracker.analytics.clickhouse.clickhouse_errors import EXISTS, ClickHouseError, TableMissing

#: Seconds after which a lock that nobody renames is taken over, and between two looks at one that is busy.
STEAL_SECONDS, LOOK_SECONDS = 120.0, 0.05
LOOKS, BUILDS = "lock", "build"
_NAME = re.compile(r"_(?:lock|build)_([0-9]+)_([0-9]+)_([0-9]+)_(free|busy)")


class LockLost(Exception):
    """Somebody else has taken the lock over, or the copy was removed."""


@dataclass(frozen=True, slots=True)
class Place:
    """What the name of a lock says: its number, the generation of the copy (0: there is none), and the committed version."""

    number: int
    generation: int
    version: int
    is_busy: bool

    @property
    def suffix(self) -> str:
        return f"{self.number}_{self.generation}_{self.version}_{'busy' if self.is_busy else 'free'}"


class SharedLock:
    """One lock (LOOKS or BUILDS) of the copy whose tables begin with `base`."""

    def __init__(self, client: ClickHouseClient, base: str, kind: str = LOOKS) -> None:
        self._client, self._base, self._kind = client, base, kind
        self._seen: tuple[Place | None, float] = (None, 0.0)

    def find(self) -> Place | None:
        """Return where the lock is; None: there is none, as nobody has built a copy yet."""
        begin = f"{self._base}_{self._kind}_"
        rows = self._client.rows(
            "SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, $1)",
            [begin],
        )
        found = [match for row in rows if (match := _NAME.fullmatch(row[0], len(self._base)))]
        places = [Place(int(each[1]), int(each[2]), int(each[3]), each[4] == "busy") for each in found]
        place = max(places, key=lambda each: each.number, default=None)
        if place != self._seen[0]:
            self._seen = place, time.monotonic()
        return place

    def make(self) -> None:
        """Make the lock, unless it is there. Of several that try one makes it."""
        try:
            self._client.rows(
                f"CREATE TABLE {self._base}_root_{self._kind} (kind String, at Int64) ENGINE = MergeTree ORDER BY kind"
            )
        except ClickHouseError as failure:
            if failure.code != EXISTS:
                raise
            return
        self._client.rows(f"CREATE TABLE {self._name(Place(0, 0, 0, False))} (x UInt8) ENGINE = Memory")

    def take(self, place: Place) -> Place | None:
        """Return the lock as taken from where it was found; None if somebody else has it, or was quicker."""
        if place.is_busy and time.monotonic() - self._seen[1] < STEAL_SECONDS:
            return None
        taken = Place(place.number + 1, place.generation, place.version, is_busy=True)
        return taken if self._rename(place, taken) else None

    def wait(self, seconds: float) -> Place | None:
        """Take the lock within some time; None if it was busy all the while. Raises LockLost if there is none."""
        until = time.monotonic() + seconds
        while True:
            place = self.find()
            if place is None:
                raise LockLost
            if taken := self.take(place):
                return taken
            if time.monotonic() > until:
                return None
            time.sleep(LOOK_SECONDS)

    def beat(self, taken: Place) -> Place:
        """Show that whoever has the lock lives. Raises LockLost."""
        going = Place(taken.number + 1, taken.generation, taken.version, is_busy=True)
        if not self._rename(taken, going):
            raise LockLost
        return going

    def commit(self, taken: Place, generation: int, version: int) -> Place:
        """Give the lock back with another generation or version. Raises LockLost: then these are none."""
        free = Place(taken.number, generation, version, is_busy=False)
        if not self._rename(taken, free):
            raise LockLost
        return free

    def give_up(self, taken: Place) -> None:
        """Give the lock back as it was found, if that can be done: else it is taken over in time."""
        with suppress(LockLost, duckdb.Error):
            self.commit(taken, taken.generation, taken.version)

    def _rename(self, place: Place, other: Place) -> bool:
        try:
            self._client.write(f"RENAME TABLE {self._name(place)} TO {self._name(other)}")
        except TableMissing:
            return False
        except ClickHouseError as failure:
            if failure.code != EXISTS:
                raise
            return False
        return True

    def _name(self, place: Place) -> str:
        return f"{self._base}_{self._kind}_{place.suffix}"
