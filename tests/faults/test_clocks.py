"""What if a clock is wrong by weeks while a list keeps its events for days? Nothing is deleted, and all goes on afterwards.

`tests/contract/test_clock.py` is the short form, with a clock that the test holds.
"""

from __future__ import annotations

import time

import pytest

from tests.faults.checker import check
from tests.faults.harness import Harness, Load
from tests.faults.run_length import SEED
from tests.faults.tables import Report, figures
from tests.processes import until
from tests.servers import NewDatabase
from tracker.storage.schema.own_database import own_database

DAY_MS = 24 * 3_600_000
RETENTION_DAYS, JUMPS = 30, (40, 80)
_CARE = "SELECT updated_at FROM jobs WHERE kind = ?"


class Clock:
    """The clock of the machine that a server runs on."""

    def __init__(self, tracker: Harness) -> None:
        self._path = tracker.folder / "clock"
        self.days = 0
        self.set(0)
        tracker.settings["FAULT_CLOCK"] = str(self._path)

    def set(self, days: int) -> None:
        self.days = days
        with self._path.open("r+b" if self._path.exists() else "wb") as file:
            file.write((days * DAY_MS * 1_000_000).to_bytes(8, "little"))

    def is_of(self, moment: int) -> bool:
        """Whether something was written down by the clock as it is now."""
        return abs(moment - time.time_ns() // 1_000_000 - self.days * DAY_MS) < DAY_MS


@pytest.mark.faults
@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_a_clock_that_is_ahead_deletes_nothing(kind: str, report: Report, new_database: NewDatabase) -> None:
    url = new_database(kind)
    tracker = Harness(url, planted=["clock"])
    clock = Clock(tracker)
    with tracker, Load(tracker, SEED) as load:
        load.until_more(200)
        for list_id in filter(None, tracker.lists):
            sent = {"ListID": list_id, "RetentionDays": RETENTION_DAYS}
            assert tracker.call("list.update", tracker.key, **sent).status == 200
        for days in (*JUMPS, 0):
            clock.set(days)
            load.until_more(50)
            tracker.kill_and_start()
            until(lambda: _looked_after(url, clock), 40, "a look at what is old")
            load.until_more(50)
        story = load.finish()
        tracker.stop()
        verdict = check(url, story)
    what = f"clock {' and '.join(map(str, JUMPS))} days ahead, lists keep {RETENTION_DAYS}, {kind}"
    report(what, faults=len(JUMPS), **figures(story), verdict=verdict.summary)
    assert not verdict.faults, f"seed {SEED}\n{verdict}"
    [(newest,)] = _rows(url, "SELECT MAX(events_from) FROM list_settings")
    assert newest is None or newest <= time.time_ns() // 1_000_000 - (RETENTION_DAYS - 1) * DAY_MS


def _looked_after(url: str, clock: Clock) -> bool:
    found = _rows(url, _CARE, b"retention")
    return bool(found) and all(clock.is_of(moment) for (moment,) in found)


def _rows(url: str, sql: str, *values: object) -> list[tuple[int, ...]]:
    database = own_database(url)
    try:
        return database.read(lambda transaction: transaction.select(sql, values))
    finally:
        database.close()
