"""How old are answers while events come in, and how late are answers to tracking while somebody asks without a pause?"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from bench.import_while_live import RATE, steady
from bench.load import BenchFailed
from bench.reports_asked import KINDS, ROUNDS, params_of
from bench.reports_served import Refused, ServedReports

#: Seconds between two looks at how old an answer is, and seconds that an answer may be old; so much slower tracking may become.
LOOK_SECONDS, OLDEST_SECONDS, TIMES_SLOWER = 0.3, 2, 2


#: What goes on beside tracking until it is told to end: how many questions were answered, and how many refused.
Beside = Callable[[threading.Event], tuple[int, int]]


class Tracking(NamedTuple):
    """Milliseconds of the answers to tracking in one run, and the questions answered meanwhile."""

    p50: float
    p99: float
    questions: int
    refused: int


def tail_row(served: ServedReports, seconds: float) -> list[str]:
    """The age of answers while events come in: half of them are younger, and the oldest."""
    ages: list[float] = []

    def look(is_over: threading.Event) -> tuple[int, int]:
        connection = served.connection()
        while not is_over.wait(LOOK_SECONDS):
            answer = served.ask(
                connection, "reports.trend", {"From": "today", "Interval": "none", "Measures": ["events"]}
            )
            ages.append(time.time() - datetime.fromisoformat(answer["Scope"]["AsOf"]).timestamp())
        connection.close()
        return len(ages), 0

    _tracked(served, seconds, look)
    if not ages:
        raise BenchFailed("no answer came while events came in")
    title = f"seconds that an answer is old, {RATE} events/s coming in: p50, oldest"
    return [title, f"{statistics.median(ages):.1f}", f"{max(ages):.1f}", f"≤ {OLDEST_SECONDS}"]


def ingest_rows(served: ServedReports, turns: int, seconds: float) -> list[list[str]]:
    """Tracking alone and while one client asks without a pause, in turn; the ratios are of the same turn."""
    pairs = [(_tracked(served, seconds), _tracked(served, seconds, _asking(served))) for _ in range(turns)]
    alone, asked = zip(*pairs, strict=True)
    ratios = [(one.p50 / other.p50, one.p99 / other.p99) for other, one in pairs]
    middle = [statistics.median(each) for each in zip(*ratios, strict=True)]
    questions = sum(run.questions for run in asked) / seconds / turns
    refused = sum(run.refused for run in asked)
    return [
        _row(f"`event.track`, {RATE} a second, nobody asks: ms, p50 and p99", alone, ""),
        _row(f"… one client asks without a pause ({questions:.1f} questions/s, {refused} refused)", asked, ""),
        ["… as a multiple, the median of the turns", f"{middle[0]:.2f}", f"{middle[1]:.2f}", f"≤ {TIMES_SLOWER}"],
    ]  # fmt: skip


def _row(title: str, runs: tuple[Tracking, ...], reach: str) -> list[str]:
    middle = [statistics.median(each) for each in ([run.p50 for run in runs], [run.p99 for run in runs])]
    return [title, f"{middle[0]:.1f}", f"{middle[1]:.1f}", reach]


def _asking(served: ServedReports) -> Beside:
    """Ask all kinds in turn, each time about another range."""

    def ask(is_over: threading.Event) -> tuple[int, int]:
        connection, answered, refused = served.connection(), 0, 0
        while not is_over.is_set():
            asked = answered + refused
            kind, turn = KINDS[asked % len(KINDS)], asked // len(KINDS) % ROUNDS
            try:
                served.ask(connection, kind.command, params_of(served, kind, turn))
                answered += 1
            except Refused:  # such as one that takes too long
                refused += 1
        connection.close()
        return answered, refused

    return ask


def _tracked(served: ServedReports, seconds: float, beside: Beside | None = None) -> Tracking:
    """Send a steady load, with `beside` at work until it is over. Raises BenchFailed unless all is answered."""
    is_over, questions = threading.Event(), (0, 0)
    failures: list[BaseException] = []

    def work() -> None:
        nonlocal questions
        try:
            questions = beside(is_over) if beside else questions
        except (Refused, OSError) as failure:
            failures.append(failure)

    thread = threading.Thread(target=work)
    thread.start()
    times = steady(served.url, served.key, str(served.list_id), seconds)
    is_over.set()
    thread.join()
    if failures:
        raise BenchFailed(f"a question was not answered while events came in: {failures[0]}")
    if len(times) < RATE * seconds * 0.9:
        raise BenchFailed(f"{len(times)} events were answered in {seconds} s")
    cuts = statistics.quantiles(times, n=100)
    return Tracking(cuts[49], cuts[98], *questions)
