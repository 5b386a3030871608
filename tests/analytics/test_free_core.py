"""Do the processes of reports leave a core to tracking while events come in, and no longer?"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.analytics.test_reports_process import Start, real, start, track
from tests.ingest.real import Real
from tests.processes import until
from tracker.analytics.process import free_core
from tracker.analytics.process.free_core import FreeCore

__all__ = ("real", "start")

CORES = os.sched_getaffinity(0)
LESS = set(sorted(CORES)[1:]) or CORES


def cores_of(process: int) -> set[frozenset[int]]:
    """What the threads of a process may run on."""
    threads = map(int, os.listdir(Path(f"/proc/{process}/task")))
    return {frozenset(os.sched_getaffinity(thread)) for thread in threads}


@pytest.fixture
def process() -> Iterator[int]:
    """A process that waits for its end."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as started:
        yield started.pid
        started.kill()


def test_a_core_is_left_from_twenty_events_a_second_until_there_are_fewer_than_ten(
    process: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(free_core, "LOOK_SECONDS", 0.0)
    paces: list[float | None] = [None, 19.9, 20.0, 10.0, 9.9, 19.9, 20.0, None, 15.0]
    core = FreeCore(lambda: paces.pop(0), lambda: [process])
    left = []
    while paces:
        core.look()
        left.append(cores_of(process) == {frozenset(LESS)} != {frozenset(CORES)})
    several = len(CORES) > 1
    assert left == [several and each for each in (True, False, True, True, False, False, True, True, False)]


def test_a_process_that_has_ended_and_cores_that_are_not_allowed_harm_nothing(
    process: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(free_core, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {4093, 4094})
    core = FreeCore(lambda: 0.0, lambda: [2**22 + 1, process])
    assert core.described() == {"pace": 0.0, "cores": 2, "all_cores": 2}
    monkeypatch.undo()
    assert cores_of(process) == {frozenset(CORES)}


def test_the_process_that_answers_leaves_a_core_while_events_come_in(real: Real, start: Start) -> None:
    assert [real.services.stores.lists.add(1, name) for name in ("One", "Two")] == [1, 2]
    track(real, 1)
    reports = start(real)
    assert reports.events(1) == 1
    told = reports.client.request({"status": True})["process"]
    assert told["cores"] == told["all_cores"] == len(CORES)
    assert cores_of(reports.pid) == {frozenset(CORES)}
    track(real, 110, list_id=2)  # of any list
    until(lambda: cores_of(reports.pid) == {frozenset(LESS)}, 20, "a free core")
    assert reports.client.request({"status": True})["process"]["cores"] == len(LESS)
