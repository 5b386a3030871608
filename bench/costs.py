"""What does an event cost each process, in processor time and bytes? By the way it is sent, on each engine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from bench.cost_figures import BATCH, SENT, SINGLE, Costs, Sent, Turn, tell
from bench.engines import Engine, galera, mariadb, spider, sqlite, status
from bench.load import BenchFailed, Load, load
from bench.million import arithmetic
from bench.plan import Plan, check_stored, echo
from bench.report import Report
from bench.servers import ROOT, worker_processes
from bench.site import Database
from bench.spent import Spent, spent

PAGE = ROOT / "docs/scale.md"
Start = Callable[[Plan], AbstractContextManager[Engine]]
ENGINES: tuple[Start, ...] = (sqlite, mariadb, galera, spider)
#: Seconds that an engine takes beside its turns: to start, to see each visitor once, to write out its pages.
ENGINE_SECONDS, FLUSH_SECONDS = 60, 3

#: Turns that are tried until no request is refused.
MOST_TRIES = 5


def expected_seconds(plan: Plan) -> float:
    turns = plan.turns * len(SENT) * (plan.seconds + FLUSH_SECONDS)
    return len(ENGINES) * (ENGINE_SECONDS + turns)


def measure(plan: Plan) -> Report:
    found = {}
    for start in ENGINES:
        found[start.__name__] = measured(plan, start)
        sys.stderr.write(f"{start.__name__}: {found[start.__name__].stored:,} events\n")
    floor = _floor(plan)
    report = Report("costs", "What an event costs", page=PAGE)
    tell(report, plan, floor, found.values())
    arithmetic(report, floor, found["galera"], found["spider"])
    return report


def measured(plan: Plan, start: Start) -> Costs:
    """Start an engine, let it see each visitor once, and measure; raises BenchFailed if an event is missing anywhere."""
    turns: dict[Sent, list[Turn]] = {sent: [] for sent in SENT}
    with start(plan) as engine:
        plan = replace(plan, site=engine.site)
        with engine.serve() as url:
            loads = [_introduced(plan, url)]
        engine.settle()
        kept, written, known = engine.kept(), _written(engine), loads[0].stored
        with engine.serve() as url:
            loads += [_send(plan, url, sent, plan.seconds / 4) for sent in SENT]
            for _ in range(plan.turns):
                for sent in SENT:
                    tried = _tried(plan, engine, url, sent)
                    turns[sent].append(tried[-1])
                    loads += [turn.load for turn in tried]
        engine.until_applied()
        stored = check_stored(engine.database, loads)
        for holder in engine.holders:
            check_stored(holder, loads)
        engine.settle()
        return Costs(
            engine.title,
            turns,
            {name: (size - kept.get(name, 0)) / (stored - known) for name, size in engine.kept().items()},
            [(now - was) / (stored - known) for now, was in zip(_written(engine), written, strict=True)],
            sum(one.stored for one in loads),
            stored,
        )


def _introduced(plan: Plan, url: str) -> Load:
    """Let each visitor be seen once, a few at a time: a server that shares its cores answers full batches late."""
    size = BATCH.events
    requests = -(-plan.site.visitors // size)
    return load(url, plan.site, "introduce", requests=requests, events=size, connections=2, may_refuse=True)


def _floor(plan: Plan) -> Costs:
    """What a bare Flask echo of single calls costs on the same cores: it tells by how much others made processor time dear."""
    engine = Engine("bare Flask echo", plan.site, Database(plan.site.folder, "echo"))
    with echo(plan) as url:
        _send(plan, url, SINGLE, plan.seconds / 4)
        turns = [_tried(plan, engine, url, SINGLE)[-1] for _ in range(plan.turns)]
    return Costs(engine.title, {SINGLE: turns}, {}, [], 0, 0)


def _tried(plan: Plan, engine: Engine, url: str, sent: Sent) -> list[Turn]:
    """Turns up to one in which no request was refused: a machine that others use stands still at times."""
    tried: list[Turn] = []
    while not tried or tried[-1].load.refused:
        if len(tried) == MOST_TRIES:
            raise BenchFailed(f"{engine.title}: requests were refused in {MOST_TRIES} turns")
        tried.append(_turn(plan, engine, url, sent))
    return tried


def _written(engine: Engine) -> list[float]:
    return [spent(processes).written for processes in _processes(engine)]


def _processes(engine: Engine) -> list[list[Path]]:
    return [[Path(f"/proc/{server.running.pid}")] for server in engine.servers]


def _send(plan: Plan, url: str, sent: Sent, seconds: float) -> Load:
    return load(
        url,
        plan.site,
        sent.kind,
        seconds=seconds,
        events=sent.events,
        connections=sent.connections(plan),
        may_refuse=True,
    )


def _turn(plan: Plan, engine: Engine, url: str, sent: Sent) -> Turn:
    workers = worker_processes(url)
    if not workers:
        raise BenchFailed("there are no worker processes")
    before = _counted(engine, workers)
    taken = _send(plan, url, sent, plan.seconds)
    engine.until_applied()
    after, events = _counted(engine, workers), max(1, taken.stored)
    tracker, *servers = (
        (now - was).an_event(events) for now, was in zip(after.spent, before.spent, strict=True)
    )
    commits = after.commits - before.commits
    return Turn(
        taken,
        tracker,
        tuple(servers),
        (after.replicated - before.replicated) / events,
        events / commits if commits else 0.0,
    )


class _Counted(NamedTuple):
    """What Tracker and each server have spent, and the counters of the server that is written to."""

    spent: list[Spent]
    commits: int
    replicated: int


def _counted(engine: Engine, workers: list[Path]) -> _Counted:
    logs = [status(server, "Innodb_os_log_written") for server in engine.servers]
    servers = [
        Spent(spent(processes).cpu_ms, log) for processes, log in zip(_processes(engine), logs, strict=True)
    ]
    first = engine.servers[:1]
    commits, replicated = (
        sum(status(server, name) for server in first) for name in ("Com_commit", "wsrep_replicated_bytes")
    )
    return _Counted([spent(workers), *servers], commits, replicated)
