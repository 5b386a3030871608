"""What if processes are killed? At any moment, and in the middle of a commit: nothing lost, nothing doubled."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable

from tests.faults.checker import check
from tests.faults.harness import Harness, Load
from tests.faults.run_length import SEED, run_length
from tests.faults.tables import Report, figures
from tests.processes import until

ACKS = run_length(short=800, long=16_000)
#: Kills of each of the four kinds.
ROUNDS = run_length(short=2, long=11)
#: Where in a commit: before or after the log is synced, before a page is written or when half of it is.
MOMENTS = [("sync", "before"), ("sync", "after"), ("write", "before"), ("write", "half"), ("write", "after")]


def kill_a_worker(tracker: Harness, rng: random.Random) -> None:
    os.kill(rng.choice(tracker.running.children()), signal.SIGKILL)


def kill_all(tracker: Harness, _: random.Random) -> None:
    tracker.kill_and_start()


def _trap_a_worker(tracker: Harness, rng: random.Random) -> None:
    before = tracker.running.children()
    tracker.trap.set(rng.randint(1, 40), *rng.choice(MOMENTS), "worker")
    until(lambda: set(before) - set(tracker.running.children()), 20, "a worker in the trap")


def _trap_all(tracker: Harness, rng: random.Random) -> None:
    tracker.trap.set(rng.randint(1, 40), *rng.choice(MOMENTS), "group")
    until(lambda: tracker.running.exit_code is not None, 20, "the end of all processes")
    tracker.kill_and_start()


KILLS: list[Callable[[Harness, random.Random], None]] = [
    kill_a_worker,
    kill_all,
    _trap_a_worker,
    _trap_all,
]


def test_kills_lose_nothing_and_double_nothing(report: Report) -> None:
    rng = random.Random(SEED)
    kills = KILLS * ROUNDS
    rng.shuffle(kills)
    with Harness(planted=["small log"], is_trapped=True) as tracker, Load(tracker, SEED) as load:
        for kill in kills:
            load.until_more(ACKS // len(kills))
            kill(tracker, rng)
        load.until_more(ACKS // len(kills))
        story = load.finish()
        healed = tracker.until_healed()
        tracker.stop()
        verdict = check(tracker.database_url, story, is_healed=True)
    seen = {"counts right after, s": healed, "verdict": verdict.summary}
    report("kills of workers and of all", faults=len(kills), **figures(story), **seen)
    assert not verdict.faults, f"seed {SEED}\n{verdict}"
    assert story.acks >= ACKS
