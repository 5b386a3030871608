"""What would a million events a second take? Arithmetic from measured costs, from other pages' figures, and from assumptions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from bench.cost_figures import CROWD, SDK, SINGLE, Costs, Sent
from bench.load import BenchFailed
from bench.report import Report
from bench.servers import ROOT
from tracker.domain.row_ids import WRITER_BITS
from tracker.storage.engine.database import MAX_READERS

#: Assumptions. A machine has so many cores, of which so much is used; a node that is written to gives half of that to events: the
#: rest reads, catches up, and pays for tables that are larger than measured ones.
CORES, USED, FOR_EVENTS = 16, 0.6, 0.5
#: Of the page whose figure of the echo is taken.
IDLE_CORES = 2
#: Of a node: bytes of memory that hold tables (two thirds of 128 GB), bytes of disk, days for which events are kept.
POOL_BYTES, DISK_BYTES, DAYS = 85e9, 16e12, 30
#: Scripts of one Redis a second; bytes a second of a network of 1 Gbit/s.
REDIS_SCRIPTS, GIGABIT = 100_000, 125e6
RATES = (1_000, 10_000, 100_000, 1_000_000)
DAY = 86_400
CONNECTIONS = 1 + MAX_READERS
SENT = (SDK, CROWD)


@dataclass(frozen=True)
class Cited:
    """A figure of another file, looked up where it stands: the number that `pattern` finds."""

    file: str
    pattern: str

    def value(self) -> float:
        found = re.search(self.pattern, (ROOT / self.file).read_text())
        if found is None:
            raise BenchFailed(f"{self.file} has no figure like {self.pattern}")
        return float(found[1].replace(",", ""))


#: Requests a second of the bare echo on two cores that nothing else used, and the share of a core that its client took.
ECHO = Cited("docs/performance.md", r"\| bare Flask JSON echo \| ([\d,]+) \|")
ECHO_CLIENT = Cited("docs/performance.md", r"\| bare Flask JSON echo \| .* \| (\d+)% \|")
#: µs an event: under the write lock of SQLite in batches, for a build of a copy; events that retention deletes in a second.
LOCKED = Cited("docs/performance.md", r"COMMIT and checkpoint \((\d+) µs\) are under the write lock")
BUILD = Cited("docs/performance.md", r"processor time, µs an event \| ([\d.]+)")
DELETED = Cited("docs/performance.md", r"during retention, .* \| (\d+) \|")
MAX_CONNECTIONS = Cited("deploy/cluster/galera.cnf", r"max_connections = (\d+)")


class Plans:
    """What follows from the costs on a cluster of three nodes, and of Spider's head, for one way to send.

    Processor time was `times` as dear as on idle cores.
    """

    def __init__(self, costs: Costs, spread: Costs, sent: Sent, times: float = 1.0) -> None:
        self.events = sent.events
        self.head_ms = spread.server_ms(sent)[0] / times
        self.tracker_ms = costs.tracker_ms(sent) / times
        self.writer_ms, *followers = (each / times for each in costs.server_ms(sent))
        self.follower_ms = max(followers, default=0.0)
        self.replicated = costs.middle(sent, lambda turn: turn.replicated)
        self.kept, self.ids = sum(costs.kept.values()), costs.kept["event_ids"]
        self.written = costs.written[0]

    def processes(self, rate: float) -> int:
        return math.ceil(rate * self.tracker_ms / 1000 / USED)

    def of_processes(self, count: float) -> float:
        """Events a second that so many worker processes take."""
        return count * USED * 1000 / self.tracker_ms

    def of_writer(self) -> float:
        return CORES * USED * FOR_EVENTS * 1000 / self.writer_ms

    def of_head(self) -> float:
        return CORES * USED * 1000 / self.head_ms

    def of_disk(self) -> float:
        return DISK_BYTES / (DAYS * DAY * self.kept)

    def of_network(self) -> float:
        return GIGABIT / (2 * self.replicated) if self.replicated else math.inf

    def clusters(self, rate: float) -> int:
        """So many that each one's writer and disks are enough."""
        return math.ceil(rate / min(self.of_writer(), self.of_disk()))


def times_as_dear(floor: Costs) -> float:
    """How many times the processor time of idle cores the bare echo took; 1 if it took less."""
    idle_ms = (IDLE_CORES - ECHO_CLIENT.value() / 100) / ECHO.value() * 1000
    return max(1.0, floor.tracker_ms(SINGLE) / idle_ms)


def arithmetic(report: Report, floor: Costs, costs: Costs, spread: Costs) -> None:
    """Both tables of the plan, after the measured ones: from costs on three nodes, and `spread` behind a head."""
    times = times_as_dear(floor)
    plans = [Plans(costs, spread, sent, times) for sent in SENT]
    report.say(
        f"**A plan, not a measurement**, from the lines of {costs.title.partition(',')[0]} above. Their processor time is divided by {times:.1f}: "
        f"so many times as dear as on idle cores ([performance](performance.md#tracking)) was the bare echo, by other work. Assumed: machines of {CORES} cores used to {USED:.0%}, "
        f"half of that for events where a node is written to; {POOL_BYTES / 1e9:.0f} GB of memory for tables and {DISK_BYTES / 1e12:.0f} TB of disk a node; events kept for {DAYS} days. "
        "An SDK's batches of 100 / single calls over many connections:"
    )
    report.table(
        ("events a second", *(f"{rate:,}" for rate in RATES)),
        [[title, *cells] for title, cells in _steps(plans)],
    )
    report.table(("wall", "SDK's batches, events/s", "single calls, events/s", "from"), _walls(plans))


def _steps(plans: list[Plans]) -> list[tuple[str, list[str]]]:
    def row(title: str, figure: Callable[[Plans, float], str]) -> tuple[str, list[str]]:
        return title, [" / ".join(figure(plan, rate) for plan in plans) for rate in RATES]

    def each(plan: Plans, rate: float) -> float:
        return rate / plan.clusters(rate)

    return [
        row("Tracker's worker processes", lambda plan, rate: f"{plan.processes(rate):,}"),
        row("clusters of three nodes, for CPU", lambda plan, rate: f"{math.ceil(rate / plan.of_writer()):,}"),
        row("… for disks too", lambda plan, rate: f"{plan.clusters(rate):,}"),
        row("each writer's cores for events", lambda plan, rate: _short(each(plan, rate) * plan.writer_ms / 1000)),
        row("each follower's", lambda plan, rate: _short(each(plan, rate) * plan.follower_ms / 1000)),
        row("each writer's disk, MB/s", lambda plan, rate: _short(each(plan, rate) * plan.written / 1e6)),
        row("… its network to two followers, MB/s", lambda plan, rate: _short(each(plan, rate) * 2 * plan.replicated / 1e6)),
        row("hours until a node's `event_ids` fill its memory", lambda plan, rate: _short(POOL_BYTES / plan.ids / each(plan, rate) / 3600)),
        row("kept a day, one copy of three, GB", lambda plan, rate: _short(rate * DAY * plan.kept / 1e9)),
        row("cores that build a copy of all for reports", lambda _, rate: _short(rate * BUILD.value() / 1e6)),
    ]  # fmt: skip


class _Wall(NamedTuple):
    """What ends at so many events a second, sent in batches and by single calls."""

    title: str
    batches: float
    singles: float | None
    source: str


def _walls(plans: list[Plans]) -> list[list[str]]:
    """The walls in order."""
    limit, writers = int(MAX_CONNECTIONS.value()), 2**WRITER_BITS
    locked, built, deleted = 1e6 / LOCKED.value(), 1e6 / BUILD.value(), DELETED.value()

    def wall(title: str, figure: Callable[[Plans], float], source: str) -> _Wall:
        return _Wall(title, figure(plans[0]), figure(plans[1]), source)

    walls = [
        _Wall("one SQLite file: its write lock", locked, None, "performance.md"),
        wall("retention of one list, in the background", lambda _: deleted, "performance.md"),
        wall("a copy of one list is built by one core", lambda _: built, "performance.md"),
        wall(f"{limit} connections of a node, {CONNECTIONS} a process", lambda plan: plan.of_processes(limit // CONNECTIONS), "galera.cnf, CPU"),
        wall(f"{writers:,} writer numbers, one a process", lambda plan: plan.of_processes(writers), "row ids, CPU"),
        wall("one cluster, hence one list: its writer's CPU", Plans.of_writer, "CPU, assumed cores"),
        wall("Spider's head, which passes on all lists' events", Plans.of_head, "CPU of the head"),
        wall(f"one cluster: {DAYS} days on its disks", Plans.of_disk, "bytes kept, assumed disk"),
        wall("one cluster: a network of 1 Gbit/s", Plans.of_network, "bytes replicated"),
        wall("one Redis counts the limits", lambda plan: REDIS_SCRIPTS * plan.events, "assumed"),
    ]  # fmt: skip
    walls = sorted((wall for wall in walls if wall.batches < math.inf), key=lambda wall: wall.batches)
    return [
        [wall.title, _rounded(wall.batches), _rounded(wall.singles) if wall.singles else "", wall.source]
        for wall in walls
    ]


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _rounded(value: float) -> str:
    """Two figures that count."""
    digits = 1 - math.floor(math.log10(value))
    return f"{round(value, digits):,.0f}"
