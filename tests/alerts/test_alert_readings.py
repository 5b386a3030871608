"""What alerts read: events by their names, what is usual, what is refused, and numbers of reports."""

from __future__ import annotations

from typing import Any

import pytest

from tests.alerts.conftest import Alarms
from tests.client import InProcess, Shop
from tests.commands.refused_events import collect
from tests.commands.stub_engine import SCOPE
from tracker.domain.alert_rule import HOUR_MS

REFUSED: dict[str, Any] = {"Kind": "refusals", "Event": None, "Hours": 1}
USUAL: dict[str, Any] = {"Is": "less than usual", "Hours": 2, "Value": 50, "Minimum": 4}


def test_an_event_that_is_seen_in_any_spelling_is_there(alarms: Alarms) -> None:
    """The name of the alert is an alias, and the event comes under another one."""
    alarms.make(Event="order placed")
    alarms.track(1, Event="ordered")
    assert len(alarms.look()) == 1
    about = {"ListID": alarms.shop.list_id, "Event": "order placed", "As": "ordered"}
    alarms.client.ok("event.alias", alarms.shop.key, **about)
    assert alarms.look(1) == ["Well again: Orders stopped · Fresh"]
    assert alarms.alert["Found"] == "It was seen once"


def test_an_event_stops(alarms: Alarms) -> None:
    alarms.make(Hours=3)
    alarms.track(2)
    assert alarms.look() == []
    assert alarms.alert["Found"] == "It was seen once"
    assert alarms.look(90) == ["Alarm: Orders stopped · Fresh"]
    alarms.track(0)
    assert alarms.look(1) == ["Well again: Orders stopped · Fresh"]


def test_less_than_is_usual_in_these_hours(alarms: Alarms) -> None:
    """The median of the weeks counts: one week with many events does not make few of it."""
    alarms.make(**USUAL)
    weeks = {1: 8, 2: 10, 3: 20}
    for hours_ago in [7 * 24 * week + 1 for week, count in weeks.items() for _ in range(count)]:
        alarms.track(hours_ago)
    for _ in range(8):
        alarms.track(7 * 24 + 20)  # at other hours
    assert alarms.look() == ["Alarm: Orders stopped · Fresh"]
    assert alarms.alert["Reading"] == {"Value": 0.0, "Compared": 10.0, "Names": []}
    assert alarms.alert["Found"] == "It is 0, and usually 10"


def test_without_a_habit_nothing_can_be_said(alarms: Alarms) -> None:
    alarms.make(**USUAL)
    for _ in range(9):
        alarms.track(7 * 24 + 1)
    assert alarms.look() == []
    found = alarms.alert
    assert (found["State"], found["Found"]) == ("ok", None)
    assert found["Trouble"] == (
        "nothing is usual yet: the event came in these hours in 1 of the last 4 weeks, and 2 are needed"
    )


def test_a_small_shop_is_not_alarmed_by_chance(alarms: Alarms) -> None:
    alarms.make(**{**USUAL, "Minimum": 20})
    for week in (1, 2, 3, 4):
        for _ in range(5):
            alarms.track(7 * 24 * week + 1)
    assert alarms.look() == []
    assert alarms.alert["Found"] == "It is 0, and usually 5"


def refuse(client: InProcess, shop: Shop, count: int) -> None:
    for _ in range(count):
        client.call("event.track", shop.key, ListID=shop.list_id, Event="signup", Email="no address")
    client.services.inbox.flush()


def test_refused_events_are_counted(alarms: Alarms) -> None:
    alarms.make(**REFUSED, Is="above", Value=2)
    refuse(alarms.client, alarms.shop, 2)
    assert alarms.look() == []
    refuse(alarms.client, alarms.shop, 1)
    assert len(alarms.look(1)) == 1
    assert (alarms.alert["Found"], alarms.alert["Rule"]) == (
        "It is 3",
        "Refused events above 2 in the last hour",
    )


def test_calls_that_were_stored_all_the_same_are_not_refused(alarms: Alarms) -> None:
    alarms.make(**REFUSED, Is="above", Value=0)
    alarms.track(0, Evnt="x")
    alarms.client.services.inbox.flush()
    assert alarms.look() == []
    assert alarms.alert["Found"] == "It is 0"


def test_the_share_of_refused_events(alarms: Alarms) -> None:
    alarms.make(**REFUSED, Is="share above", Value=40, Minimum=5)
    refuse(alarms.client, alarms.shop, 2)
    assert alarms.look() == [], "two of two are too few"
    alarms.track(0.1)
    alarms.track(0.1, Event="other")
    refuse(alarms.client, alarms.shop, 1)
    assert len(alarms.look(1)) == 1
    assert alarms.alert["Found"] == "3 of 5 are refused"


def test_a_website_that_is_newly_refused_is_named(alarms: Alarms) -> None:
    about = {"ListID": alarms.shop.list_id, "AllowedOrigins": ["https://shop.example"]}
    alarms.client.ok("list.update", alarms.shop.key, **about)
    alarms.make(**{**REFUSED, "Hours": 24}, Is="new origin")
    assert alarms.look() == []
    collect(alarms.client, alarms.shop, "https://new.example")
    alarms.client.services.inbox.flush()
    assert len(alarms.look(1)) == 1
    assert alarms.alert["Reading"]["Names"] == ["https://new.example"]
    assert alarms.alert["Found"] == "Refused: https://new.example"
    collect(alarms.client, alarms.shop, "https://other.example")
    alarms.client.services.inbox.flush()
    assert alarms.look(1) == [], "one alarm until it is well"


def trend(total: Any, before: Any = None) -> dict[str, Any]:
    series = {"measure": "events", "value": None, "points": [], "total": total}
    if before is not None:
        series["before"] = {"points": [], "total": before}
    return {"answer": {"times": [], "series": [series], "has_more": False, "scope": SCOPE}}


NUMBER: dict[str, Any] = {"Name": "Numbers", "Kind": "number", "Event": None, "Hours": None}


@pytest.mark.parametrize(
    ("params", "answer", "bad", "found"),
    [
        ({"Is": "below", "Value": 5}, trend(3), True, "It is 3"),
        ({"Is": "above", "Value": 5}, trend(3), False, "It is 3"),
        ({"Is": "down", "Value": 50}, trend(40, 100), True, "It is 40, and was 100 in the 24 hours before"),
        (
            {"Is": "below", "Value": "99.5", "Measure": "revenue", "Currency": "EUR"},
            trend({"EUR": "99.49", "USD": "500"}),
            True,
            "It is 99.49",
        ),
        (
            {"Is": "below", "Value": 1, "Measure": "revenue", "Currency": "CHF"},
            trend({"EUR": "9"}),
            True,
            "It is 0",
        ),
        ({"Is": "below", "Value": 100, "Measure": "revenue"}, trend({"EUR": "9"}), True, "It is 9"),
        ({"Is": "below", "Value": 100, "Measure": "revenue"}, trend({}), True, "It is 0"),
        ({"Is": "above", "Value": 0.05, "Measure": "rate"}, trend(0.0512), True, "It is 0.0512"),
    ],
)
def test_numbers_of_reports(
    alarms: Alarms,
    monkeypatch: pytest.MonkeyPatch,
    params: dict[str, Any],
    answer: dict[str, Any],
    bad: bool,
    found: str,
) -> None:
    asked: list[Any] = []
    analytics = alarms.client.services.analytics
    monkeypatch.setattr(analytics, "ask", lambda question, *_: (asked.append(question), answer)[1])
    alarms.make(**NUMBER, **params)
    assert len(alarms.look()) == bad
    assert alarms.alert["Found"] == found
    head = asked[-1].head
    assert head.ends - head.begins == 24 * HOUR_MS
    assert (head.before is not None) == (params["Is"] == "down")


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        ({"building": 0.5}, "the copy of the list for reports is being built"),
        (
            {"error": "unavailable", "detail": "away"},
            "Reports not available: try again later; tracking goes on: away (error 100014)",
        ),
        (trend(None), "there is no event to read a number of"),
        (trend({"EUR": "1", "USD": "2"}), "there are several currencies: name one, or set the list's"),
    ],
)
def test_what_cannot_be_answered_changes_nothing(
    alarms: Alarms, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], trouble: str
) -> None:
    analytics = alarms.client.services.analytics
    monkeypatch.setattr(analytics, "ask", lambda *_: trend(9))
    alarms.make(**NUMBER, Is="above", Value=5)
    assert len(alarms.look()) == 1
    monkeypatch.setattr(analytics, "ask", lambda *_: answer)
    assert alarms.look(1) == []
    assert (alarms.alert["State"], alarms.alert["Trouble"]) == ("firing", trouble)


def test_a_segment_that_is_gone_is_told(alarms: Alarms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms.client.services.analytics, "ask", lambda *_: trend(9))
    about = {"ListID": alarms.shop.list_id, "Name": "Buyers"}
    rule = [{"Of": "person", "Event": "order", "Is": "happened"}]
    made = alarms.client.ok("segment.create", alarms.shop.key, **about, Rule=rule)["SegmentID"]
    alarms.make(**NUMBER, Is="above", Value=5, SegmentID=made)
    alarms.change("DELETE FROM segments WHERE id = ?", made)
    assert alarms.look() == []
    assert alarms.alert["Trouble"] == "Segment not found (error 15)"
