"""Does a question find what the one before has worked out, only while nothing has changed, and for seconds only?"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from tracker.analytics.process.kept_snapshot import KEPT_SECONDS, MAX_TABLES, KeptSnapshot, Snapshot


class Shelf:
    """The place under test, with its clock, on an engine."""

    def __init__(self) -> None:
        self.now, self.engine = 0.0, duckdb.connect(":memory:")
        self.engine.execute("CREATE TABLE e AS SELECT 1 AS n")
        self.place = KeptSnapshot(lambda: self.now)

    def snapshot(self, number: int = 1, tables: int = 1) -> Snapshot:
        made = Snapshot(self.engine.cursor(), (1, number))
        for table in range(tables):
            made.workspace.table(f"SELECT count(*) + {table} FROM e", [])
        return made


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    made = Shelf()
    yield made
    made.place.drop()
    made.engine.close()


def is_closed(snapshot: Snapshot) -> bool:
    try:
        snapshot.cursor.execute("SELECT 1")
    except duckdb.ConnectionException:
        return True
    return False


def test_the_next_question_has_the_tables_and_sees_the_same(shelf: Shelf) -> None:
    first = shelf.snapshot()
    shelf.place.keep(first)
    shelf.engine.execute("INSERT INTO e VALUES (2)")
    found = shelf.place.take((1, 1))
    assert found is first
    assert shelf.place.take((1, 1)) is None  # it is one question's at a time
    assert found.workspace.size == 1
    assert found.workspace.rows("SELECT count(*) FROM e") == [(1,)]
    found.close()


def test_a_change_time_or_many_tables_end_it(shelf: Shelf) -> None:
    older, late, large = shelf.snapshot(), shelf.snapshot(2), shelf.snapshot(2, MAX_TABLES + 1)
    shelf.place.keep(older)
    assert shelf.place.take((1, 2)) is None
    shelf.place.keep(late)
    shelf.now += KEPT_SECONDS / 2
    shelf.place.drop(only_old=True)
    assert not is_closed(late)
    shelf.now += KEPT_SECONDS
    assert shelf.place.take((1, 2)) is None
    shelf.place.keep(large)
    assert shelf.place.take((1, 2)) is None
    assert all(is_closed(each) for each in (older, late, large))


def test_there_are_two_and_they_do_not_stay_for_ever_by_being_used(shelf: Shelf) -> None:
    first, second, third = (shelf.snapshot() for _ in range(3))
    shelf.now = 1.0
    for each in (first, second, third):
        shelf.place.keep(each)
    assert is_closed(first)
    shelf.now += KEPT_SECONDS
    found = [shelf.place.take((1, 1)) for _ in range(3)]
    assert found == [third, second, None]
    shelf.place.keep(second)
    shelf.place.keep(third)
    shelf.now += 0.1
    shelf.place.drop(only_old=True)
    assert is_closed(second)
    assert is_closed(third)
