"""`goals.get`: the goals of a list as they were made, with their numbers; permissions and others' lists for all four commands."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.goals import RULE, goals_of, make_goal
from tests.commands.stub_engine import SCOPE, StubEngine
from tracker.questions import Condition, Operator

CALLS: dict[str, dict[str, Any]] = {
    "goal.create": {"Name": "x", "Event": "x"},
    "goal.delete": {"GoalID": 1},
    "goal.update": {"GoalID": 1},
    "goals.get": {},
}


def test_goals_are_listed_as_they_were_made(client: InProcess, shop: Shop) -> None:
    assert goals_of(client, shop) == []
    made = [make_goal(client, shop, name) for name in ("b", "a", "c")]
    assert [(goal["GoalID"], goal["Name"]) for goal in goals_of(client, shop)] == list(
        zip(made, "bac", strict=True)
    )


@pytest.mark.parametrize("command", CALLS)
def test_anothers_list_a_missing_one_and_the_hidden_one_give_the_same_bytes(
    client: InProcess, shop: Shop, command: str
) -> None:
    stranger = client.open_shop(f"{command}@example.com")
    numbers = [stranger.list_id, 2**62, client.services.stores.lists.hidden_id(shop.user_id)]
    answers = {client.call(command, shop.key, ListID=number, **CALLS[command]).raw for number in numbers}
    assert answers == {b'{"Errors":[{"Code":3,"Message":"List not found"}]}'}
    assert goals_of(client, stranger) == []
    assert client.call(command, shop.key, ListID="x", **CALLS[command]).codes == [2]


@pytest.mark.parametrize("command", CALLS)
def test_permissions(client: InProcess, shop: Shop, command: str) -> None:
    needed = "List.Get" if command == "goals.get" else "List.Update"
    other = "List.Update" if command == "goals.get" else "List.Get"
    keys = client.services.stores.keys
    assert client.call(command, keys.add(shop.user_id, other)).codes == [403]
    assert client.call(command, keys.add(shop.user_id, needed)).status == 422


def totals(**numbers: int) -> dict[str, Any]:
    series = [
        {"measure": name, "value": None, "points": [], "total": total} for name, total in numbers.items()
    ]
    return {"answer": {"times": [], "series": series, "has_more": False, "scope": SCOPE}}


def counted(client: InProcess, shop: Shop, key: str | None = None) -> list[tuple[Any, Any]]:
    body = client.ok("goals.get", key or shop.key, ListID=shop.list_id, WithCounts=True)
    return [(goal["Counts"], goal["CountsMissing"]) for goal in body["Goals"]]


def test_goals_are_counted_over_thirty_days(client: InProcess, shop: Shop, engine: StubEngine) -> None:
    make_goal(client, shop, Where=RULE)
    make_goal(client, shop, "Never", Event="never")
    engine.first = [totals(people=7), totals(people=2, events=3), totals(people=0, events=0)]
    body = client.ok("goals.get", shop.key, ListID=shop.list_id, WithCounts=True)
    assert [goal["Counts"] for goal in body["Goals"]] == [
        {"People": 2, "Conversions": 3, "Rate": 0.285714},
        {"People": 0, "Conversions": 0, "Rate": 0.0},
    ]
    assert [goal["CountsMissing"] for goal in body["Goals"]] == [None, None]
    assert (body["Scope"]["Events"], body["Scope"]["Compare"]) == (SCOPE["events"], None)
    everybody, first, second = engine.asked
    assert (everybody.event, everybody.head.where) == (None, ())
    value = Condition("event", Operator.AT_LEAST, property="conversion-value", values=("100",))
    assert (first.event, first.head.where) == ("conversion", ((value,),))
    assert (second.event, second.head.where) == ("never", ())
    assert 29 <= (second.head.ends - second.head.begins) / 86_400_000 <= 31


def test_where_nobody_was_there_is_no_rate(client: InProcess, shop: Shop, engine: StubEngine) -> None:
    make_goal(client, shop)
    engine.first = [totals(people=0), totals(people=0, events=0)]
    assert counted(client, shop) == [({"People": 0, "Conversions": 0, "Rate": None}, None)]


@pytest.mark.parametrize(
    ("replies", "told"),
    [
        ([{"building": 0.5}], ["building", "building"]),
        ([{"error": "unavailable", "detail": "away"}], ["not available", "not available"]),
        ([totals(people=1), {"error": "unavailable"}], ["not available", "not available"]),
        ([totals(people=1), {"error": "timeout"}], ["too slow", "too slow"]),
        ([totals(people=1), {"error": "too_large"}, totals(people=1, events=1)], ["too large", None]),
        ([totals(people=1), {"error": "bad_regex"}, totals(people=1, events=1)], ["cannot be matched", None]),
    ],
)
def test_goals_without_numbers_say_why(
    client: InProcess, shop: Shop, engine: StubEngine, replies: list[dict[str, Any]], told: list[str | None]
) -> None:
    for name in ("one", "two"):
        make_goal(client, shop, name)
    engine.first = list(replies)
    found = counted(client, shop)
    assert [reason for _, reason in found] == told
    assert [numbers is None for numbers, _ in found] == [reason is not None for reason in told]
    assert engine.first == [], "no further question is asked in vain"


def test_goals_are_listed_without_the_permission_for_numbers(
    client: InProcess, shop: Shop, engine: StubEngine
) -> None:
    make_goal(client, shop)
    key = client.services.stores.keys.add(shop.user_id, "List.Get")
    assert counted(client, shop, key) == [(None, "not permitted")]
    assert engine.asked == []
    assert client.call("goals.get", shop.key, ListID=shop.list_id, WithCounts="x").codes == [14]
