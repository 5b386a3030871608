"""How long do questions take? Each kind in rounds through HTTP, with other parameters each time, so that nothing answers from memory."""

from __future__ import annotations

import gzip
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from bench.load import BenchFailed
from bench.made_pieces import SOURCES
from bench.reports_served import EMAIL, PASSWORD, Refused, ServedReports

ROUNDS = 7
#: Milliseconds that are asked for: of a question, and of the page.
REACH, PAGE_REACH, PAGE_KILOBYTES = 300, 250, 30
SIX = ["people", "visits", "views", "conversions", "revenue", "rate"]
YEAR, FORTNIGHT, WEEK = 358, 14, 7

Params = dict[str, Any]


class Kind(NamedTuple):
    """A kind of question: the command, the days it looks at, and its parameters in a round."""

    title: str
    command: str
    days: int
    params: Callable[[int], Params]


def _equals(name: str, *values: str) -> Params:
    return {"Of": "event", "Property": name, "Is": "equals", "Value": list(values)}


def _two_filters(turn: int) -> Params:
    where = [
        _equals("$device_type", "Mobile", "Tablet"),
        _equals("utm_source", *SOURCES[turn % 6 : turn % 6 + 4]),
    ]
    return {"Event": "page_view", "Interval": "hour", "Measures": ["events"], "Where": json.dumps(where)}


def _top(by: str, *measures: str, event: str = "page_view") -> Callable[[int], Params]:
    return lambda _: {"Event": event, "By[]": by, "Measures": list(measures), "Limit": 10}


KINDS = (
    Kind("one event per day, 12 months", "reports.trend", YEAR, lambda _: {"Event": "view_product", "Measures": ["events"], "Interval": "day"}),
    Kind("by `utm_source`, top 10, with people, 12 months", "reports.breakdown", YEAR, _top("utm_source", "people", "events")),
    Kind("by `$pathname`, top 10, with people, 12 months", "reports.breakdown", YEAR, _top("$pathname", "people", "events")),
    Kind("by `$pathname`, top 10 by events, with people, 12 months", "reports.breakdown", YEAR, _top("$pathname", "events", "people")),
    Kind("by `visit:$channel`, with people, 12 months", "reports.breakdown", YEAR, _top("visit:$channel", "people")),
    Kind("two filters, by hour, 7 days", "reports.trend", WEEK, _two_filters),
    Kind("revenue by source, 12 months", "reports.breakdown", YEAR, _top("utm_source", "revenue", "conversions", event="conversion")),
    Kind("visits, their bounces and seconds, 14 days", "reports.trend", FORTNIGHT, lambda _: {"Measures": ["visits", "bounces", "seconds"], "Interval": "day"}),
    Kind("values of a property, few, 12 months", "reports.values", YEAR, lambda _: {"By": "$browser"}),
    Kind("values of a property, one a visit, 12 months", "reports.values", YEAR, lambda turn: {"By": "session", "Search": f"-{turn}"}),
    Kind("people with a conversion, 100 of 12 months", "reports.people", YEAR, lambda _: {"Event": "conversion", "Limit": 100}),
    Kind("people per day, no filter, 12 months", "reports.trend", YEAR, lambda _: {"Measures": ["people"], "Interval": "day"}),
    Kind("six measures per day with the days before, 14 days", "reports.trend", FORTNIGHT, lambda _: {"Measures": SIX, "Interval": "day", "Compare": "previous"}),
)  # fmt: skip


def range_of(served: ServedReports, days: int, turn: int) -> Params:
    """A range of so many days that ended `turn` days ago, compared with nothing."""
    last = datetime.fromtimestamp(served.ends / 1000, UTC).date() - timedelta(days=turn)
    return {"From": f"{last - timedelta(days=days - 1)}", "To": f"{last}", "Compare": "none"}


def question_rows(served: ServedReports, rounds: int = ROUNDS) -> list[list[str]]:
    """A row for each kind: p50 and least, the reach, and p50 as a multiple of the floor."""
    connection, rows = served.connection(), []
    floor = served.count_in_sqlite()
    rows.append(["`SELECT COUNT(*)` of the events in SQLite, the floor", "", f"{floor:,.0f}", "", "1.0"])
    rows.append(_row("a call that asks no copy, `list.get`", [_timed(served, connection, "list.get", {}) for _ in range(rounds)], floor, ""))  # fmt: skip
    for kind in KINDS:
        try:
            times = [
                _timed(
                    served, connection, kind.command, range_of(served, kind.days, turn) | kind.params(turn)
                )
                for turn in range(rounds)
            ]
        except (Refused, TimeoutError) as failure:
            rows.append([kind.title, f"refused: {failure}", "", f"≤ {REACH}", ""])
            connection.close()
        else:
            rows.append(_row(kind.title, times, floor, f"≤ {REACH}"))
    connection.close()
    return rows


def _row(title: str, times: list[float], floor: float, reach: str) -> list[str]:
    middle = statistics.median(times)
    return [title, f"{middle:,.0f}", f"{min(times):,.0f}", reach, f"{middle / floor:,.1f}"]


def _timed(served: ServedReports, connection: Any, command: str, params: Params) -> float:
    began = time.perf_counter()
    answer = served.ask(connection, command, params)
    taken = (time.perf_counter() - began) * 1000
    if answer.get("Status", "ready") != "ready":
        raise BenchFailed(f"{command} was answered while the copy is built")
    return taken


def overview_rows(served: ServedReports, rounds: int = ROUNDS) -> list[list[str]]:
    """The list's Overview in a browser's session: milliseconds to the last byte, and kilobytes as they are sent."""
    connection = served.connection()
    login = json.dumps({"Username": EMAIL, "Password": PASSWORD})
    connection.request("POST", "/api/v1/user.login", login, {"Content-Type": "application/json"})
    session = json.loads(connection.getresponse().read())["SessionID"]
    headers = {"Cookie": f"tracker_session={session}", "Accept-Encoding": "gzip"}
    times, sizes = [], []
    for turn in range(-2, rounds):  # the first fill what each worker keeps
        asked = range_of(served, FORTNIGHT, max(turn, 0))
        began = time.perf_counter()
        connection.request(
            "GET", f"/lists/{served.list_id}?From={asked['From']}&To={asked['To']}", headers=headers
        )
        answer = connection.getresponse()
        body = answer.read()
        if turn >= 0:
            times.append((time.perf_counter() - began) * 1000)
            sizes.append(len(body) / 1000)
        page = gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body
        if answer.status != 200 or b"<svg" not in page:
            raise BenchFailed(f"Overview was answered {answer.status}: {page[:300]!r}")
    connection.close()
    return [
        ["Overview, 14 days, ms to the last byte", f"{statistics.median(times):,.0f}", f"{min(times):,.0f}", f"≤ {PAGE_REACH}", ""],
        ["Overview, KB, gzipped", f"{statistics.median(sizes):,.1f}", f"{min(sizes):,.1f}", f"≤ {PAGE_KILOBYTES}", ""],
    ]  # fmt: skip
