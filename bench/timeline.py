"""How fast are the pages of a timeline, and what does it cost to identify somebody with a long past? On both engines."""

from __future__ import annotations

import json
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.import_while_live import RATE, steady
from bench.load import BenchFailed
from bench.plan import Plan
from bench.report import Report
from bench.timeline_list import BUSY, PAST, STRANGER, VISITORS, YEAR_MS, Call, Filled, filled_list
from tests.servers import MariaDB

#: Events that both engines store in a second, to say how long it takes.
FILL_PER_SECOND = 2_500


def expected_seconds(plan: Plan) -> float:
    return 2 * (60 + plan.scale * (BUSY + 2 * VISITORS + PAST) / FILL_PER_SECOND)


def measure(plan: Plan) -> Report:
    report = Report("timeline", "Timelines")
    figures: list[dict[str, str]] = []
    for engine in (_sqlite, _mariadb):
        with engine(plan) as (url, folder), filled_list(plan, url, folder) as filled:
            figures.append(_figures(filled))
    report.say(
        f"One list of {filled.events:,} events and {filled.subscribers:,} subscribers, two workers, calls one after the other on one "
        f"connection; {filled.calls} calls a row, each of another person or from another place in the timeline."
    )
    rows = [[title, *(figure[title] for figure in figures)] for title in figures[0]]
    report.table(("p50 / p99, ms", "SQLite", "MariaDB"), rows)
    return report


@contextmanager
def _sqlite(plan: Plan) -> Iterator[tuple[str, Path]]:
    yield f"sqlite:///{plan.site.folder}/timeline.db", plan.site.folder


@contextmanager
def _mariadb(plan: Plan) -> Iterator[tuple[str, Path]]:
    with MariaDB("--innodb-buffer-pool-size=512M") as server:
        yield server.new_database(), plan.site.folder


def _figures(filled: Filled) -> dict[str, str]:
    """Each row of the table."""
    chance = random.Random(2)
    busy, many = {"EmailAddress": "busy@example.com"}, {"EmailAddress": "many@example.com"}
    places = _cursors(filled, busy)
    week = 7 * 24 * 3600

    def any_time() -> dict[str, Any]:
        start = int(time.time()) - chance.randrange(YEAR_MS // 1000)
        return {"From": start, "To": start + 4 * week}

    def events(**params: Any) -> Call:
        return "subscriber.events", params

    rows: dict[str, Callable[[], Call]] = {
        "`subscriber.get`": lambda: (
            "subscriber.get",
            {"EmailAddress": f"person{chance.randrange(filled.subscribers)}@example.com"},
        ),
        "`subscriber.get` of the busy person": lambda: ("subscriber.get", busy),
        "page, no filter": lambda: events(**busy, Cursor=chance.choice(places)),
        "page, event and time": lambda: events(**busy, Event="event_3", **any_time()),
        "page, an event of which there are few": lambda: events(**busy, Event="rare"),
        "page, a property that few have": lambda: events(**busy, Property="rare"),
        "page of the person with many visitors": lambda: events(**many),
        "page of the visitor with a long past": lambda: events(UUID=STRANGER, **any_time()),
    }
    figures = {title: _timed(filled, call) for title, call in rows.items()}
    return figures | _identify(filled)


def _cursors(filled: Filled, who: dict[str, Any]) -> list[str]:
    connection, found = filled.connection(), []
    sent = who | {"RecordsPerRequest": 100}
    for _ in range(50):
        cursor = filled.call(connection, ("subscriber.events", sent))["Cursor"]
        if cursor is None:
            break
        found.append(cursor)
        sent = sent | {"Cursor": cursor}
    return found


def _timed(filled: Filled, call: Callable[[], Call]) -> str:
    connection, times = filled.connection(), []
    for _ in range(filled.calls):
        made = call()
        began = time.perf_counter()
        filled.call(connection, made)
        times.append((time.perf_counter() - began) * 1000)
    return _shown(times)


def _shown(times: Sequence[float]) -> str:
    cuts = statistics.quantiles(times, n=100)
    return f"{cuts[49]:,.1f} / {cuts[98]:,.1f}"


def _identify(filled: Filled) -> dict[str, str]:
    """The stranger becomes somebody while others write."""
    target = filled.url, filled.key, str(filled.list_id), filled.seconds
    alone = steady(*target)
    others: list[float] = []
    writers = threading.Thread(target=lambda: others.extend(steady(*target)))
    writers.start()
    time.sleep(filled.seconds / 2)
    taken = _identify_stranger(filled)
    writers.join()
    stranger = {"EmailAddress": "stranger@example.com"}
    return {
        "the identify event of that visitor": f"{taken:,.1f}",
        f"{RATE} events/s of others meanwhile": _shown(others),
        "… and without it": _shown(alone),
        "then a page of that person": _timed(filled, lambda: ("subscriber.events", stranger)),
    }


def _identify_stranger(filled: Filled) -> float:
    """Milliseconds that it took."""
    body = {"Event": "identify", "ListID": filled.list_id, "UUID": STRANGER, "Email": "stranger@example.com"}
    headers = {"Authorization": f"Bearer {filled.key}", "Content-Type": "application/json"}
    connection = filled.connection()
    began = time.perf_counter()
    connection.request("POST", "/api/v1/event", json.dumps(body), headers)
    status = connection.getresponse().status
    if status != 200:
        raise BenchFailed(f"the identify event was answered {status}")
    return (time.perf_counter() - began) * 1000
