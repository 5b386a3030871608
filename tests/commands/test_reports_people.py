"""`reports.people`: the people of the engine's answer, as the truth has them now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop, Track
from tests.commands.stub_engine import StubEngine
from tracker.questions import Dimension

Report = Callable[..., Reply]
AT = 1_769_853_600_000
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def actor(person: int | None, visitor: int | None, **more: Any) -> dict[str, Any]:
    found = {"person": person, "visitor": visitor, "last_seen": AT, "first_seen": AT - 1, "events": 2}
    return {"actor": person or visitor, **found, "revenue": {}, "source": None, **more}


@pytest.fixture
def visitor(client: InProcess, track: Track, shop: Shop) -> int:
    """The number of a visitor whom nobody knows."""
    track(UUID=UUID)
    [(number,)] = client.rows("SELECT id FROM visitors WHERE list_id = ?", shop.list_id)
    return int(number)


@pytest.fixture
def ann(client: InProcess, shop: Shop) -> int:
    """The number of a subscriber."""
    sent = {"ListID": shop.list_id, "EmailAddress": "=ann@example.com", "ExternalID": "crm-7"}
    return int(client.call("subscriber.create", shop.key, **sent).body["SubscriberID"])


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Sort": "name"}, 23),
        ({"Limit": 0}, 24),
        ({"Limit": 1001}, 24),
        ({"Cursor": "x"}, 25),
        ({"SubscriberIDs": []}, 27),
        ({"SubscriberIDs": ["1"] * 101}, 27),
        ({"SubscriberIDs": "x"}, 27),
        ({"SubscriberIDs": [1.5]}, 27),
        ({"OnlySubscribers": "maybe"}, 28),
        ({"Measure": "bounces"}, 29),
        ({"Measure": "sum:price"}, 29),
    ],
)
def test_what_cannot_be_asked_has_its_number(
    engine: StubEngine, report: Report, params: dict[str, Any], code: int
) -> None:
    answer = report("people", **params)
    assert (answer.status, answer.codes) == (422, [code])
    assert engine.asked == []


def test_people_have_their_names_and_visitors_their_uuid(
    engine: StubEngine, report: Report, visitor: int, ann: int
) -> None:
    known = actor(ann, visitor, revenue={"EUR": "5.00"}, source="@email")
    engine.answers(people=[known, actor(None, visitor)], total=7)
    body = report("people", Sort="revenue", Limit=2).body
    assert (engine.question.sort, engine.question.limit) == ("revenue", 2)
    assert body["Total"] == 7
    times = {"FirstSeenAt": "2026-01-31T09:59:59.999Z", "LastSeenAt": "2026-01-31T10:00:00.000Z", "Events": 2}
    assert body["People"] == [
        {
            "SubscriberID": str(ann),
            "EmailAddress": "=ann@example.com",
            "ExternalID": "crm-7",
            "UUID": UUID,
            **times,
            "Revenue": {"EUR": "5.00"},
            "Source": "@email",
        },
        {
            "SubscriberID": None,
            "EmailAddress": None,
            "ExternalID": None,
            "UUID": UUID,
            **times,
            "Revenue": {},
            "Source": None,
        },
    ]
    assert report("people", Sort="Revenue", Limit=2, Cursor=body["Cursor"]).status == 200
    assert engine.question.offset == 2
    cut = report("people", Format="csv", Limit=2)
    assert cut.headers["X-Tracker-Notes"].startswith("rows 1 to 2 of 7, more follow: send Cursor=")
    table = report("people", Format="csv").raw.decode().splitlines()
    assert table == [
        "SubscriberID,EmailAddress,ExternalID,UUID,FirstSeenAt,LastSeenAt,Events,Source,Revenue EUR",
        f"{ann},'=ann@example.com,crm-7,{UUID},2026-01-31T09:59:59.999Z,2026-01-31T10:00:00.000Z,2,'@email,5.00",
        f",,,{UUID},2026-01-31T09:59:59.999Z,2026-01-31T10:00:00.000Z,2,,",
    ]


def test_whoever_was_deleted_since_is_not_shown(
    client: InProcess, shop: Shop, engine: StubEngine, report: Report, visitor: int, ann: int
) -> None:
    """The copy is a few seconds behind: the truth has the last word."""
    engine.answers(people=[actor(ann, visitor), actor(None, 2**61), actor(None, visitor)], total=3)
    assert len(report("people").body["People"]) == 2
    client.call("subscriber.delete", shop.key, ListID=shop.list_id, SubscriberID=ann)
    people = report("people").body["People"]
    assert [person["SubscriberID"] for person in people] == [None]


def test_people_are_for_those_who_may_see_them(client: InProcess, shop: Shop) -> None:
    keys = client.services.stores.keys
    for command in ("reports.people", "visits.get", "visit.get", "events.export"):
        assert client.call(command, keys.add(shop.user_id, "Reports.Get")).codes == [403]
        assert client.call(command, keys.add(shop.user_id, "Subscribers.Get")).status == 422
    for command in ("reports.trend", "reports.breakdown", "reports.values", "reports.funnel"):
        assert client.call(command, keys.add(shop.user_id, "Subscribers.Get")).codes == [403]
        assert client.call(command, keys.add(shop.user_id, "Reports.Get")).status == 422


FUNNEL: dict[str, Any] = {"Report": "reports.funnel", "Steps": ["a", "b"], "Step": 2}
RETENTION: dict[str, Any] = {"Report": "reports.retention", "Interval": "day", "Cohort": "2026-01-05"}


@pytest.mark.parametrize(
    ("cell", "code", "told"),
    [
        ("x", 47, ""),
        ([1], 47, ""),
        ({}, 47, "Report is none of reports.funnel, reports.retention"),
        ({"Report": "reports.trend"}, 47, "Report is none of"),
        ({"Report": ["reports.funnel"]}, 47, "Report is none of"),
        ({**FUNNEL, "Stp": 1}, 47, "no parameter Stp"),
        ({**FUNNEL, "Steps": ["a"]}, 47, "2 to 8 steps"),
        ({**FUNNEL, "Steps": ["a", {"GoalID": 2**62}]}, 10, ""),
        ({"Report": "reports.funnel", "Step": 1}, 47, "Missing Steps"),
        ({"Report": "reports.funnel", "Steps": ["a", "b"]}, 47, "Missing Step "),
        ({**FUNNEL, "Step": 3}, 47, "whole number from 1 to 2"),
        ({**FUNNEL, "Step": 0}, 47, "Invalid Step "),
        ({**FUNNEL, "Is": "gone"}, 47, "Invalid Is"),
        ({**FUNNEL, "Value": "x"}, 47, "needs the By"),
        ({**FUNNEL, "By": "visit:", "Value": "x"}, 47, "names nothing"),
        ({**FUNNEL, "Within": "100d"}, 47, "Within"),
        ({"Report": "reports.retention"}, 47, "Missing Cohort"),
        ({**RETENTION, "Cohort": "2026-01-07"}, 47, "no cohort"),
        ({**RETENTION, "Cohort": "yesterday."}, 47, "no cohort"),
        ({**RETENTION, "Period": 9}, 47, "from 0 to 8"),
        ({**RETENTION, "First": {}}, 47, "First names no event"),
    ],
)  # fmt: skip
def test_what_is_no_cell_has_its_number(
    engine: StubEngine, report: Report, cell: Any, code: int, told: str
) -> None:
    answer = report("people", From="2026-01-05", To="2026-01-06", Cell=cell)
    assert (answer.status, answer.codes) == (422, [code])
    assert told in str(answer.body)
    assert engine.asked == []


def test_a_cell_is_asked_as_its_report_was(
    client: InProcess, shop: Shop, engine: StubEngine, report: Report
) -> None:
    engine.answers(people=[], total=0)
    client.call("list.update", shop.key, ListID=shop.list_id, Timezone="Europe/Berlin")
    sent = {**FUNNEL, "Within": "1h", "By": "plan", "Is": "left", "Value": None, "Top": 3, "Next": True}
    assert report("people", Cell=sent).status == 200
    cell = engine.question.cell
    assert (cell.step, cell.is_left, cell.has_value, cell.value) == (2, True, True, None)
    assert (cell.plan.within_ms, cell.plan.by) == (3_600_000, Dimension("event", "plan"))
    assert report("people", Cell={**FUNNEL, "By": "n", "value": 7.0}).status == 200
    assert engine.question.cell.value == "7"
    named = {"REPORT": "reports.retention", "interval": "week", "COHORT": "2026-01-26", "Period": 3}
    assert report("people", From="2026-01-20", To="2026-01-30", Cell=named).status == 200
    assert (engine.question.cell.cohort, engine.question.cell.period) == (1_769_382_000_000, 3)


def test_fields_of_people_are_no_group_for_those_who_may_not_see_them(client: InProcess, shop: Shop) -> None:
    weak = client.services.stores.keys.add(shop.user_id, "Reports.Get")
    sent = {"ListID": shop.list_id, "Steps": ["a", "b"], "By": "person:Plan"}
    assert client.call("reports.funnel", weak, **sent).codes == [403]
