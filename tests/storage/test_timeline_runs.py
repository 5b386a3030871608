"""Is a timeline in sorted runs read like one table, whatever is added, removed and moved meanwhile?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.own_database import own_database
from tracker.storage.timeline import sorted_runs, timeline_rows
from tracker.storage.timeline.timeline_rows import TimelineEntry

#: Few keys, so that they meet often.
ENTRIES = st.builds(
    TimelineEntry,
    list_id=st.integers(1, 2),
    owner_id=st.sampled_from([-2, 1, 2]),
    event_at=st.integers(1, 4),
    event_id=st.integers(1, 9),
    visitor_id=st.just(7),
    span=st.just(0),
    name_key=st.just(0),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(ENTRIES, max_size=8)),
        st.tuples(st.just("remove"), st.lists(ENTRIES, max_size=4)),
        st.tuples(st.just("maintain"), st.integers(1, 6)),
    ),
    min_size=5,
    max_size=60,
)
_numbers = itertools.count()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of a few rows, so that a few steps make many."""
    monkeypatch.setattr(sorted_runs, "MAX_RECENT", 6)
    monkeypatch.setattr(sorted_runs, "RUNS_OF_A_LEVEL", 3)
    monkeypatch.setattr(sorted_runs, "CHUNK", 4)


def opened(folder: Path) -> Database:
    database = own_database(f"sqlite:///{folder / str(next(_numbers))}.db")
    database.upgrade()
    return database


def everything(transaction: Transaction) -> list[TimelineEntry]:
    return timeline_rows.read(transaction, "list_id > ?", (0,))


def maintained(transaction: Transaction) -> int:
    """How many pieces of work there were."""
    return sum(1 for _ in iter(lambda: sorted_runs.maintain(transaction), False))


def of_level(transaction: Transaction) -> dict[int, int]:
    sql = "SELECT level, COUNT(*) FROM timeline_runs WHERE state = 1 GROUP BY level"
    return dict(transaction.select(sql))  # type: ignore[arg-type]


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_what_was_added_and_not_removed_is_read(
    small: None, folder: Path, steps: list[tuple[str, object]]
) -> None:
    database, kept = opened(folder), set[TimelineEntry]()
    for step, what in steps:
        if step == "add":
            database.write(lambda t, rows=what: timeline_rows.add(t, rows))
            kept |= set(what)  # type: ignore[call-overload]
        elif step == "remove":
            database.write(lambda t, rows=what: timeline_rows.remove(t, rows))
            kept -= set(what)  # type: ignore[call-overload]
        else:
            for _ in range(what):  # type: ignore[call-overload]
                database.write(sorted_runs.maintain)
        assert set(database.read(everything)) == kept
    database.write(maintained)
    assert set(database.read(everything)) == kept
    database.close()


def rows(count: int, first: int = 0) -> list[TimelineEntry]:
    """Every third owner's rows lie apart from one another."""
    return [
        TimelineEntry(1, number % 3 + 1, number, number, 7, 0, 0) for number in range(first, first + count)
    ]


def test_rows_come_newest_first_and_as_many_as_asked_for(small: None, file: Database) -> None:
    for first in range(0, 100, 5):
        file.write(lambda t, first=first: timeline_rows.add(t, rows(5, first)))
        file.write(maintained)
    newest = file.read(
        lambda t: timeline_rows.read(
            t, "list_id = ? AND owner_id = ?", (1, 2), f"{timeline_rows.NEWEST} LIMIT 4"
        )
    )
    assert [entry.event_at for entry in newest][:4] == [97, 94, 91, 88]


def test_runs_stay_few_and_nothing_is_left_of_those_that_were_merged(small: None, file: Database) -> None:
    for first in range(0, 400, 6):
        file.write(lambda t, first=first: timeline_rows.add(t, rows(6, first)))
        file.write(maintained)
    runs = file.read(of_level)
    assert max(runs) >= 3
    assert max(runs.values()) < sorted_runs.RUNS_OF_A_LEVEL
    stored = "SELECT COUNT(*), COUNT(DISTINCT event_id) FROM timeline_sorted"
    [(copies, events)] = file.read(lambda t: t.select(stored))
    assert copies == events


def test_work_that_was_broken_off_anywhere_is_gone_on_with(small: None, sqlite_url: str) -> None:
    """Each piece is a transaction of its own, and another process may do the next."""
    one, other = own_database(sqlite_url), own_database(sqlite_url)
    one.upgrade()
    for first in range(0, 60, 6):
        one.write(lambda t, first=first: timeline_rows.add(t, rows(6, first)))
    workers: Iterator[Database] = itertools.cycle((one, other))
    while next(workers).write(sorted_runs.maintain):
        assert len(one.read(everything)) == len(other.read(everything)) == 60
    one.close()
    other.close()


def test_a_reader_sees_one_moment(small: None, file: Database, opened: object) -> None:
    """Rows move from table to table while a page is read; none is missed."""
    file.write(lambda t: timeline_rows.add(t, rows(6)))

    def page(transaction: Transaction) -> list[TimelineEntry]:
        with timeline_rows.at_one_moment(transaction):
            before = timeline_rows.read(transaction, "list_id = ?", (1,))
            file.write(maintained)
            assert timeline_rows.read(transaction, "list_id = ?", (1,)) == before
            return before

    assert len(file.read(page)) == 6
    assert file.read(of_level) == {0: 1}
