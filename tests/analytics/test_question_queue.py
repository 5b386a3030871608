"""Do questions wait in order, by user, and can each be given up?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.processes import until
from tracker.analytics.process.question_queue import AT_ONCE, MAX_OF_USER, QuestionQueue, QueueFull, Ticket

#: A statement that ends when it is interrupted.
ENDLESS = "SELECT count(*) FROM range(10000000000) a, range(1000) b WHERE a.range * b.range = 7"


@pytest.fixture
def queue() -> Iterator[QuestionQueue]:
    made = QuestionQueue()
    yield made
    made.close(5)


class Gate:
    """Work that waits until it is let through."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.opened = threading.Event()

    def __call__(self, ticket: Ticket) -> str:
        self.began.set()
        assert self.opened.wait(20)
        return "through"


def hold(queue: QuestionQueue) -> list[Gate]:
    """Occupy every thread of the queue, each by another user."""
    gates = [Gate() for _ in range(AT_ONCE + 1)]
    for user, gate in enumerate(gates, 100):
        queue.submit(Ticket(user, gate))
        assert gate.began.wait(20)
    return gates


def test_two_questions_run_at_once_and_others_wait_in_turn_by_user(queue: QuestionQueue) -> None:
    gates = hold(queue)
    done: list[Any] = []
    tickets = [Ticket(user, lambda ticket, name=(user, number): done.append(name)) for user, number in
               [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (2, 2)]]  # fmt: skip
    for ticket in tickets:
        queue.submit(ticket)
    assert done == []
    gates[0].opened.set()  # one thread: the order is seen
    assert all(ticket.wait(20) for ticket in tickets)
    for gate in gates[1:]:
        gate.opened.set()
    assert done == [(1, 1), (2, 1), (3, 1), (1, 2), (2, 2), (1, 3)]


def test_two_questions_of_one_user_run_at_once_and_anothers_starts_at_once(queue: QuestionQueue) -> None:
    gates = [Gate(), Gate(), Gate()]
    own = [Ticket(1, gate) for gate in gates]
    for ticket in own:
        queue.submit(ticket)
    assert all(gate.began.wait(20) for gate in gates[:2])
    others = [Ticket(user, lambda ticket: "answer") for user in (2, 3, 2)]
    for ticket in others:  # one after the other, in the one place that is left
        queue.submit(ticket)
        assert ticket.wait(20)
    assert not gates[2].began.is_set()
    for gate in gates:
        gate.opened.set()
    assert [ticket.wait(20) and ticket.result for ticket in own] == ["through"] * 3


class Heavy:
    """Work on a cursor that goes on until it is interrupted, or let through."""

    def __init__(self) -> None:
        self.runs = 0
        self.is_through = False
        self._ended = threading.Event()

    def __call__(self, ticket: Ticket) -> str:
        self.runs += 1
        self._ended.clear()
        ticket.uses(self)  # type: ignore[arg-type]
        if self.is_through:
            return "through"
        assert self._ended.wait(20)
        raise duckdb.InterruptException("interrupted")

    def interrupt(self) -> None:
        self._ended.set()


def answer(queue: QuestionQueue, ticket: Ticket) -> Any:
    """Wait as whoever asks does."""
    until(lambda: queue.wait(ticket, 0.01), 20, "an answer")
    return ticket.result


def test_a_users_second_question_makes_way_for_other_users(queue: QuestionQueue) -> None:
    work = [Heavy() for _ in range(4)]
    tickets = [Ticket(user, each) for user, each in zip((1, 1, 2, 3), work, strict=True)]
    for number, ticket in enumerate(tickets[:3]):
        queue.submit(ticket)
        until(lambda number=number: work[number].runs, 20, "its begin")
    queue.submit(tickets[3])
    until(lambda: queue.wait(tickets[3], 0.01) or work[3].runs, 20, "the begin of the third user's")
    assert [each.runs for each in work] == [1, 1, 1, 1]
    assert (tickets[0].is_long, tickets[1].is_long) == (False, True)
    for each in work:
        each.is_through = True
    tickets[0].cancel()
    assert answer(queue, tickets[1]) == "through"
    for ticket in tickets[2:]:
        until(lambda ticket=ticket: ticket.cancel() or ticket.wait(0.05), 20, "the end of the others")


def test_heavy_users_hold_up_nobodys_short_questions() -> None:
    queue = QuestionQueue(short_seconds=0)
    heavy = [Heavy() for _ in range(4)]
    tickets = [Ticket(user, work) for user, work in enumerate(heavy, 10)]
    for ticket in tickets:
        queue.submit(ticket)
    for user in (1, 2, 1, 3):
        short = Ticket(user, lambda ticket: "answer")
        queue.submit(short)
        assert answer(queue, short) == "answer"
    assert [each.runs for each in heavy] == [1, 1, 1, 1], "each begins, and two go on"
    assert [ticket.wait(0) for ticket in tickets] == [False] * 4
    for work in heavy:
        work.is_through = True
    for ticket in tickets[:2]:
        ticket.cancel()
    assert [answer(queue, ticket) for ticket in tickets[2:]] == ["through", "through"]
    queue.close(5)


def test_a_statement_that_made_way_begins_again(tmp_path: Path) -> None:
    engine = duckdb.connect(config={"temp_directory": str(tmp_path)})
    queue, runs = QuestionQueue(short_seconds=0), []

    def work(ticket: Ticket) -> Any:
        cursor = engine.cursor()
        ticket.uses(cursor)
        runs.append(ticket.user)
        return cursor.execute(ENDLESS).fetchall()

    heavy = [Ticket(user, work) for user in (10, 11, 12)]
    for number, ticket in enumerate(heavy, 1):
        queue.submit(ticket)
        until(lambda number=number: len(runs) == number, 20, "its begin")
    short = Ticket(1, lambda ticket: engine.cursor().execute("SELECT 7").fetchall())
    queue.submit(short)
    assert answer(queue, short) == [(7,)]
    assert (runs, heavy[2].is_long) == ([10, 11, 12], True)
    until(lambda: heavy[0].cancel() or heavy[0].wait(0.05), 20, "the end of the first")
    until(lambda: runs == [10, 11, 12, 12], 20, "its second begin")
    for ticket in heavy[1:]:
        until(lambda ticket=ticket: ticket.cancel() or ticket.wait(0.05), 20, "the end of the others")
    queue.close(5)
    engine.close()


def test_a_long_question_keeps_the_third_place_that_nobody_wants() -> None:
    queue = QuestionQueue(short_seconds=0)
    gates = [Gate() for _ in range(AT_ONCE)]
    for user, gate in enumerate(gates, 100):
        queue.submit(Ticket(user, gate))
        assert gate.began.wait(20)
    work = Heavy()
    long = Ticket(1, work)
    queue.submit(long)
    until(lambda: work.runs, 20, "its begin")
    assert not queue.wait(long, 0.05)
    assert (work.runs, long.is_long) == (1, False)
    for gate in gates:
        gate.opened.set()
    long.cancel()
    assert long.wait(20)
    assert isinstance(long.failure, duckdb.InterruptException)
    queue.close(5)


def test_too_many_questions_of_one_user_are_refused_and_others_are_not(queue: QuestionQueue) -> None:
    gates = hold(queue)
    for _ in range(MAX_OF_USER):
        queue.submit(Ticket(1, lambda ticket: None))
    with pytest.raises(QueueFull):
        queue.submit(Ticket(1, lambda ticket: None))
    other = Ticket(2, lambda ticket: "answer")
    queue.submit(other)
    for gate in gates:
        gate.opened.set()
    assert other.wait(20)
    assert other.result == "answer"


def test_a_question_that_waits_and_is_given_up_never_runs(queue: QuestionQueue) -> None:
    gates = hold(queue)
    ticket = Ticket(1, lambda ticket: pytest.fail("it ran"))
    queue.submit(ticket)
    ticket.cancel()
    for gate in gates:
        gate.opened.set()
    assert ticket.wait(20)
    assert (ticket.result, ticket.failure) == (None, None)


def test_a_question_that_runs_and_is_given_up_is_interrupted(queue: QuestionQueue, tmp_path: Path) -> None:
    engine = duckdb.connect(config={"temp_directory": str(tmp_path)})
    began = threading.Event()

    def work(ticket: Ticket) -> Any:
        cursor = engine.cursor()
        ticket.uses(cursor)
        began.set()
        return cursor.execute(ENDLESS).fetchall()

    ticket = Ticket(1, work)
    queue.submit(ticket)
    assert began.wait(20)

    def is_over() -> bool:
        ticket.cancel()
        return ticket.wait(0.05)

    until(is_over, 20, "the interrupted question")
    assert isinstance(ticket.failure, duckdb.InterruptException)
    again = Ticket(1, lambda ticket: engine.cursor().execute("SELECT 7").fetchall())
    queue.submit(again)
    assert again.wait(20)
    assert again.result == [(7,)]
    engine.close()


def test_a_failure_is_the_askers_and_ends_no_thread(queue: QuestionQueue) -> None:
    for _ in range(AT_ONCE + 1):
        ticket = Ticket(1, lambda ticket: 1 // 0)
        queue.submit(ticket)
        assert ticket.wait(20)
        assert isinstance(ticket.failure, ZeroDivisionError)


def test_a_closed_queue_lets_nobody_wait() -> None:
    queue = QuestionQueue()
    gates = hold(queue)
    waiting = Ticket(1, lambda ticket: pytest.fail("it ran"))
    queue.submit(waiting)
    for gate in gates:
        gate.opened.set()
    queue.close(20)
    assert waiting.wait(20)
    with pytest.raises(QueueFull):
        queue.submit(Ticket(1, lambda ticket: None))
