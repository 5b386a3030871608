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

ROUNDS, WARM_UP = 7, 2
#: Milliseconds that are asked for: of a question, and of the page.
REACH, PAGE_REACH, PAGE_KILOBYTES = 300, 250, 30
SIX = ["people", "visits", "views", "conversions", "revenue", "rate"]
YEAR, QUARTER, MONTH, FORTNIGHT, WEEK = 358, 90, 30, 14, 7

Params = dict[str, Any]


class Kind(NamedTuple):
    """A kind of question: the command, the days it looks at, its parameters in a round, and the milliseconds asked for.

    Without days it has no range of its own, without a reach nothing is asked for.
    """

    title: str
    command: str
    days: int
    params: Callable[[int], Params]
    reach: int = REACH


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


def _funnel(first: str) -> Callable[[int], Params]:
    steps = json.dumps([first, "add_to_cart", "begin_checkout", "conversion"])
    return lambda _: {"Steps": steps, "Within": "7d"}


def _segment(turn: int) -> Params:
    """Who put something into the cart three times lately, and has bought nothing since."""
    happened = {"Of": "person", "Is": "happened", "Event": "add_to_cart", "Times": 3, "Days": 30 + turn}
    bought = {"Of": "person", "Is": "did not happen", "Event": "conversion", "Days": 30 + turn}
    return {"Rule": json.dumps([happened, bought])}


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
    Kind("funnel of 4 in 7 days, 90 days", "reports.funnel", QUARTER, _funnel("view_product"), 500),
    Kind("funnel of 4 in 7 days, 12 months", "reports.funnel", YEAR, _funnel("view_product"), 1_000),
    Kind("funnel of 4 from any page, 12 months", "reports.funnel", YEAR, _funnel("page_view"), 1_000),
    Kind("retention, 12 weeks and 12 after", "reports.retention", 84, lambda _: {"Interval": "week", "Periods": 12}, 600),
    Kind("paths after adding to the cart, 30 days", "reports.paths", MONTH, lambda _: {"Around": "add_to_cart"}, 400),
    Kind("attribution by channel, 30 days before each of 30", "reports.attribution", MONTH, lambda _: {"By": "channel"}, 400),
    Kind("attribution by channel, 30 days before each of 90", "reports.attribution", QUARTER, lambda _: {"By": "channel"}, 400),
    Kind("products, 30 days", "reports.products", MONTH, lambda _: {}),
    Kind("people of a segment, counted, with examples", "segment.count", 0, _segment, 200),
    Kind("six measures per day with the days before, 14 days", "reports.trend", FORTNIGHT, lambda _: {"Measures": SIX, "Interval": "day", "Compare": "previous"}),
)  # fmt: skip


def params_of(served: ServedReports, kind: Kind, turn: int) -> Params:
    """The parameters of a kind in a round, with its range."""
    asked = range_of(served, kind.days, turn) if kind.days else {}
    return asked | kind.params(turn)


def range_of(served: ServedReports, days: int, turn: int) -> Params:
    """A range of so many days that ended `turn` days ago, compared with nothing."""
    last = datetime.fromtimestamp(served.ends / 1000, UTC).date() - timedelta(days=turn)
    return {"From": f"{last - timedelta(days=days - 1)}", "To": f"{last}", "Compare": "none"}


def question_rows(served: ServedReports, rounds: int = ROUNDS) -> list[list[str]]:
    """A row for each kind: p50 and least, the reach, p50 as a multiple of the floor, and what a question costs."""
    connection, rows = served.connection(), []
    floor = served.count_in_sqlite()
    rows.append(["`SELECT COUNT(*)` of the events in SQLite, the floor", "", f"{floor:,.0f}", "", "1.0", ""])
    idle = Kind("a call that asks no copy, `list.get`", "list.get", 0, lambda _: {}, 0)
    for kind in (idle, *KINDS):
        reach = f"≤ {kind.reach}" if kind.reach else ""
        began, times = served.cpu_seconds(), []
        try:
            times += [
                _timed(served, connection, kind.command, params_of(served, kind, turn))
                for turn in range(rounds)
            ]
        except (Refused, TimeoutError) as failure:
            rows.append([kind.title, f"refused: {failure}", "", reach, "", ""])
            connection.close()
        else:
            cost = (served.cpu_seconds() - began) * 1000 / rounds
            multiple = f"{statistics.median(times) / floor:,.1f}"
            rows.append([kind.title, *_shown(times), reach, multiple, f"{cost:,.0f}"])
    connection.close()
    return rows


def _shown(values: list[float], digits: int = 0) -> tuple[str, str]:
    return f"{statistics.median(values):,.{digits}f}", f"{min(values):,.{digits}f}"


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
    times, sizes, began_cpu = [], [], served.cpu_seconds()
    for turn in range(-WARM_UP, rounds):  # the first fill what each worker keeps
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
    cost = (served.cpu_seconds() - began_cpu) * 1000 / (rounds + WARM_UP)
    return [
        ["Overview, 14 days, ms to the last byte", *_shown(times), f"≤ {PAGE_REACH}", "", f"{cost:,.0f}"],
        ["Overview, KB, gzipped", *_shown(sizes, 1), f"≤ {PAGE_KILOBYTES}", "", ""],
    ]
