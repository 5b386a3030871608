"""`reports.trend` of the real engine: numbers recounted from the truth, in several zones and across a change of clocks."""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.client import InProcess, Shop
from tests.commands.real_engine import ON_ONE_DATABASE, RealEngine, at
from tests.processes import until
from tracker.times import iso_utc

#: The clocks of Berlin go back on 25 October, those of New York on 1 November, those of Kathmandu never.
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")
FIRST, DAYS = datetime(2026, 10, 23, tzinfo=UTC), 11
HALF_HOURS = 48 * DAYS
#: Seconds of a deadline that leave the process next to nothing: it gives up before anybody takes it for hung.
HURRY = 0.62


@pytest.fixture
def autumn(real: RealEngine) -> RealEngine:
    """Eleven days with an event each half an hour, of seven visitors, two of whom turn out to be one subscriber."""
    events: list[dict[str, Any]] = []
    for number in range(HALF_HOURS):
        visitor = number % 7
        email = {"Email": "a@example.com"} if visitor in (0, 1) and number > 200 else {}
        moment = iso_utc(int((FIRST + number * timedelta(minutes=30)).timestamp() * 1000))
        events.append(
            {
                "Event": "page_view" if number % 3 else "add_to_cart",
                "UUID": f"00000000-0000-4000-8000-00000000000{visitor}",
                "Timestamp": moment,
                "Properties": {"price": number % 11},
                **email,
            }
        )
    real.track(*events)
    return real


def truth(client: InProcess, shop: Shop) -> list[tuple[int, str, int, Any]]:
    """(event time, name, whose, price) of every event, with what is known of visitors now."""
    rows = client.rows(
        "SELECT e.event_at, e.name, COALESCE(e.subscriber_id, b.subscriber_id, e.visitor_id), e.properties FROM events e"
        " LEFT JOIN identity_links b ON b.list_id = e.list_id AND b.visitor_id = e.visitor_id AND b.span = e.span"
        " WHERE e.list_id = ?",
        shop.list_id,
    )
    return [(row[0], bytes(row[1]).decode(), row[2], bytes(row[3])) for row in rows]


def days_of(moments: list[int], zone: str) -> dict[str, int]:
    counted: dict[str, int] = defaultdict(int)
    for moment in moments:
        counted[datetime.fromtimestamp(moment / 1000, ZoneInfo(zone)).date().isoformat()] += 1
    return dict(counted)


def test_days_are_those_of_the_lists_zone(client: InProcess, shop: Shop, autumn: RealEngine) -> None:
    rows = truth(client, shop)
    for zone in ZONES:
        client.ok("list.update", shop.key, ListID=shop.list_id, Timezone=zone)
        answer = autumn.ask(
            "reports.trend",
            From="2026-10-24",
            To="2026-11-01",
            Interval="day",
            Measures=["events", "people", "views"],
        )
        begins, ends = (at(answer["Scope"][name]) for name in ("From", "To"))
        within = [row for row in rows if begins <= row[0] < ends]
        events, people, views = answer["Series"]
        days = [time[:10] for time in answer["Times"]]
        assert len(days) == 9
        assert dict(zip(days, events["Points"], strict=True)) == days_of([row[0] for row in within], zone), (
            zone
        )
        seen = [row[0] for row in within if row[1] == "page_view"]
        assert dict(zip(days, views["Points"], strict=True)) == days_of(seen, zone)
        for day, count in zip(days, people["Points"], strict=True):
            assert count == len({row[2] for row in within if days_of([row[0]], zone) == {day: 1}}), (
                zone,
                day,
            )
        assert people["Total"] == len({row[2] for row in within})
        assert events["Total"] == len(within) == answer["Scope"]["Events"]


@ON_ONE_DATABASE
def test_both_hours_of_a_night_in_autumn_are_told_apart(
    client: InProcess, shop: Shop, autumn: RealEngine
) -> None:
    client.ok("list.update", shop.key, ListID=shop.list_id, Timezone="Europe/Berlin")
    day = {"From": "2026-10-25", "To": "2026-10-25", "Interval": "hour", "Measures": ["events"]}
    answer = autumn.ask("reports.trend", **day)
    assert [time[11:13] + time[23:] for time in answer["Times"]][1:5] == [
        "01+02:00",
        "02+02:00",
        "02+01:00",
        "03+01:00",
    ]
    assert answer["Series"][0]["Points"] == [2] * 25
    before = answer["Series"][0]["Before"]
    assert (len(before["Points"]), before["Total"]) == (24, 48)


@ON_ONE_DATABASE
def test_numbers_of_a_property_are_exact(client: InProcess, shop: Shop, autumn: RealEngine) -> None:
    prices = [number % 11 for number in range(HALF_HOURS)]
    span = {"From": "2026-10-23", "To": "2026-11-02"}
    assert autumn.total("sum:price", **span) == sum(prices)
    assert autumn.total("avg:price", **span) == pytest.approx(sum(prices) / len(prices))
    assert autumn.total("median:price", **span) == sorted(prices)[len(prices) // 2]
    dear = [price for price in prices if price > 7]
    where = [{"Property": "price", "Is": "greater than", "Value": "7"}]
    assert autumn.total("sum:price", **span, Where=where) == sum(dear)


@ON_ONE_DATABASE
def test_every_number_opens_to_its_people(autumn: RealEngine) -> None:
    span = {"From": "2026-10-23", "To": "2026-11-02", "Compare": "none"}
    priced = [{"Property": "price", "Is": "is set"}]
    asked = {"By": "price", "Measures": ["people", "events"], "Where": priced, "Limit": 20}
    answer = autumn.ask("reports.breakdown", **asked, **span)
    assert len(answer["Rows"]) == 11
    for row in answer["Rows"]:
        where = [{"Property": "price", "Is": "equals", "Value": row["Values"][0]}]
        opened = autumn.ask("reports.people", Where=where, **span)
        assert opened["Total"] == row["people"] == len(opened["People"])
        assert sum(one["Events"] for one in opened["People"]) == row["events"]
    assert sum(row["events"] for row in answer["Rows"]) == answer["Total"]["events"] == HALF_HOURS
    known = [one for one in opened["People"] if one["SubscriberID"] is not None]
    assert [one["EmailAddress"] for one in known] == ["a@example.com"]


@ON_ONE_DATABASE
def test_a_question_that_takes_too_long_is_told_so(
    client: InProcess, autumn: RealEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the process itself, which goes on answering others."""
    asked = {"From": "2026-10-23", "To": "2026-11-02", "Compare": "none", "Interval": "none"}
    before = autumn.total("events", From="2026-10-23", To="2026-11-02")
    analytics, where = client.services.analytics, [
        {"Of": "person", "Event": "page_view", "Property": "price", "Is": "does not equal", "Value": str(n), "Times": n}
        for n in range(1, 11)
    ]  # fmt: skip
    ask, tries = analytics.ask, iter(range(1, 1_000))
    with monkeypatch.context() as hurried:
        hurried.setattr(
            analytics, "ask", lambda question, user, _: ask(question, user, time.monotonic() + HURRY)
        )

        def is_refused() -> bool:
            """Each try is another question, so that none is answered from what was kept."""
            other = {"Of": "event", "Property": "price", "Is": "less than", "Value": 100 + next(tries)}
            reply = autumn.reply(
                "reports.trend", **asked, Measures=["seconds", "rate"], Where=[*where, other]
            )
            return reply.status != 200 and reply.codes == [13]

        until(is_refused, 20, "a refusal")
    assert autumn.total("events", From="2026-10-23", To="2026-11-02") == before
