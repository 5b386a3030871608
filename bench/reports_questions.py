"""Questions asked of a made-up copy: CPU and wall milliseconds of each kind, on two threads with 512 MB.

`python -m bench.reports_questions FILE [ROUNDS]`, with a file that `bench.reports_copy` made. Wall times mean something on idle cores
alone; CPU is of all threads, the least of the rounds.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace

import duckdb

from bench.reports_copy import BEGINS, VISIT_GAP_MS, YEAR_MS
from tracker.analytics.queries import CopyColumn, CopySchema, run
from tracker.questions import (
    EVER,
    Attribution,
    AttributionPlan,
    Breakdown,
    Condition,
    Dimension,
    EventIds,
    Funnel,
    FunnelCell,
    FunnelPlan,
    Goal,
    Head,
    Measure,
    Operator,
    Paths,
    PathsPlan,
    People,
    ProductPlan,
    Products,
    Question,
    Retention,
    RetentionPlan,
    SegmentSizes,
    Trend,
    Values,
    Visits,
    Where,
    in_segment,
    measure_of,
)

ENDS, DAY_MS = BEGINS + YEAR_MS, 86_400_000
PREFIX = "list_2"


def head(days: int, where: Where = (), *, is_compared: bool = False) -> Head:
    begins = ENDS - days * DAY_MS
    before = (begins - days * DAY_MS, begins) if is_compared else None
    return Head(2, begins, ENDS, "Europe/Berlin", before, where)


def measures(words: str) -> tuple[Measure, ...]:
    return tuple(measure_of(word) for word in words.split())


def questions() -> Iterator[tuple[str, Question]]:
    """What is asked, in words and as a question."""
    year, month, six = head(365), head(30), measures("people visits views conversions revenue rate")
    path, source = (Dimension("event", "$pathname"),), (Dimension("event", "utm_source"),)
    chrome = (Condition("event", Operator.EQUALS, property="$browser", values=("Chrome",)),)
    three = (Condition("person", Operator.HAPPENED, "add_to_cart", times=3, days=30),)
    pattern = (Condition("event", Operator.MATCHES_REGEX, property="$pathname", values=("(1+)+7$",)),)
    yield "one event by day, 12 months", Trend(year, measures("events"), "page_view", "day")
    yield "people of an event by day, 12 months", Trend(year, measures("people"), "page_view", "day")
    yield "people of all events by month, 12 months", Trend(year, measures("people"), None, "month")
    yield "six measures by day, 14 days and before", Trend(head(14, is_compared=True), six)
    yield "six measures by day, 30 days and before", Trend(head(30, is_compared=True), six)
    yield (
        "people by source (12 values), one event, 12 months",
        Breakdown(year, source, measures("people"), "page_view"),
    )
    yield "people by source, all events, 12 months", Breakdown(year, source, measures("people events"))
    yield (
        "people by page (3,000), one event, 12 months",
        Breakdown(year, path, measures("people"), "page_view"),
    )
    session = (Dimension("event", "session"),)
    yield (
        "people by session (1.2 M), one event, 12 months",
        Breakdown(year, session, measures("people"), "page_view"),
    )
    channel, entry = (Dimension("visit", "$channel"),), (Dimension("visit", "$pathname"),)
    yield "people by day, 12 months", Trend(year, measures("people"), None, "day")
    yield (
        "people by channel of the visit, one event, 12 months",
        Breakdown(year, (Dimension("visit", "$channel"),), measures("people"), "page_view"),
    )
    yield (
        "people by channel of the visit, of events with a value, 12 months",
        Breakdown(replace(year, where=(chrome,)), channel, measures("people")),
    )
    yield "six measures by week, 12 months", Trend(year, six, None, "week")
    yield (
        "people, revenue by channel of the visit, 30 days",
        Breakdown(month, channel, measures("people revenue")),
    )
    yield (
        "visits, bounces, seconds by entry page, 30 days",
        Breakdown(month, entry, measures("visits bounces seconds")),
    )
    yield (
        "two filters by hour, 7 days",
        Trend(head(7, (chrome, pattern)), measures("people events"), "page_view", "hour"),
    )
    yield (
        "a regular expression by month, 12 months",
        Trend(head(365, (pattern,)), measures("people events"), None, "month"),
    )
    yield (
        "people who did 3 × in 30 days, 12 months",
        Trend(head(365, (three,)), measures("people"), None, "month"),
    )
    yield (
        "revenue by source and week, 12 months",
        Trend(year, measures("revenue"), "conversion", "week", source[0]),
    )
    yield (
        "sum of a property by product (2,000), 12 months",
        Breakdown(year, (Dimension("event", "product_id"),), measures("sum:price"), "view_product"),
    )
    yield from journeys()
    yield from shop_questions()
    yield "people of 30 days", People(month, "conversion")
    yield "visits of 30 days", Visits(month)
    yield "values of a property, 12 months", Values(year, Dimension("event", "$browser"))
    yield "ids of events, the first 1,000", EventIds(year)
    yield from segments()


def segments() -> Iterator[tuple[str, Question]]:
    """Segments: counts with five examples, and a report of the people of one."""
    ever = Head(2, *EVER, "Europe/Berlin")
    add = Condition("person", Operator.HAPPENED, "add_to_cart", times=3, days=30)
    dear = Condition("person", Operator.GREATER_THAN, "view_product", "price", values=("150",), days=90)
    none = Condition("person", Operator.DID_NOT_HAPPEN, "conversion", days=30)
    page = Condition("event", Operator.CONTAINS, property="$pathname", values=("p-17",))
    once = in_segment(((add,), (none,)), ENDS)
    within = in_segment(((once,), (dear,)), ENDS)
    for words, segment in (
        ("3 × in 30 days, and not B", once),
        ("of another segment, and a property", within),
        ("not B in 30 days", in_segment(((none,),), ENDS)),
        ("of which an event is like that", in_segment(((page,),), ENDS)),
    ):
        yield f"segment: {words}", SegmentSizes(ever, (segment,), examples=5)
    yield "segments: 20 counted at once", SegmentSizes(ever, tuple(in_segment(((replace(add, days=n + 1),),), ENDS) for n in range(20)))  # fmt: skip
    yield "segment: 100 people", People(replace(ever, where=((once,),)))
    yield "people by month of a segment, 12 months", Trend(replace(head(365), where=((once,),)), measures("people"), None, "month")  # fmt: skip


def journeys() -> Iterator[tuple[str, Question]]:
    """Funnels of four steps, in each order, and retention of twelve weeks; `page_view` is nearly half of all events."""
    shop = tuple(map(Goal, ("view_product", "search", "add_to_cart", "conversion")))
    all_views = tuple(map(Goal, ("page_view", "view_product", "add_to_cart", "conversion")))
    device = Dimension("event", "$device_type")
    yield "funnel of 4 in 7 days, 90 days", Funnel(head(90), FunnelPlan(shop))
    yield "funnel of 4 in 7 days, by a property, 90 days", Funnel(head(90), FunnelPlan(shop, by=device))
    yield "funnel of 4 in 7 days, 12 months", Funnel(head(365), FunnelPlan(shop))
    yield "funnel of 4 from any page, 90 days", Funnel(head(90), FunnelPlan(all_views))
    yield "funnel of 4 from any page, 12 months", Funnel(head(365), FunnelPlan(all_views))
    yield "… and what came next", Funnel(head(365), FunnelPlan(all_views), has_next=True)
    yield "funnel of 4, strict, 90 days", Funnel(head(90), FunnelPlan(shop, order="strict"))
    yield "funnel of 4 in any order, 90 days", Funnel(head(90), FunnelPlan(shop, order="any"))
    yield "funnel of 4 within visits, 90 days", Funnel(head(90), FunnelPlan(shop, None, count="visits"))
    plan = RetentionPlan(interval="week", periods=12)
    yield "retention, 12 weeks, 12 after", Retention(replace(head(84), now=ENDS), plan)
    buyers = RetentionPlan(Goal("conversion"), Goal("conversion"), "month", 12)
    yield "retention of an event, 12 months, 12 after", Retention(replace(head(365), now=ENDS), buyers)
    left = FunnelCell(FunnelPlan(all_views), 2, is_left=True)
    yield "people who left a funnel, 90 days", People(head(90), cell=left)


def shop_questions() -> Iterator[tuple[str, Question]]:
    """Paths, attribution and products. In the made-up copy every twentieth event is a conversion: half of all people have one."""
    page = (Condition("event", Operator.EQUALS, property="$pathname", values=("/products/p-7",)),)
    pages, month, quarter = Dimension("event", "$pathname"), head(30), head(90)
    yield "paths after adding to the cart, 30 days", Paths(month, PathsPlan(Goal("add_to_cart"), pages))
    yield (
        "paths after every page view by event, 30 days",
        Paths(month, PathsPlan(Goal("page_view"), Dimension("event"))),
    )
    yield "paths before a page, 90 days", Paths(quarter, PathsPlan(Goal(None, (page,)), pages, "before"))
    yield "attribution by channel, 30 days before each of 30", Attribution(month, AttributionPlan())
    yield (
        "attribution by campaign, evenly, 30 before 30",
        Attribution(month, AttributionPlan("campaign", "even")),
    )
    yield "attribution by channel, 30 days before each of 90", Attribution(quarter, AttributionPlan())
    yield "products, 30 days", Products(month, ProductPlan())
    yield "products, 12 months", Products(head(365), ProductPlan())


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measured(cursor: duckdb.DuckDBPyConnection, schema: CopySchema, question: Question, rounds: int) -> str:
    """Return the cells: least CPU, median and least wall milliseconds."""
    spent, took = [], []
    for _ in range(rounds):
        before, began = cpu(), time.monotonic()
        run(cursor, schema, question)
        took.append(time.monotonic() - began)
        spent.append(cpu() - before)
    return f"{min(spent) * 1000:.0f} | {statistics.median(took) * 1000:.0f} | {min(took) * 1000:.0f}"


def main() -> None:
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": "512MB",
            "threads": 2,
            "temp_directory": folder,
        }
        with duckdb.connect(config=settings) as cursor:
            cursor.execute(f"ATTACH '{sys.argv[1]}' AS {PREFIX} (READ_ONLY)")
            rows = cursor.execute(f"SELECT property, col, has_numbers FROM {PREFIX}.columns").fetchall()
            schema = CopySchema(PREFIX, {name: CopyColumn(*column) for name, *column in rows}, VISIT_GAP_MS)
            print(f"| DuckDB {duckdb.__version__} | CPU ms | p50 ms | least ms |\n|---|---|---|---|")
            for words, question in questions():
                print(f"| {words} | {measured(cursor, schema, question, rounds)} |", flush=True)


if __name__ == "__main__":
    main()
