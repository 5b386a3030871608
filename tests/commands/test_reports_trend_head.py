"""`reports.trend` and all that share its head: what cannot be asked has its number, the rest reaches the engine as meant."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop
from tests.commands.goals import make_goal
from tests.commands.questions import EQUALS, HEADED, WITHOUT_BEFORE, WITHOUT_EVENT, empty_for
from tests.commands.segments import in_, make_segment
from tests.commands.stub_engine import StubEngine
from tracker.questions import Condition, Goal, Operator

DAY_MS = 86_400_000
Report = Callable[..., Reply]


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


#: Parameters that cannot be, with the code of each and a part of what the answer says.
REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"From": ""}, 4, "From"),
    ({"From": "yesteryear"}, 4, "2026-11-13"),
    ({"From": "2026-02-30"}, 4, ""),
    ({"From": "1969-12-31"}, 4, ""),
    ({"From": "9999-12-31"}, 4, ""),
    ({"From": "-99999d"}, 4, ""),
    ({"From": "2026-01-31T10:00:00"}, 4, ""),
    ({"From": 20260131}, 4, ""),
    ({"From": "2010-01-01", "To": "2026-01-01"}, 4, "1827"),
    ({"From": "\0"}, 4, ""),
    ({"To": "tomorrow"}, 5, ""),
    ({"From": "2026-01-02", "To": "2026-01-01"}, 5, "not after"),
    ({"From": "2026-01-02T00:00:00Z", "To": "2026-01-02T00:00:00Z"}, 5, "not after"),
    ({"To": []}, 5, ""),
    ({"Compare": "always"}, 6, ""),
    ({"Compare": 7}, 6, ""),
    ({"MatchWeekday": "perhaps"}, 7, ""),
    ({"Where": "x"}, 8, "no list"),
    ({"Where": {"Of": "event"}}, 8, "no list"),
    ({"Where": [5]}, 8, "Where[0] is no object"),
    ({"Where": [[]]}, 8, "Where[0] is an empty list"),
    ({"Where": [EQUALS] * 200}, 8, "200 conditions, and 50"),
    ({"Where": [[EQUALS] * 51]}, 8, "51 conditions"),
    ({"Where": [{"Of": "person", "Event": "x", "Is": "happened"}] * 11}, 8, "10 are the most"),
    ({"Where": [EQUALS, {**EQUALS, "Is": "equal"}]}, 8, "Where[1].Is is no operator"),
    ({"Where": [[EQUALS, {**EQUALS, "Is": None}]]}, 8, "Where[0][1].Is is missing"),
    ({"Where": [{**EQUALS, "Of": "session"}]}, 8, "event, visit, person"),
    ({"Where": [{**EQUALS, "Property_": "x"}]}, 8, "Did you mean Property?"),
    ({"Where": [{**EQUALS, "Property": 5}]}, 8, "Where[0].Property is no name"),
    ({"Where": [{**EQUALS, "Property": "x" * 1001}]}, 8, "1001 characters"),
    ({"Where": [{**EQUALS, "Value": None}]}, 8, "values"),
    ({"Where": [{**EQUALS, "Value": []}]}, 8, "values"),
    ({"Where": [{**EQUALS, "Value": {}}]}, 8, "Where[0].Value"),
    ({"Where": [{**EQUALS, "Value": list(range(21))}]}, 8, "20"),
    ({"Where": [{**EQUALS, "Value": "x" * 1001}]}, 8, "1001 characters"),
    ({"Where": [{**EQUALS, "Value": "\0"}]}, 8, ""),
    ({"Where": [{**EQUALS, "Is": "is set"}]}, 8, "no value"),
    ({"Where": [{**EQUALS, "Is": "greater than"}]}, 8, "number"),
    ({"Where": [{**EQUALS, "Is": "matches regex", "Value": "x" * 501}]}, 8, "501 characters"),
    ({"Where": [{**EQUALS, "Times": 2}]}, 8, "times"),
    ({"Where": [{**EQUALS, "Days": 2}]}, 8, "days"),
    ({"Where": [{**EQUALS, "At": "middle"}]}, 8, "entry, exit"),
    ({"Where": [{"Of": "visit", "Event": "x", "Is": "happened", "Times": 0}]}, 8, "times"),
    ({"Where": [{"Of": "visit", "Event": "x", "Is": "happened", "Times": "x"}]}, 8, "Where[0].Times is no whole"),
    ({"Where": [{"Of": "visit", "Event": "x", "Is": "happened", "Days": 3}]}, 8, "days"),
    ({"Where": [{"Of": "person", "Event": "x", "Is": "happened", "Days": 9999}]}, 8, "days"),
    ({"Where": [{"Of": "person", "Is": "happened"}]}, 8, "event"),
    ({"Where": [{"Of": "person", "Field": "Nothing", "Is": "is set"}]}, 8, "Where[0].Field is no custom field"),
    ({"Where": [{"Of": "event", "Field": "Nothing", "Is": "is set"}]}, 8, "custom field"),
    ({"GoalID": "x"}, 9, ""),
    ({"GoalID": 2**62}, 10, ""),
    ({"SegmentID": "x"}, 14, ""),
    ({"SegmentID": 2**62}, 15, ""),
    ({"Where": [{"Segment": 2**61, "Is": "in"}]}, 8, "Where[0].Segment is no segment of the list"),
    ({"Where": [{"Segment": "x", "Is": "in"}]}, 8, "Where[0].Segment is no whole number"),
    ({"Where": [{"Segment": 1, "Is": "equals"}]}, 8, ""),
    ({"Format": "xml"}, 11, ""),
    ({"Event": ""}, 20, ""),
    ({"Event": "x" * 201}, 20, ""),
]  # fmt: skip


@pytest.mark.parametrize("command", HEADED)
def test_what_cannot_be_asked_has_its_number_and_place(
    engine: StubEngine, report: Report, command: str
) -> None:
    for params, code, told in REFUSED:
        if "Event" in params and command in WITHOUT_EVENT:
            continue
        answer = report(command, **HEADED[command], **params)
        assert (answer.status, answer.codes) == (422, [code]), (params, answer.body)
        assert told in json.dumps(answer.body), (params, answer.body)
    assert engine.asked == []


@pytest.mark.parametrize("command", HEADED)
def test_every_mistake_is_told_at_once(report: Report, command: str) -> None:
    wrong = [{**EQUALS, "Is": "is"}, EQUALS, {"Is": "is set"}]
    answer = report(command, **HEADED[command], Where=wrong, Format="xml", GoalID="x", MatchWeekday=5)
    assert answer.codes == [7, 8, 8, 9, 11]


@pytest.mark.parametrize("command", HEADED)
def test_anothers_list_a_missing_one_and_the_hidden_one_give_the_same_bytes(
    client: InProcess, shop: Shop, engine: StubEngine, report: Report, command: str
) -> None:
    stranger = client.open_shop(f"{command}@example.com")
    numbers = [stranger.list_id, 2**62, client.services.stores.lists.hidden_id(shop.user_id)]
    answers = {report(command, **HEADED[command], ListID=number).raw for number in numbers}
    assert answers == {b'{"Errors":[{"Code":3,"Message":"List not found"}]}'}
    assert report(command, **HEADED[command], ListID="x").codes == [2]
    assert engine.asked == []


@pytest.mark.parametrize("command", HEADED)
def test_a_goal_or_segment_of_another_list_is_none(
    client: InProcess, owner: Shop, report: Report, command: str
) -> None:
    theirs = make_goal(client, owner, f"For {command}")
    assert report(command, **HEADED[command], GoalID=theirs).codes == [10]
    segment = make_segment(client, owner, f"For {command}")
    assert report(command, **HEADED[command], SegmentID=segment).codes == [15]


@pytest.mark.parametrize("command", HEADED)
def test_a_segment_is_a_condition_beside_the_others(
    client: InProcess, shop: Shop, engine: StubEngine, report: Report, command: str
) -> None:
    segment = make_segment(client, shop)
    engine.answers(**empty_for(command))
    answer = report(command, **HEADED[command], SegmentID=segment, Where=[EQUALS])
    assert answer.status == 200, answer.body
    condition, member = engine.question.head.where
    assert (condition[0].property, member[0].operator) == ("plan", "in")
    answer = report(command, **HEADED[command], Where=[[EQUALS, in_(segment, "not in")]])
    assert answer.status == 200, answer.body
    [[_, other]] = engine.question.head.where
    assert (other.operator, other.rule) == ("not in", member[0].rule)


@pytest.mark.parametrize("command", HEADED)
def test_the_head_reaches_the_engine_in_the_lists_zone(
    client: InProcess, shop: Shop, engine: StubEngine, report: Report, command: str
) -> None:
    client.call("list.update", shop.key, ListID=shop.list_id, Timezone="Europe/Berlin", VisitGapMinutes=60)
    goal = make_goal(client, shop, Where=[EQUALS])
    engine.answers(**empty_for(command))
    params = {"from": "2026-03-28", "TO": "2026-03-29", "Compare": "year", "goalid": goal}
    if command not in WITHOUT_EVENT:
        params["Event"] = "seen"
    answer = report(command, **HEADED[command], **params)
    assert answer.status == 200, answer.body
    head = engine.question.head
    assert (head.list_id, head.zone, head.visit_gap_ms) == (shop.list_id, "Europe/Berlin", 3_600_000)
    assert (head.begins, head.ends) == (ms("2026-03-28T00:00+01:00"), ms("2026-03-30T00:00+02:00"))
    before = (ms("2025-03-28T00:00+01:00"), ms("2025-03-30T00:00+01:00"))
    assert head.before == (None if command in WITHOUT_BEFORE else before)
    condition = Condition("event", Operator.EQUALS, property="plan", values=("pro",))
    assert head.goal == Goal("conversion", ((condition,),))
    assert command in WITHOUT_EVENT or engine.question.event == "seen"


@pytest.mark.parametrize("command", HEADED)
def test_a_number_of_any_size_is_compared_with(engine: StubEngine, report: Report, command: str) -> None:
    engine.answers(**empty_for(command))
    large = [2**63, 2**64, 10**20, -(10**19), 1e21, 1.5e300]
    answer = report(command, **HEADED[command], Where=[{**EQUALS, "Value": large}])
    assert answer.status == 200, answer.body
    ((condition,),) = engine.question.head.where
    assert condition.values[2:4] == ("100000000000000000000.0", "-10000000000000000000.0")


def test_without_times_it_is_about_the_last_two_weeks_and_those_before(
    engine: StubEngine, report: Report
) -> None:
    engine.answers(**empty_for("reports.trend"))
    scope = report("trend").body["Scope"]
    head = engine.question.head
    assert (head.ends - head.begins, head.before[1]) == (14 * DAY_MS, head.begins)
    assert head.begins < datetime.now(UTC).timestamp() * 1000 < head.ends
    assert scope["Compare"]["To"] == scope["From"]


def test_scope_tells_times_in_the_lists_zone(
    client: InProcess, shop: Shop, engine: StubEngine, report: Report
) -> None:
    client.call("list.update", shop.key, ListID=shop.list_id, Timezone="Asia/Kathmandu")
    engine.answers(**empty_for("reports.trend"))
    assert report("trend", From="2026-01-30", To="2026-01-31", Compare="none").body["Scope"] == {
        "From": "2026-01-30T00:00:00.000+05:45",
        "To": "2026-02-01T00:00:00.000+05:45",
        "Timezone": "Asia/Kathmandu",
        "Compare": None,
        "Events": 12,
        "RobotsLeftOut": 3,
        "PeopleLeftOut": 2,
        "IsComplete": True,
        "AsOf": "2026-01-31T10:00:00.000Z",
    }


@pytest.mark.parametrize("command", HEADED)
def test_what_goes_wrong_in_the_engine_has_a_number(engine: StubEngine, report: Report, command: str) -> None:
    for error, status, code, message in (
        ("unavailable", 503, 100014, "Reports not available"),
        ("some new word", 503, 100014, "Reports not available"),
        ("too_large", 422, 12, "too large: 512 MB"),
        ("timeout", 422, 13, "too long: 512 MB"),
        ("bad_regex", 422, 8, "512 MB"),
        ("bad_goal", 422, 9, "GoalID parameter: 512 MB"),
    ):
        engine.reply = {"error": error, "detail": "512 MB"}
        answer = report(command, **HEADED[command])
        assert (answer.status, answer.codes) == (status, [code])
        assert message in answer.body["Errors"][0]["Message"]
        assert ("Retry-After" in answer.headers) == (status == 503)


@pytest.mark.parametrize("command", HEADED)
def test_while_the_copy_is_built_the_answer_has_its_keys_and_no_numbers(
    engine: StubEngine, report: Report, command: str
) -> None:
    engine.answers(**empty_for(command))
    ready = report(command, **HEADED[command])
    engine.reply = {"building": 0.42}
    if command != "events.export":
        building = report(command, **HEADED[command])
        assert building.status == 200
        assert (building.body["Status"], building.body["Progress"]) == ("building", 0.42)
        assert building.body.keys() == ready.body.keys()
        assert building.body["Scope"]["AsOf"] is None
        assert not building.body["Scope"]["IsComplete"]
    table = report(command, **HEADED[command], Format="csv")
    assert (table.status, table.codes) == (503, [100014])
    assert table.body["Errors"][0]["Progress"] == 0.42


@pytest.mark.parametrize("command", HEADED)
def test_custom_fields_are_asked_for_by_those_who_may_see_people(
    client: InProcess, shop: Shop, engine: StubEngine, command: str
) -> None:
    """A number for each value would tell the values, and who has them one by one."""
    sent = {"SubscriberListID": shop.list_id, "FieldName": "Plan", "MergeTagAlias": "Plan"}
    field = client.call("customfield.create", shop.key, **sent).body["CustomFieldID"]
    weak = client.services.stores.keys.add(shop.user_id, "Reports.Get")
    engine.answers(**empty_for(command))
    for named in ("PLAN", f"customfield{field}", field):
        where = [{"Of": "person", "Field": named, "Is": "equals", "Value": ["pro", 7, True]}]
        params = {"ListID": shop.list_id, **HEADED[command], "Where": where}
        assert client.call(command, shop.key, **params).status == 200
        condition = Condition("person", Operator.EQUALS, field=field, values=("pro", "7", "true"))
        assert engine.question.head.where == ((condition,),)
        assert client.call(command, weak, **params).codes == [403]


@pytest.mark.parametrize(
    "query",
    [
        {"Where": json.dumps([EQUALS]), "Measures": "people"},
        {"where": json.dumps([EQUALS]), "measures[]": ["people"]},
        {
            "Where[0][Of]": "event",
            "Where[0][Property]": "plan",
            "Where[0][Is]": "equals",
            "Where[0][Value]": "pro",
        },
        {
            "Where[0][Property]": "plan",
            "Where[0][is]": "EQUALS",
            "Where[0][value][]": "pro",
            "Measures[0]": "people",
        },
    ],
)
def test_a_query_string_asks_as_json_does(
    client: InProcess, shop: Shop, engine: StubEngine, query: dict[str, Any]
) -> None:
    engine.answers(times=[], series=[], has_more=False)
    params = {"listid": shop.list_id, "from": "-1d", **query}
    answer = client.get("/api/v1/reports.trend", shop.key, params=params)
    assert answer.status == 200, answer.text
    condition = Condition("event", Operator.EQUALS, property="plan", values=("pro",))
    assert engine.question.head.where == ((condition,),)
    assert [measure.word for measure in engine.question.measures] == ["people"]
