"""What was measured of an event's costs, and how is it shown? Medians of turns, server by server."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.load import Kind, Load
from bench.plan import Plan
from bench.report import Report
from bench.spent import Spent

#: Tables whose bytes are shown by themselves.
SHOWN = ("events", "event_ids", "timeline")


@dataclass(frozen=True)
class Sent:
    """A way to send events: how many in a request, and over how many times the usual connections."""

    title: str
    kind: Kind
    events: int = 1
    times: float = 1

    def connections(self, plan: Plan) -> int:
        return max(1, round(plan.site.connections * self.times))


SINGLE = Sent("`event.track`", "event")
CROWD = Sent("`event.track`", "event", times=4)
BATCH = Sent("`event.batch` of 100", "batch", 100, 1 / 8)
SDK = Sent("an SDK's batch of 100", "sdk", 100, 1 / 8)
SENT = (SINGLE, CROWD, BATCH, SDK)


@dataclass(frozen=True)
class Turn:
    """What one load cost, an event: Tracker's workers, each server; bytes replicated. Events in a COMMIT of a server.

    What a server has written here is its log (redo). Pages are written out later, for many events at once.
    """

    load: Load
    tracker: Spent
    servers: tuple[Spent, ...]
    replicated: float
    group: float

    @property
    def cpu_ms(self) -> float:
        return sum((server.cpu_ms for server in self.servers), self.tracker.cpu_ms)


@dataclass(frozen=True)
class Costs:
    """What was measured on one engine. Bytes an event of all turns together: `kept` in one copy, by table if it is a server's;
    `written` by each server in all, pages included.
    """

    title: str
    turns: Mapping[Sent, Sequence[Turn]]
    kept: Mapping[str, float]
    written: Sequence[float]
    answered: int
    stored: int

    def middle(self, sent: Sent, figure: Callable[[Turn], float]) -> float:
        """The median of the turns."""
        return statistics.median(map(figure, self.turns[sent]))

    def tracker_ms(self, sent: Sent) -> float:
        return self.middle(sent, lambda turn: turn.tracker.cpu_ms)

    def server_ms(self, sent: Sent) -> list[float]:
        return self._of_servers(sent, lambda server: server.cpu_ms)

    def log_bytes(self, sent: Sent) -> list[float]:
        return self._of_servers(sent, lambda server: server.written)

    def _of_servers(self, sent: Sent, figure: Callable[[Spent], float]) -> list[float]:
        each = zip(*(map(figure, turn.servers) for turn in self.turns[sent]), strict=True)
        return [statistics.median(figures) for figures in each]


def tell(report: Report, plan: Plan, floor: Costs, found: Iterable[Costs]) -> None:
    """Both tables, and how they came about."""
    found = list(found)
    report.say(
        f"Events of {plan.site.visitors:,} visitors who are known, of four lists, {plan.turns} turns of {plan.seconds:g} s for each line, medians; two workers, "
        "clients, servers and other work on the same cores, so no line is a rate; a turn in which a request was refused is repeated. Processor time is what the kernel "
        "counted for the processes, of all their threads. What Tracker writes is the SQLite file with its write-ahead log, and a log line for each request."
    )
    heads = ("", "Tracker, CPU ms", "servers, CPU ms", "all, lowest–highest", "Tracker writes, bytes", "servers' logs, bytes", "replicated, bytes", "events a COMMIT")  # fmt: skip
    rows = [_row(plan, costs, sent) for costs in found for sent in SENT]
    report.table(heads, [_row(plan, floor, SINGLE), *rows])
    names = [f"`{name}`" for name in SHOWN]
    report.table(
        ("bytes an event, of all these events", "written by servers", "kept, one copy", *names),
        [_kept_row(costs) for costs in found if costs.kept],
    )
    answered, stored = (
        " + ".join(f"{count:,}" for count in counts)
        for counts in zip(*((costs.answered, costs.stored) for costs in found), strict=True)
    )
    report.say(
        "Written includes the pages that a server still held in memory at the end and had to write out. Kept is the growth of the "
        f"pages in use, or of the file. Events answered with 200: {answered}; stored, on each node of Galera: {stored}. A refused request's outcome may be unknown, so some of its events may be stored."
    )


def _row(plan: Plan, costs: Costs, sent: Sent) -> list[str]:
    all_ms = [turn.cpu_ms for turn in costs.turns[sent]]
    replicated, group = (
        costs.middle(sent, figure) for figure in (lambda turn: turn.replicated, lambda turn: turn.group)
    )
    return [
        f"{costs.title}: {sent.title}, {sent.connections(plan)} connections",
        f"{costs.tracker_ms(sent):.3f}",
        " + ".join(f"{each:.3f}" for each in costs.server_ms(sent)),
        f"{min(all_ms):.3f}–{max(all_ms):.3f}",
        f"{costs.middle(sent, lambda turn: turn.tracker.written):,.0f}",
        " + ".join(f"{each:,.0f}" for each in costs.log_bytes(sent)),
        f"{replicated:,.0f}" if replicated else "",
        f"{group:,.1f}" if group else "",
    ]


def _kept_row(costs: Costs) -> list[str]:
    tables = [f"{costs.kept[name]:,.0f}" if name in costs.kept else "" for name in SHOWN]
    written = " + ".join(f"{each:,.0f}" for each in costs.written)
    return [costs.title, written, f"{sum(costs.kept.values()):,.0f}", *tables]
