"""Are row ids unique across processes, ordered by time, and safe from clocks that jump?"""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.servers import NewDatabase
from tests.storage.conftest import Open
from tracker.domain.event import Event
from tracker.domain.row_ids import EPOCH_MS, SHIFT, first_id_at, received_ms
from tracker.ingest.service import Ingest
from tracker.storage.engine.database import Database
from tracker.storage.engine.id_generator import GRACE_MS, LEASE_MS, RENEW_BEFORE_MS, IdMaker, WriterNumber
from tracker.storage.engine.transaction import Transaction

START = EPOCH_MS + 1_000_000_000
FORK = multiprocessing.get_context("fork")
PROCESSES, CALLS_EACH = 4, 25


class Times:
    """A wall clock that is set, and one that only goes on; in milliseconds."""

    def __init__(self, wall: int = START) -> None:
        self.wall, self.gone = wall, 0

    def pass_by(self, milliseconds: int) -> None:
        self.wall += milliseconds
        self.gone += milliseconds

    def number(self) -> WriterNumber:
        return WriterNumber(lambda: self.wall, lambda: self.gone / 1000)


def lease(database: Database, number: WriterNumber) -> int:
    number.keep(database.write(number.lease))
    return number.number


def with_number(value: int) -> WriterNumber:
    number = WriterNumber()
    number.number = value
    return number


@given(st.lists(st.integers(-10_000, 10_000), max_size=50), st.integers(0, 1023))
def test_ids_only_rise_whatever_the_clock_does(steps: list[int], number: int) -> None:
    ids, now, made = IdMaker(with_number(number)), START, []
    for step in steps:
        now += step
        made += [ids.next_id(now), ids.next_id(now)]
    assert made == sorted(set(made))
    assert all(0 < each < 2**63 and (each >> 12) & 1023 == number for each in made)


@given(st.integers(START, START + 2**40), st.integers(0, 1023))
def test_an_id_tells_when_it_was_made(now: int, number: int) -> None:
    made = IdMaker(with_number(number)).next_id(now)
    assert received_ms(made) == now
    assert first_id_at(now) <= made < first_id_at(now + 1)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=100))
def test_makers_with_different_numbers_never_make_the_same_id(calls: list[tuple[int, int]]) -> None:
    makers, now, made = [IdMaker(with_number(number)) for number in range(4)], START, []
    for maker, step in calls:
        now += step
        made.append(makers[maker].next_id(now))
    assert len(set(made)) == len(made)


def test_more_ids_in_a_millisecond_than_it_has_room_for_go_on_in_the_next() -> None:
    ids = IdMaker(with_number(5))
    made = [ids.next_id(START) for _ in range(10_000)]
    assert made == sorted(set(made))
    assert received_ms(made[-1]) == START + 10_000 // 4096


def test_ids_last_for_decades() -> None:
    year_2090 = EPOCH_MS + 66 * 365 * 86_400_000
    assert IdMaker(with_number(1023)).next_id(year_2090) < 2**63
    assert SHIFT == 22


def test_each_process_gets_a_number_of_its_own(database: Database) -> None:
    times = Times()
    assert [lease(database, times.number()) for _ in range(3)] == [0, 1, 2]


def test_a_lease_is_renewed_before_it_ends_and_keeps_its_number(database: Database) -> None:
    times = Times()
    mine = times.number()
    assert mine.is_due()
    lease(database, mine)
    assert not mine.is_due()
    for _ in range(5):
        times.pass_by(LEASE_MS - RENEW_BEFORE_MS - 1)
        assert not mine.is_due()
        times.pass_by(1)
        assert mine.is_due()
        assert lease(database, mine) == 0
    assert database.read(lambda transaction: transaction.select("SELECT number FROM writer_leases")) == [(0,)]


def test_a_number_is_taken_again_only_some_time_after_its_lease(database: Database) -> None:
    times = Times()
    gone = times.number()
    lease(database, gone)
    times.pass_by(LEASE_MS + GRACE_MS)
    assert lease(database, times.number()) == 1
    times.pass_by(1)
    assert lease(database, times.number()) == 0
    assert lease(database, gone) == 2, (
        "it lost its number while it slept, and must not write with it any more"
    )


def test_of_two_processes_that_take_the_same_number_one_takes_another(
    new_database: NewDatabase, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have seen an empty table, which nothing can lock."""
    times, url = Times(), new_database("mariadb")
    first, second = times.number(), times.number()
    select, mine, others = Transaction.select, opened(url), opened(url)

    def select_and_wait(transaction: Transaction, *arguments: Any) -> Any:
        monkeypatch.undo()
        found = select(transaction, *arguments)
        assert lease(others, second) == 0
        return found

    mine.write(lambda transaction: None)
    monkeypatch.setattr(Transaction, "select", select_and_wait)
    assert lease(mine, first) == 1


def test_a_clock_set_back_does_not_span_a_lease(database: Database) -> None:
    """Others, whose clocks are right, see it end: then it must have been renewed."""
    times = Times()
    mine = times.number()
    lease(database, mine)
    times.wall -= 3_600_000
    assert not mine.is_due()
    times.pass_by(LEASE_MS - RENEW_BEFORE_MS)
    assert mine.is_due()
    assert lease(database, mine) == 0
    [(until,)] = database.read(
        lambda transaction: transaction.select("SELECT leased_until FROM writer_leases")
    )
    assert until == START + LEASE_MS, "nobody takes the number before the ids made with it have passed"


def test_a_clock_set_forward_is_noticed_at_once(database: Database) -> None:
    times = Times()
    mine = times.number()
    lease(database, mine)
    times.wall += 86_400_000
    assert mine.is_due()
    lease(database, mine)
    times.wall -= 86_400_000
    lease(database, mine)
    times.pass_by(3 * LEASE_MS)
    assert lease(database, times.number()) == 1, "ids of tomorrow were made with number 0"


def _track(ingest: Ingest, start: Barrier) -> None:
    start.wait(30)
    for number in range(CALLS_EACH):
        ingest.track(Event(1, f"seen {os.getpid()} {number}", received_at=START))


def test_processes_forked_from_one_application_write_with_numbers_of_their_own(database: Database) -> None:
    """Nothing was opened or leased before the fork; all ids differ, although each process makes its own."""
    ingest, start = Ingest(database), FORK.Barrier(PROCESSES)
    processes = [FORK.Process(target=_track, args=(ingest, start)) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    ids = [row[0] for row in database.read(lambda transaction: transaction.select("SELECT id FROM events"))]
    assert len(ids) == len(set(ids)) == PROCESSES * CALLS_EACH
    assert {(each >> 12) & 1023 for each in ids} == set(range(PROCESSES))
    tokens = database.read(lambda transaction: transaction.select("SELECT DISTINCT token FROM writer_leases"))
    assert len(tokens) == PROCESSES
