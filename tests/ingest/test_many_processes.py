"""Do steps of many processes at once end where the model could, had they been taken one after the other in some order?"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.ingest.real import Real, check_readers, state
from tests.ingest.whole_model import Create, Model, Step, Subscriber, Track, Unmerge
from tests.processes import start_module, until
from tests.servers import NewDatabase

PROCESSES, STEPS = 4, 3
EMAILS, IDS, BROWSERS = ("a.b@gmail.com", "ab+x@gmail.com", "c@example.com"), ("x",), (1, 2)
TEXTS = ("ab@gmail.com", "c@example.com")


class Worker:
    """A process that takes steps from a pipe."""

    def __init__(self, url: str, folder: Path) -> None:
        folder.mkdir()
        os.mkfifo(pipe := folder / "steps")
        self._program = start_module("tests.ingest.working", url, log=folder / "answers", reads=pipe)
        self._steps = pipe.open("w")
        self._answered = 0

    def give(self, list_id: int, steps: Sequence[Step]) -> None:
        self._steps.write(json.dumps([list_id, [[type(s).__name__, *s] for s in steps]]) + "\n")
        self._steps.flush()
        self._answered += 1

    def answers(self) -> list[Any]:
        """What it has answered to the steps that it was given last."""
        answers: list[Any] = json.loads(until(self._last, 60, "an answer"))
        return answers

    def _last(self) -> str | None:
        """The last answer, once it is there; warnings are among them."""
        lines = [line for line in self._program.printed().splitlines(keepends=True) if line[0] == "["]
        return lines[-1] if len(lines) == self._answered and lines[-1].endswith("\n") else None

    def close(self) -> int:
        self._steps.close()
        return self._program.wait()


class Workers:
    """Processes on one database."""

    def __init__(self, url: str, folder: Path) -> None:
        self._workers = [Worker(url, folder / str(number)) for number in range(PROCESSES)]

    def take(self, list_id: int, plans: Sequence[Sequence[Step]]) -> list[list[Any]]:
        """Each process its steps, all at once; the answers."""
        for worker, steps in zip(self._workers, plans, strict=True):
            worker.give(list_id, steps)
        return [worker.answers() for worker in self._workers]

    def close(self) -> None:
        assert [worker.close() for worker in self._workers] == [0] * PROCESSES


@pytest.fixture(scope="module")
def real(
    database_kind: str, new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Real, Workers]]:
    url = new_database(database_kind)
    real = Real(url)
    real.database.upgrade()
    workers = Workers(url, tmp_path_factory.mktemp("workers"))
    yield real, workers
    workers.close()
    real.close()


def some_step(random: Random, at: int) -> Step:
    """Events of different times, so that it does not matter who of several at once is the first to arrive."""
    email = random.choice(EMAILS)
    kind = random.randrange(10)
    if kind == 0:
        return Create(random.choice([None, email]), random.choice(IDS))
    if kind < 4:
        return Unmerge(email, random.choice(BROWSERS), at)
    name, is_public = random.choice(["seen", "seen", "identify"]), random.random() < 0.4
    if kind == 4:
        return Track(name, hash_of=random.choice(TEXTS), at=at)
    if kind < 7:
        browser = 2 if is_public else random.choice([None, 1])
        return Track(name, random.choice([None, email]), "x", browser=browser, is_public=is_public, at=at)
    browser = 2 if is_public else 1  # whether a public event links is asked when it arrives
    return Track(name, random.choice([None, email]), browser=browser, is_public=is_public, at=at)


def name(number: int, subscriber: Subscriber) -> Any:
    """Persons that several processes make have no order: they are called by what names them."""
    return (subscriber.email or "").lower(), subscriber.external_id


def is_possible(
    start: Model, plans: Sequence[Sequence[Step]], answers: list[list[Any]], end: dict[str, Any]
) -> bool:
    """Whether some order of the steps, each process's in its own order, gives these answers and this end."""
    seen = set()
    waiting = [((0,) * len(plans), start)]
    while waiting:
        done, model = waiting.pop()
        if all(count == len(plan) for count, plan in zip(done, plans, strict=True)):
            if model.state(name) == end:
                return True
            continue
        for process, count in enumerate(done):
            if count == len(plans[process]):
                continue
            tried = model.copy()
            if tried.apply(plans[process][count]) != answers[process][count]:
                continue
            after = (*done[:process], count + 1, *done[process + 1 :])
            key = (after, without_arrival(tried))
            if key not in seen:
                seen.add(key)
                waiting.append((after, tried))
    return False


def without_arrival(model: Model) -> str:
    """All there is of a model but in which order it came: events have different times."""
    lives = [
        (visitor, sorted((m[0], who) for m, who in life.marks.items()), sorted(m[0] for m in life.walls))
        for visitor, life in model.lives.items()
    ]
    logged = [
        (visitor, sorted(m[0] for m in life.logged), sorted(m[0] for m in life.public if m in life.marks))
        for visitor, life in model.lives.items()
    ]
    events = sorted((n, str(v), m[0], str(p)) for n, v, m, p in model.events)
    return repr((model.subscribers, sorted(lives, key=str), sorted(logged, key=str), events))


def labels(real: Real, list_id: int) -> tuple[dict[int, Any], dict[bytes, Any]]:
    sql = "SELECT id, own_uuid, email_key, external_id FROM subscribers WHERE list_id = ?"
    subscribers, owns = {}, {}
    for subscriber, own, email, external_id in real.rows(sql, list_id):
        subscribers[subscriber] = owns[bytes(own)] = (
            "" if email is None else bytes(email).decode(),
            None if external_id is None else bytes(external_id).decode(),
        )
    return subscribers, owns


def check(real: Real, workers: Workers, random: Random, list_id: int) -> None:
    begin: list[Step] = [
        Track("seen", browser=1, at=10),
        Track("seen", EMAILS[0], browser=1, at=20),
        Track("seen", browser=1, at=30),
    ]
    start = Model()
    for step in begin:
        assert real.apply(list_id, step) == start.apply(step)
    times = iter(random.sample([at for at in range(40) if at % 10], PROCESSES * STEPS))
    plans = [[some_step(random, next(times)) for _ in range(STEPS)] for _ in range(PROCESSES)]
    answers = workers.take(list_id, plans)
    real.finish()
    end = state(real, list_id, TEXTS, *labels(real, list_id))
    assert is_possible(start, plans, answers, end), (plans, answers, end)
    check_readers(real, list_id)
    real.settle(list_id)
    check_readers(real, list_id)


def test_steps_at_once_end_where_some_order_of_them_does(real: tuple[Real, Workers]) -> None:
    random = Random(1)  # the same steps in every run; how they meet differs
    for list_id in range(1, 41):
        check(*real, random, list_id)


@pytest.mark.fuzz
def test_many_steps_at_once_end_where_some_order_of_them_does(real: tuple[Real, Workers]) -> None:
    random = Random()
    for list_id in range(1001, 2001):
        check(*real, random, list_id)


def test_the_search_finds_what_no_order_explains() -> None:
    """A check that lets everything pass would show nothing."""
    plans: list[list[Step]] = [
        [Track("seen", EMAILS[0], browser=1, at=2)],
        [Track("seen", EMAILS[2], browser=1, at=1)],
        [],
        [],
    ]
    model = Model()
    answers = [[model.apply(step) for step in plan] for plan in plans]
    end = model.state(name)
    assert is_possible(Model(), plans, answers, end)
    assert not is_possible(Model(), plans, [[True], [False], [], []], end)
    whose = [(name(0, model.subscribers[0]), False)]
    assert not is_possible(Model(), plans, answers, {**end, "visitors": [(1, whose)]})
