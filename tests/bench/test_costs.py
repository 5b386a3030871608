"""Are an event's costs measured, and does the plan follow from them? Client, server and database are made up."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench import costs, million
from bench.cost_figures import SENT, Costs, Turn, tell
from bench.engines import Engine
from bench.load import BenchFailed, Load
from bench.plan import Plan
from bench.report import Report, write
from bench.site import Database, Site
from bench.spent import Spent

LOAD = Load(1, 1.0, 1.0, 1.0, 0.0)
EVENTS = 1_000


class MadeServer:
    """A server that is this process. Each look at a counter finds it EVENTS higher; all its pages are written."""

    running = SimpleNamespace(pid=os.getpid())

    def __init__(self, holds: Callable[[], int]) -> None:
        self.holds = holds
        self._counted = itertools.count(EVENTS, EVENTS)
        self.asked: list[str] = []

    def execute(self, statement: str, *values: str) -> tuple[tuple[Any, ...], ...]:
        self.asked.append(statement)
        if "SHOW TABLES" in statement:
            return (("events",),)
        if "innodb_index_stats" in statement:
            return (("events", 3 * self.holds()),)
        is_of_pages = "Innodb_buffer_pool_pages_dirty" in values
        return ((values[0], 0 if is_of_pages else next(self._counted)),) if values else ()


@dataclass(frozen=True)
class MadeDatabase(Database):
    """It holds all events that were sent, but for those that it has lost."""

    loads: list[Load] = field(default_factory=list)
    lost: int = 0

    def serve(self, application: str = "", **environ: str) -> Any:
        return nullcontext("http://127.0.0.1:1")

    def count_events(self) -> int:
        return sum(one.stored for one in self.loads) - self.lost


def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: int = 0) -> tuple[Costs, MadeServer]:
    database = MadeDatabase(tmp_path, "made")
    server = MadeServer(database.count_events)
    holder = MadeDatabase(tmp_path, "holder", database.loads, lost)
    site = Site(tmp_path, 100, 32)

    def send(*_: Any, **__: Any) -> Load:
        database.loads.append(Load(EVENTS, 1.0, 1.0, 1.0, 0.0))
        return database.loads[-1]

    @contextmanager
    def start(_: Plan) -> Any:
        yield Engine("made", site, database, servers=[server], holders=[holder], tables=[server])  # type: ignore[list-item]

    monkeypatch.setattr(costs, "load", send)
    monkeypatch.setattr(costs, "worker_processes", lambda _: [Path("/proc/self")])
    plan = Plan(site, turns=3, seconds=0.1, scale=1.0, millions=1.0)
    found = costs.measured(plan, start)
    report = Report("costs", "Costs")
    tell(report, plan, found, [found])
    assert f"answered with 200: {found.stored:,}; stored, on each node of Galera: {found.stored:,}." in str(
        report
    )
    return found, server


def test_costs_are_of_an_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, server = measured(tmp_path, monkeypatch)
    assert found.stored == EVENTS * (1 + len(SENT) + 3 * len(SENT))
    for turns in found.turns.values():
        assert len(turns) == 3
        for turn in turns:
            assert turn.group > 0
            assert turn.servers[0].written * EVENTS == pytest.approx(
                3 * EVENTS
            )  # three counters are looked at
            assert turn.tracker.cpu_ms >= 0
    assert found.kept == {"events": 3}
    assert any("innodb_max_dirty_pages_pct = 90" in statement for statement in server.asked)


def test_an_event_that_one_node_lacks_fails_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BenchFailed, match="were answered with 200, but"):
        measured(tmp_path, monkeypatch, lost=1)


def costs_of(tracker_ms: float, *server_ms: float) -> Costs:
    each = tuple(Spent(ms, 1_000) for ms in server_ms)
    turn = Turn(LOAD, Spent(tracker_ms, 200), each, replicated=1_250, group=10)
    return Costs(
        "three, of which", {sent: [turn] for sent in SENT}, {"event_ids": 200, "events": 300}, [4_000], 7, 7
    )


def test_the_plan_follows_from_the_costs() -> None:
    """A writer of 16 cores, used to 60 %, half of that for events; a process is used to 60 % too."""
    plan = million.Plans(costs_of(0.6, 0.12, 0.03, 0.02), costs_of(0.6, 0.24, 0.1, 0.1), SENT[0])
    assert plan.processes(1_000_000) == 1_000
    assert plan.of_writer() == pytest.approx(40_000)
    assert plan.of_head() == pytest.approx(40_000)
    assert plan.of_network() == pytest.approx(50_000)
    assert plan.of_disk() == pytest.approx(12_346, rel=1e-4)
    assert plan.clusters(1_000_000) == 81


def test_processor_time_is_that_of_idle_cores() -> None:
    times = million.times_as_dear(costs_of(4.0))
    assert 2 < times < 40
    assert million.times_as_dear(costs_of(4.0 / times / 2)) == 1
    made = costs_of(1.2, 0.24, 0.06, 0.04), costs_of(1.2, 0.48, 0.2, 0.2)
    assert million.Plans(*made, SENT[0], times=2).of_writer() == pytest.approx(40_000)


def test_walls_are_told_in_order_with_the_figures_of_other_pages(tmp_path: Path) -> None:
    report = Report("costs", "Costs", page=tmp_path / "page.md")
    million.arithmetic(report, costs_of(0.8), costs_of(0.6, 0.12, 0.03, 0.02), costs_of(0.6, 0.24, 0.1, 0.1))
    walls = [line.split(" | ") for line in report.blocks[-1].splitlines()[2:]]
    rates = [int(wall[1].replace(",", "")) for wall in walls]
    assert rates == sorted(rates)
    assert len(walls) == 10
    report.page.write_text("# Page\n\n<!-- bench:costs -->\nold\n<!-- /bench:costs -->\n\nend\n")
    write(report)
    assert report.page.read_text().startswith("# Page\n\n<!-- bench:costs -->\n## Costs\n\n**A plan,")
    assert report.page.read_text().endswith("\n\nend\n")
