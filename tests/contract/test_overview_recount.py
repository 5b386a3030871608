"""Are the six numbers of Overview those that SQL counts in the truth, in each zone, on days of 23, 24 and 25 hours?"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from tests.client import InProcess, Shop
from tests.processes import until

#: A zone, and three days around the one on which its clocks are set: by an hour back, by an hour on, by half an hour.
ZONES = [
    ("Europe/Berlin", date(2026, 10, 24)),
    ("America/St_Johns", date(2026, 3, 7)),
    ("Australia/Lord_Howe", date(2026, 4, 4)),
]
DAYS, EVENTS = 3, 240
MEASURES = ["people", "visits", "views", "conversions", "revenue", "rate"]
GAP_MS = 30 * 60_000

#: Events with their owner: the subscriber they name, else the one their span is linked to, else the visitor.
OWNED = """
    SELECT e.id, e.event_at, CAST(e.name AS CHAR) AS name, COALESCE(e.subscriber_id, l.subscriber_id, e.visitor_id) AS owner
    FROM events e LEFT JOIN identity_links l ON l.list_id = e.list_id AND l.visitor_id = e.visitor_id AND l.span = e.span
    WHERE e.list_id = ? AND e.flags & 512 = 0"""
NUMBERED = f"""
    SELECT id, event_at, name, owner, SUM(begins) OVER (PARTITION BY owner ORDER BY event_at, id) AS visit FROM (
      SELECT id, event_at, name, owner,
        CASE WHEN event_at - LAG(event_at) OVER (PARTITION BY owner ORDER BY event_at, id) <= {GAP_MS} THEN 0 ELSE 1 END AS begins
      FROM ({OWNED}) owned) marked"""
COUNTED = f"""
    SELECT COUNT(DISTINCT owner), COUNT(DISTINCT owner, visit), SUM(name = 'page_view'), SUM(name = 'conversion'),
      COUNT(DISTINCT CASE WHEN name = 'conversion' THEN owner END)
    FROM ({NUMBERED}) numbered WHERE event_at >= ? AND event_at < ?"""


def begin_of(day: date, zone: str) -> int:
    """The beginning of a local day, in UTC milliseconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def send(client: InProcess, shop: Shop, zone: str, first: date) -> None:
    """Events of few visitors, some of them linked, on the days and the hours around them."""
    chance = random.Random(zone)
    begin = begin_of(first, zone) - 7_200_000
    span = begin_of(first + timedelta(DAYS), zone) + 7_200_000 - begin
    events: list[dict[str, Any]] = []
    for number in range(EVENTS):
        at = datetime.fromtimestamp((begin + chance.randrange(span)) / 1000, UTC)
        event: dict[str, Any] = {
            "Event": chance.choice(["page_view", "page_view", "add_to_cart", "conversion"]),
            "UUID": f"0f8fad5b-d9cb-469f-a165-7086772895{chance.randrange(12):02x}",
            "Timestamp": at.isoformat(timespec="milliseconds"),
        }
        if event["Event"] == "conversion":
            event["Properties"] = {
                "conversion-id": f"{zone}-{number % 200}",
                "conversion-name": "order",
                "conversion-value": chance.choice(["9.99", 12, 0.1]),
                "conversion-currency": chance.choice(["EUR", "USD"]),
            }
        if chance.random() < 0.1:
            event["Email"] = f"{chance.randrange(4)}@example.com"
        events.append(event)
    answer = client.call("event.batch", shop.key, ListID=shop.list_id, Events=events)
    assert {each["status"] for each in answer.body["results"]} == {"ok"}


def counted(client: InProcess, list_id: int, begins: int, ends: int) -> dict[str, Any]:
    """The numbers of a range, by SQL from the truth, but for revenue."""
    sql = COUNTED
    if client.services.storage.engine.name == "sqlite":  # it counts one expression, and keeps bytes as bytes
        sql = sql.replace("COUNT(DISTINCT owner, visit)", "COUNT(DISTINCT owner || '/' || visit)")
        sql = sql.replace("CAST(e.name AS CHAR)", "CAST(e.name AS TEXT)")
    people, visits, views, _, buyers = client.rows(sql, list_id, begins, ends)[0]
    return {
        "people": people,
        "visits": visits,
        "views": int(views or 0),
        "rate": round(buyers / people, 6) if people else None,
    }


def conversions(client: InProcess, list_id: int, begins: int, ends: int) -> tuple[int, dict[str, Decimal]]:
    """How many conversions count, and their sums by currency: each conversion-id once."""
    found = client.rows(
        "SELECT e.properties FROM conversions c JOIN events e ON e.list_id = c.list_id AND e.id = c.event_id"
        " WHERE c.list_id = ? AND e.event_at >= ? AND e.event_at < ?",
        list_id,
        begins,
        ends,
    )
    sums: dict[str, Decimal] = {}
    for (stored,) in found:
        told = orjson.loads(bytes(stored)[1:])
        currency = told["conversion-currency"]
        sums[currency] = sums.get(currency, Decimal(0)) + Decimal(str(told["conversion-value"]))
    return len(found), sums


@pytest.fixture(params=ZONES, ids=[zone for zone, _ in ZONES])
def told(
    request: pytest.FixtureRequest, client: InProcess, shop: Shop
) -> Iterator[tuple[str, date, dict[str, Any]]]:
    """A list in a zone with events, and the answer of `reports.trend` about its three days."""
    zone, first = request.param
    assert client.call("list.update", shop.key, ListID=shop.list_id, Timezone=zone).status == 200
    send(client, shop, zone, first)
    asked = {
        "ListID": shop.list_id,
        "From": first.isoformat(),
        "To": (first + timedelta(DAYS - 1)).isoformat(),
        "Interval": "day",
        "Compare": "none",
        "Measures": MEASURES,
    }

    def answer() -> Any:
        body = client.call("reports.trend", shop.key, **asked).body
        return body if body.get("Status") == "ready" else None

    return zone, first, until(answer)


def test_each_day_and_the_whole_are_as_counted(
    client: InProcess, shop: Shop, told: tuple[str, date, dict[str, Any]]
) -> None:
    zone, first, answer = told
    bounds = [begin_of(first + timedelta(day), zone) for day in range(DAYS + 1)]
    assert {end - begin for begin, end in itertools.pairwise(bounds)} != {86_400_000}
    series = {each["Measure"]: each for each in answer["Series"]}
    ranges = [*itertools.pairwise(bounds), (bounds[0], bounds[-1])]
    for number, (begins, ends) in enumerate(ranges):
        wanted = counted(client, shop.list_id, begins, ends)
        wanted["conversions"], sums = conversions(client, shop.list_id, begins, ends)
        shown = {
            name: each["Total"] if number == DAYS else each["Points"][number] for name, each in series.items()
        }
        revenue = {currency: Decimal(amount) for currency, amount in shown.pop("revenue").items()}
        if shown["rate"] is not None:
            shown["rate"] = round(shown["rate"], 6)
        assert (number, shown, revenue) == (number, wanted, sums)
    assert [datetime.fromisoformat(each).timestamp() * 1000 for each in answer["Times"]] == bounds[:-1]
