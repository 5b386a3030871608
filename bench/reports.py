"""How fast are reports? The build of a copy, every kind of question and the Overview page over HTTP, and tracking meanwhile."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress

from bench.load import BenchFailed
from bench.plan import Plan
from bench.report import Report
from bench.reports_asked import ROUNDS, overview_rows, question_rows
from bench.reports_served import ServedReports, children_of, memory_of, served_reports
from bench.reports_while_live import ingest_rows, tail_row

#: Made and copied in a second, to say how long it takes; and seconds of questions.
MADE_PER_SECOND, COPIED_PER_SECOND, ASKING_SECONDS = 40_000, 30_000, 60
#: Fewer say nothing, not even that it runs.
FEWEST_EVENTS = 5_000
#: Events a second of a build, the least that is waited for; and seconds between two looks at it.
SLOWEST_PER_SECOND, LOOK_SECONDS = 4_000, 0.05
#: Seconds after the last question until there is no process, and how much later it may be seen.
IDLE_SECONDS, LATE_SECONDS = 60, 15


def expected_seconds(plan: Plan) -> float:
    made = _events(plan) * (1 / MADE_PER_SECOND + 1 / COPIED_PER_SECOND)
    return made + ASKING_SECONDS + 5 * plan.turns * plan.seconds + IDLE_SECONDS * _is_whole(plan)


def measure(plan: Plan) -> Report:
    report = Report("reports", "Reports")
    with served_reports(plan.site.folder, _events(plan)) as served:
        report.say(
            f"A list of {served.events:,} events of a year, as a shop with a blog has them (`bench/made_events.py`), on one SQLite file "
            f"behind two workers. Load of the machine meanwhile: {os.getloadavg()[0]:.1f} at first"
        )
        build = _told(_build_rows(served))
        served.check()
        questions = _told(question_rows(served, ROUNDS)) + _told(overview_rows(served, ROUNDS))
        live = _told([tail_row(served, 2 * plan.seconds)])
        live += _told(ingest_rows(served, plan.turns, 2 * plan.seconds))
        memory = _told(_memory_rows(served, _is_whole(plan)))
        served.check()
    report.blocks[-1] += (
        f", {os.getloadavg()[0]:.1f} at last. The copy was compared with the counters before and after: no difference."
    )
    report.table(("the copy", "measured", "reach"), build + memory)
    report.table(
        (f"over HTTP, ms, {ROUNDS} rounds", "p50", "least", "reach", "p50 to the floor", "CPU ms"), questions
    )
    report.table(("while events come in", "", "", "reach"), live)
    return report


def _told(rows: list[list[str]]) -> list[list[str]]:
    """Say at once what was measured: if a later step fails, it is not lost."""
    sys.stderr.writelines(f"{' | '.join(row)}\n" for row in rows)
    return rows


def _events(plan: Plan) -> int:
    return max(FEWEST_EVENTS, int(plan.millions * 1e6 * plan.scale))


def _is_whole(plan: Plan) -> bool:
    """Whether there is time to wait for the end of the process."""
    return plan.scale >= 1


def _build_rows(served: ServedReports) -> list[list[str]]:
    """Ask, and ask again until there is an answer, while a thread looks how large the build is."""
    is_over, peaks = threading.Event(), [0.0]
    watching = threading.Thread(target=_watch_build, args=(served, is_over, peaks))
    watching.start()
    try:
        seconds = _seconds_of_build(served)
    finally:
        is_over.set()
        watching.join()
    return [
        ["first build, events/s", f"{served.events / seconds:,.0f}", "≥ 40,000"],
        [
            "… processor time, µs an event",
            f"{served.cpu_seconds(is_of_builds=True) * 1e6 / served.events:.1f}",
            "",
        ],
        ["… memory of its process at most, MB", f"{max(peaks):,.0f}", ""],
        ["the file, bytes an event", f"{served.copy_bytes() / served.events:.0f}", "≤ 60"],
    ]


def _seconds_of_build(served: ServedReports) -> float:
    connection, began = served.connection(), time.monotonic()
    until = began + 60 + served.events / SLOWEST_PER_SECOND
    question = {"From": "today", "Interval": "none", "Measures": ["events"]}
    while served.ask(connection, "reports.trend", question)["Status"] == "building":
        if time.monotonic() > until:
            raise BenchFailed("the copy was not built in time")
    connection.close()
    return time.monotonic() - began


def _watch_build(served: ServedReports, is_over: threading.Event, peaks: list[float]) -> None:
    """Note the most memory that any build has had, in MB."""
    while not is_over.wait(LOOK_SECONDS):
        process = served.reports_process()
        builds = children_of(process) if process else []
        peaks += [memory_of(build).get("VmHWM", 0.0) for build in builds]


def _memory_rows(served: ServedReports, is_patient: bool) -> list[list[str]]:
    process = served.reports_process()
    if process is None:
        raise BenchFailed("there is no process of reports after questions")
    found = memory_of(process)
    rows = [
        ["memory of the reports process after all questions, MB", f"{found['VmRSS']:,.0f}", "≤ 600"],
        ["… at most", f"{found['VmHWM']:,.0f}", ""],
    ]
    if is_patient:
        rows.append(
            [
                "… seconds after the last question until it is gone",
                _gone_after(process),
                f"≤ {IDLE_SECONDS + 5}",
            ]
        )
    return rows


def _gone_after(process: int) -> str:
    began = time.monotonic()
    with suppress(ProcessLookupError):
        while time.monotonic() < began + IDLE_SECONDS + LATE_SECONDS:
            os.kill(process, 0)
            time.sleep(LOOK_SECONDS)
        return f"still there after {IDLE_SECONDS + LATE_SECONDS}"
    return f"{time.monotonic() - began:.0f}"
