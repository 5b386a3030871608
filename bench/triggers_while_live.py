"""How soon is an event told, and how late are answers to tracking meanwhile? `python -m bench triggers`.

A steady load of RATE events a second, with TOLD_RATE others beside, which are 10,800 an hour: without a trigger; with one for each of
those others, without and with a condition; and with one for each event of the load. The delay of a message is
counted from when its event came to when the POST has come to the target, so that it has the commit in it.
"""

from __future__ import annotations

import json
import statistics
import threading
import time
import urllib.request
from typing import Any, NamedTuple

from bench.deletions_while_live import call, script
from bench.import_while_live import RATE, steady
from bench.load import BenchFailed
from bench.plan import Plan
from bench.report import Report
from bench.told_target import Delays, told_target

#: Events a second that a trigger is about, beside the load: 10,800 an hour.
TOLD_RATE = 3
#: Seconds that the last messages may take, and those after a new trigger's first message: the reports process starts for it.
LATE_SECONDS, SETTLED_SECONDS = 10, 4
#: How much longer a run is than those of other parts: there are few messages in a second.
TIMES_SECONDS = 5
HEADS = (
    "", "p50 ms", "p99 ms", "times as late", "asked for", "messages an hour", "told after, p50 s", "p99 s", "most s (asked for: ≤ 2)",
)  # fmt: skip


class Case(NamedTuple):
    """A case: the parameters of its trigger, if it has one."""

    title: str
    params: dict[str, Any]
    reach: str = ""


CASES = (
    Case("no trigger", {}),
    Case(f"a trigger of the {TOLD_RATE} events/s beside", {"Event": "told"}, "≤ 1.5"),
    Case(
        "… with a condition",
        {"Event": "told", "Where": [{"Of": "event", "Property": "n", "Is": "equals", "Value": 1}]},
        "≤ 1.5",
    ),
    Case(f"a trigger of all {RATE} events/s", {"Event": "live"}),
)


class Run(NamedTuple):
    """Milliseconds of the answers to tracking in one run, and the seconds after which messages came, sorted."""

    p50: float
    p99: float
    told: list[float]


def told_beside(address: str, key: str, list_id: str, is_over: threading.Event) -> int:
    """Send TOLD_RATE events a second, of several people, until it is over; return how many."""
    began, number = time.monotonic(), 0
    while not is_over.wait(max(0.0, began + number / TOLD_RATE - time.monotonic())):
        params = {
            "Event": "told",
            "ListID": int(list_id),
            "Email": f"p{number % 10}@example.com",
            "Properties": {"n": 1},
        }
        call(address, key, "event.track", **params)
        number += 1
    return number


def measured(address: str, account: tuple[str, str], delays: Delays, seconds: float, kind: str) -> Run:
    """Measure one run. Raises BenchFailed if an event that starts a trigger was not told."""
    delays.clear()
    is_over, sent = threading.Event(), [0]
    beside = threading.Thread(target=lambda: sent.append(told_beside(address, *account, is_over)))
    beside.start()
    times = steady(address, *account, seconds)
    is_over.set()
    beside.join()
    wanted = {"": 0, "told": sent[-1], "live": len(times)}[kind]
    until = time.monotonic() + LATE_SECONDS
    while len(told := delays.seconds()) < wanted and time.monotonic() < until:
        time.sleep(0.1)
    if len(told) < wanted:
        raise BenchFailed(f"{len(told)} of {wanted} events were told")
    cuts = statistics.quantiles(times, n=100)
    return Run(cuts[49], cuts[98], sorted(told))


def made(address: str, key: str, **params: Any) -> int:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/api/v1/trigger.create", json.dumps(params).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(json.load(answer)["TriggerID"])


def run_of(case: Case, address: str, account: tuple[str, str], delays: Delays, seconds: float) -> Run:
    """Measure a case, with its trigger while it lasts."""
    key, list_id = account
    if not case.params:
        return measured(address, account, delays, seconds, "")
    about = {"ListID": int(list_id), "Name": "Told", "URL": delays.url}
    number = made(address, key, **about, **case.params)
    call(address, key, "event.track", Event=case.params["Event"], ListID=int(list_id), Properties={"n": 1})
    time.sleep(SETTLED_SECONDS)
    run = measured(address, account, delays, seconds, str(case.params["Event"]))
    call(address, key, "trigger.delete", ListID=int(list_id), TriggerID=number)
    return run


def expected_seconds(plan: Plan) -> float:
    return 20 + plan.turns * len(CASES) * (plan.seconds * TIMES_SECONDS + SETTLED_SECONDS)


def measure(plan: Plan) -> Report:
    """Measure each case once a turn."""
    database, seconds = plan.site.database("triggers"), plan.seconds * TIMES_SECONDS
    _, list_id = plan.site.accounts.read_text().split()[:2]
    key = script(database, "key", "add", "user0@example.com", "--permission", "*")
    runs: list[list[Run]] = [[] for _ in CASES]
    with told_target() as delays, database.serve(TRACKER_OUTGOING_ALLOW="127.0.0.0/8") as address:
        steady(address, key, list_id, seconds / 5)
        for _ in range(plan.turns):
            for case, own in zip(CASES, runs, strict=True):
                own.append(run_of(case, address, (key, list_id), delays, seconds))
    report = Report("triggers", "Triggers while live")
    report.say(
        f"One SQLite file, two workers, {RATE} events a second and {TOLD_RATE} others beside, {plan.turns} turns of {seconds:g} s for each "
        "line; the multiple is of the p99 of the same turn without a trigger, the median of the turns. Seconds are "
        "from the event's arrival to its message at the target, the commit included."
    )
    rows = [_row(case, own, runs[0], seconds) for case, own in zip(CASES, runs, strict=True)]
    report.table(HEADS, rows)
    return report


def _row(case: Case, own: list[Run], alone: list[Run], seconds: float) -> list[str]:
    p50, p99 = (f"{statistics.median(each):.1f}" for each in zip(*[run[:2] for run in own], strict=True))
    if not case.params:
        return [case.title, p50, p99, "", "", "", "", "", ""]
    times = statistics.median(one.p99 / other.p99 for one, other in zip(own, alone, strict=True))
    told = sorted(each for run in own for each in run.told)
    rate, late = len(told) / len(own) / seconds * 3600, told[int(len(told) * 0.99)]
    return [
        case.title, p50, p99, f"{times:.2f}", case.reach, f"{rate:,.0f}", f"{statistics.median(told):.2f}", f"{late:.2f}",
        f"{told[-1]:.2f}",
    ]  # fmt: skip
