"""`reports.people` and its kin of the real engine: who was forgotten, deleted or a robot is in no answer; who is there is."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.client import InProcess, Shop
from tests.commands.goals import make_goal
from tests.commands.real_engine import ON_ONE_DATABASE, RealEngine
from tests.processes import until
from tracker.times import iso_utc

ANN, BEN = "ann@example.com", "ben@example.com"
BROWSER = "0f8fad5b-d9cb-469f-a165-70867728950e"
VISIT = {"$pathname": "/", "$channel": "Email", "$utm_campaign": "spring"}
ORDER = {"conversion-name": "Order", "currency": "EUR"}


def bought(number: int, worth: float, **who: Any) -> dict[str, Any]:
    order = {**ORDER, "conversion-id": number, "conversion-value": worth}
    return {"Event": "conversion", "Properties": order, **who}


def fill(real: RealEngine) -> None:
    """Ann was here before she gave her address, and buys twice; Ben buys once; nobody knows the third.

    Tracker adds an identify event for the first order of each: eight events.
    """
    real.track(
        {"Event": "page_view", "UUID": BROWSER, "Properties": VISIT},
        {"Event": "identify", "UUID": BROWSER, "Email": ANN},
        bought(1, 10.5, Email=ANN),
        bought(2, 20, Email=ANN),
        bought(3, 5, Email=BEN),
        {"Event": "page_view", "Properties": {"$pathname": "/pricing"}},
    )


def addresses(real: RealEngine, **params: Any) -> list[str | None]:
    return [one["EmailAddress"] for one in real.ask("reports.people", **params)["People"]]


def test_people_are_sorted_and_paged_by_what_they_did(real: RealEngine) -> None:
    fill(real)
    assert addresses(real, Sort="Revenue") == [ANN, BEN, None]
    assert addresses(real, Event="conversion", Sort="Events") == [ANN, BEN]
    [first] = real.ask("reports.people", Sort="Revenue", Limit=1)["People"]
    assert (first["Revenue"], first["Source"], first["Events"]) == ({"EUR": "30.50"}, "Email", 5)
    seen: list[str | None] = []
    page: dict[str, Any] = {"Cursor": None}
    while "Cursor" not in page or page["Cursor"] is not None or not seen:
        sent = {"Cursor": page["Cursor"]} if page["Cursor"] else {}
        page = real.ask("reports.people", Sort="Revenue", Limit=1, **sent)
        assert page["Total"] == 3
        seen += [one["EmailAddress"] for one in page["People"]]
    assert seen == [ANN, BEN, None]


def test_some_subscribers_are_asked_for_by_number(client: InProcess, shop: Shop, real: RealEngine) -> None:
    """Over all that is kept, unless a range is given; what is nobody's here is in no answer."""
    real.track({"Event": "identify", "Email": ANN, "Timestamp": iso_utc(days_ago(60))})
    fill(real)
    other = client.open_shop("jim@example.com")
    theirs = client.ok("subscriber.create", other.key, ListID=other.list_id, EmailAddress=ANN)["SubscriberID"]
    people = real.ask("reports.people", Sort="Events")["People"]
    ann, ben = (one["SubscriberID"] for one in people[:2])
    found = real.ask("reports.people", SubscriberIDs=[ben, ann, theirs, 7, "9" * 19])
    assert (found["Total"], len(found["People"])) == (2, 2)
    assert {one["EmailAddress"]: one["Events"] for one in found["People"]} == {ANN: 5, BEN: 2}
    [lately] = real.ask("reports.people", SubscriberIDs=ann, From="-1d")["People"]
    [ever] = real.ask("reports.people", SubscriberIDs=[int(ann)])["People"]
    assert (lately["Events"], ever["Events"]) == (4, 5)
    assert {**lately, "Events": 5} == ever, "since when they are known does not depend on the range"
    assert ever["FirstSeenAt"] < iso_utc(days_ago(59)) < ever["LastSeenAt"]
    assert addresses(real, SubscriberIDs=[ann, ben], Event="page_view") == [ANN]
    nobody = [real.ask("reports.people", SubscriberIDs=[number]) for number in (theirs, "7")]
    assert [(one["Total"], one["People"], one["Cursor"]) for one in nobody] == [(0, [], None)] * 2


@ON_ONE_DATABASE
def test_visitors_whom_nobody_knows_are_left_out_if_asked_for(real: RealEngine) -> None:
    fill(real)
    found = real.ask("reports.people", OnlySubscribers=True, Sort="Revenue")
    assert [one["EmailAddress"] for one in found["People"]] == [ANN, BEN]
    assert found["Total"] == 2


def days_ago(days: int) -> int:
    return time.time_ns() // 1_000_000 - days * 86_400_000


@ON_ONE_DATABASE
def test_goals_are_counted_in_place_of_conversions(client: InProcess, shop: Shop, real: RealEngine) -> None:
    rule = [{"Property": "conversion-value", "Is": "at least", "Value": 10}]
    goal = make_goal(client, shop, Where=rule)
    fill(real)
    assert real.total("conversions") == 3
    assert real.total("conversions", GoalID=goal) == 2
    assert real.total("rate") == round(2 / 3, 6)
    assert real.total("rate", GoalID=goal) == round(1 / 3, 6)
    client.ok("goal.update", shop.key, ListID=shop.list_id, GoalID=goal, Where=[])
    assert real.total("conversions", GoalID=goal) == 3


@ON_ONE_DATABASE
def test_conditions_of_visits_people_and_fields(client: InProcess, shop: Shop, real: RealEngine) -> None:
    sent = {"SubscriberListID": shop.list_id, "FieldName": "Plan", "MergeTagAlias": "Plan"}
    client.ok("customfield.create", shop.key, **sent)
    fill(real)
    values = {"ListID": shop.list_id, "EmailAddress": ANN, "CustomFields": {"Plan": "pro"}}
    client.ok("subscriber.update", shop.key, **values)
    real.changed()
    for condition, found in (
        ({"Of": "person", "Field": "plan", "Is": "equals", "Value": "pro"}, [ANN]),
        ({"Of": "person", "Field": "plan", "Is": "is not set"}, [BEN, None]),
        ({"Of": "person", "Event": "conversion", "Is": "happened", "Times": 2}, [ANN]),
        ({"Of": "person", "Event": "conversion", "Is": "did not happen", "Days": 30}, [None]),
        ({"Of": "visit", "Property": "$channel", "Is": "equals", "Value": "Email"}, [ANN]),
        ({"Of": "visit", "Property": "$pathname", "Is": "contains", "Value": "pric", "At": "exit"}, [None]),
    ):
        assert addresses(real, Sort="Revenue", Where=[condition]) == found, condition
    rows = real.ask("reports.breakdown", By="person:Plan", Measures=["people", "revenue"])["Rows"]
    assert [(row["Values"], row["people"]) for row in rows] == [([None], 2), (["pro"], 1)]


#: What is counted by -> the condition that opens a row of it, but for its value.
OPENED_BY: dict[str, dict[str, Any]] = {
    "$pathname": {"Of": "event", "Property": "$pathname"},
    "visit:$channel": {"Of": "visit", "Property": "$channel"},
    "visit-exit:$pathname": {"Of": "visit", "Property": "$pathname", "At": "exit"},
    "person:Plan": {"Of": "person", "Field": "Plan"},
}


@ON_ONE_DATABASE
def test_each_row_opens_to_its_people(client: InProcess, shop: Shop, real: RealEngine) -> None:
    client.ok(
        "customfield.create", shop.key, SubscriberListID=shop.list_id, FieldName="Plan", MergeTagAlias="Plan"
    )
    fill(real)
    for email, plan in ((ANN, "pro"), (BEN, "free")):
        values = {"ListID": shop.list_id, "EmailAddress": email, "CustomFields": {"Plan": plan}}
        client.ok("subscriber.update", shop.key, **values)
    real.changed()
    for by, condition in OPENED_BY.items():
        rows = real.ask("reports.breakdown", By=by, Measures=["people", "events"])["Rows"]
        assert len(rows) >= 2, by
        for row in rows:
            [value] = row["Values"]
            asked = {"Is": "is not set"} if value is None else {"Is": "equals", "Value": value}
            opened = real.ask("reports.people", Where=[condition | asked])
            assert opened["Total"] == row["people"], (by, value)
            assert sum(one["Events"] for one in opened["People"]) == row["events"], (by, value)
            found = real.lines(Where=[condition | asked])
            assert len(found) == row["events"], (by, value)


@ON_ONE_DATABASE
def test_each_number_opens_to_those_who_are_in_it(client: InProcess, shop: Shop, real: RealEngine) -> None:
    """A repeated order does not count, but it reaches a goal."""
    rule = [{"Property": "conversion-value", "Is": "at least", "Value": 10}]
    goal = {"GoalID": make_goal(client, shop, Where=rule)}
    fill(real)
    real.track(bought(1, 10.5))
    assert addresses(real, Sort="Revenue", Event="conversion") == [ANN, BEN, None]
    for asked, reached in (({}, [ANN, BEN]), (goal, [ANN, None])):
        for measure in ("conversions", "rate"):
            assert addresses(real, Sort="Revenue", Measure=measure, **asked) == reached
        assert addresses(real, Sort="Revenue", Measure="revenue", **asked) == [ANN, BEN]
        assert addresses(real, Sort="Revenue", Measure="views", **asked) == [ANN, None]
        everybody = real.total("people", **asked)
        assert len(reached) / everybody == real.total("rate", **asked)
        for measure in ("people", "visits", "events"):
            assert real.ask("reports.people", Measure=measure, **asked)["Total"] == everybody == 4
        for measure in ("conversions", "views", "events"):
            opened = real.ask("reports.people", Measure=measure, **asked)["People"]
            assert sum(one["Events"] for one in opened) == real.total(measure, **asked)
    [first, second] = real.ask("reports.people", Measure="conversions", Sort="Revenue", **goal)["People"]
    assert (first["Events"], first["Revenue"]) == (2, {"EUR": "30.50"})
    assert (second["Events"], second["Revenue"]) == (1, {})
    last = real.ask("reports.people", Measure="conversions", Sort="Revenue", Limit=1)
    page = real.ask("reports.people", Measure="conversions", Sort="Revenue", Limit=1, Cursor=last["Cursor"])
    assert ([one["EmailAddress"] for one in page["People"]], page["Total"]) == ([BEN], 2)


@ON_ONE_DATABASE
def test_visits_are_told_apart_by_the_lists_gap(client: InProcess, shop: Shop, real: RealEngine) -> None:
    times = ("10:00", "10:20", "10:55", "11:05")
    views = [
        {"Event": "page_view", "UUID": BROWSER, "Timestamp": f"2026-10-25T{time}:00Z", "Properties": {"$pathname": f"/{time}"}}
        for time in times
    ]  # fmt: skip
    real.track(*views)
    span = {"From": "2026-10-25", "To": "2026-10-25"}
    for gap, pages in ((30, [("/10:55", "/11:05"), ("/10:00", "/10:20")]), (60, [("/10:00", "/11:05")])):
        client.ok("list.update", shop.key, ListID=shop.list_id, VisitGapMinutes=gap)
        visits = real.ask("visits.get", **span)
        assert [(visit["Entry"], visit["Exit"]) for visit in visits["Visits"]] == pages
        assert visits["Total"] == real.total("visits", **span) == len(pages)
        one = real.reply("visit.get", EventID=visits["Visits"][0]["EventID"])
        assert one.body["Visit"] == visits["Visits"][0]
        assert [event["Properties"]["$pathname"] for event in one.body["Events"]][-1] == "/11:05"


def test_who_was_forgotten_is_in_no_answer(client: InProcess, shop: Shop, real: RealEngine) -> None:
    """From the answer of the call on: the copy is behind, and the truth has the last word."""
    fill(real)
    assert addresses(real, Sort="Revenue") == [ANN, BEN, None]
    client.ok("subscriber.forget", shop.key, ListID=shop.list_id, EmailAddress=ANN)
    for command in ("reports.people", "visits.get", "events.export"):
        assert ANN not in real.reply(command).text
        assert BROWSER not in real.reply(command).text or command != "events.export"

    def is_gone() -> bool:
        real.changed()
        return real.total("revenue") == {"EUR": "5.00"}

    until(is_gone, 60, "the events of whoever was forgotten to go")
    assert addresses(real, Sort="Revenue") == [BEN, None]
    assert all(BROWSER not in line for line in real.lines())


def leave_out(real: RealEngine, is_left_out: bool) -> None:
    sent = {"ListID": real.shop.list_id, "EmailAddress": ANN, "IsLeftOut": is_left_out}
    real.client.ok("subscriber.update", real.shop.key, **sent)
    real.changed()


def test_who_is_left_out_is_in_no_answer_until_counted_again(
    client: InProcess, shop: Shop, real: RealEngine
) -> None:
    """Past events too, and later ones of the same browser without an address; nothing that is stored changes."""
    fill(real)
    before = real.ask("reports.trend", Measures=["people", "visits", "views", "revenue"])
    leave_out(real, True)
    assert addresses(real, Sort="Revenue") == [BEN, None]
    assert (real.total("views"), real.total("revenue")) == (1, {"EUR": "5.00"})
    real.track({"Event": "page_view", "UUID": BROWSER, "Properties": VISIT})
    assert (real.total("people"), real.total("visits"), real.total("views")) == (2, 2, 1)
    scope = real.ask("reports.trend")["Scope"]
    assert (scope["Events"], scope["PeopleLeftOut"], scope["RobotsLeftOut"]) == (3, 6, 0)
    assert ANN not in real.reply("reports.people").text
    assert real.ask("segment.count", Rule=[{"Event": "page_view", "Is": "happened"}])["Of"] == 2
    assert not any(json.loads(line)["UUID"] == BROWSER for line in real.lines())
    stored = client.ok("subscriber.events", shop.key, ListID=shop.list_id, EmailAddress=ANN)
    assert len(stored["Events"]) == 6
    leave_out(real, False)
    again = real.ask("reports.trend", Measures=["people", "visits", "views", "revenue"])
    assert [each["Total"] for each in again["Series"]][3] == before["Series"][3]["Total"]
    assert (real.total("people"), real.total("views")) == (3, 3)
    assert again["Scope"]["PeopleLeftOut"] == 0


@ON_ONE_DATABASE
def test_robots_are_left_out_and_counted(client: InProcess, shop: Shop, real: RealEngine) -> None:
    fill(real)
    found = client.services.stores.lists.owned(shop.user_id, shop.list_id)
    assert found is not None
    sent = {"EventListTrackerID": found.tracker_id, "Event": "page_view"}
    robot = {"User-Agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}
    answer = client.request("POST", "/api/v1/event.collect", headers=robot, json=sent)
    assert answer.status == 200, answer.text
    real.changed()
    scope = real.ask("reports.trend")["Scope"]
    assert (scope["Events"], scope["RobotsLeftOut"]) == (8, 1)
    assert real.total("views") == 2
    assert not any(json.loads(line)["IsBot"] for line in real.lines())
