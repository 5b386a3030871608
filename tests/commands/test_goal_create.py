"""`goal.create`: what cannot be a goal is refused with its place and makes none, a name belongs to one goal of a list."""

from __future__ import annotations

import json
from typing import Any

import pytest

from commands import goal_create
from tests.client import InProcess, Shop
from tests.commands.goals import RULE, goals_of, last_entry, make_goal

HELD = {"Of": "event", "Property": "x", "Is": "equals", "Value": 1}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Name": ""}, 4),
        ({"Name": " "}, 4),
        ({"Name": "x" * 101}, 4),
        ({"Name": 5}, 4),
        ({"Event": ""}, 5),
        ({"Event": "x" * 201}, 5),
        ({"Event": "\0"}, 5),
        ({"Where": 5}, 6),
        ({"Where": "["}, 6),
        ({"Where": {}}, 6),
        ({"Where": [5]}, 6),
        ({"Where": [[]]}, 6),
        ({"Where": [HELD] * 51}, 6),
        ({"Where": [{**HELD, "Is": "is"}]}, 6),
        ({"Where": [{**HELD, "Of": "person"}]}, 6),
        ({"Where": [{"Of": "person", "Field": "Plan", "Is": "is set"}]}, 6),
        ({"Where": [{"Of": "visit", "Event": "x", "Is": "happened"}]}, 6),
        ({"Where": [{**HELD, "Is": "matches regex", "Value": ["a", "(a"]}]}, 6),
        ({"Where": [[HELD, {**HELD, "Is": "does not match regex", "Value": "a(?=b)"}]]}, 6),
        ({"Name": "BIG order"}, 7),
    ],
)
def test_what_cannot_be_a_goal_has_its_number_and_makes_none(
    client: InProcess, shop: Shop, params: dict[str, Any], code: int
) -> None:
    make_goal(client, shop)
    sent = {"ListID": shop.list_id, "Name": "Other", "Event": "seen", **params}
    answer = client.call("goal.create", shop.key, **sent)
    assert (answer.status, answer.codes) == (422, [code])
    assert len(goals_of(client, shop)) == 1


def test_a_goal_is_kept_as_it_was_sent(client: InProcess, shop: Shop) -> None:
    made = make_goal(
        client, shop, "Ünïcode 🎯", Event='it\'s "hostile" <b>; DROP', Where=[[*RULE, HELD], HELD]
    )
    [goal] = goals_of(client, shop)
    assert goal.pop("CreatedOn").endswith("Z")
    assert goal == {
        "GoalID": made,
        "Name": "Ünïcode 🎯",
        "Event": 'it\'s "hostile" <b>; DROP',
        "Where": [[*RULE, HELD], HELD],
        "Counts": None,
        "CountsMissing": "not asked",
    }
    assert last_entry(client, shop) == ("goal.create", f"list:{shop.list_id} goal:{made}")


def test_a_number_of_any_size_is_kept(client: InProcess, shop: Shop) -> None:
    make_goal(client, shop, Where=[{**HELD, "Value": [2**64, 10**20, -(10**19)]}])
    assert goals_of(client, shop)[0]["Where"][0]["Value"] == [2.0**64, 1e20, -1e19]


def test_conditions_may_be_the_text_of_their_array(client: InProcess, shop: Shop) -> None:
    make_goal(client, shop, Where=json.dumps(RULE))
    assert goals_of(client, shop)[0]["Where"] == RULE


def test_a_list_has_up_to_a_hundred(client: InProcess, shop: Shop) -> None:
    columns = ("list_id", "name", "folded_name", "event", "rule", "created_at")
    rows = [(shop.list_id, b"%d" % n, b"%d" % n, b"x", b"[]", 0) for n in range(100)]
    client.services.storage.write(lambda transaction: transaction.insert("goals", columns, rows))
    answer = client.call("goal.create", shop.key, ListID=shop.list_id, Name="One more", Event="x")
    assert answer.codes == [8]


def test_a_name_may_be_used_on_another_list_and_again(client: InProcess, shop: Shop, owner: Shop) -> None:
    first = make_goal(client, shop)
    make_goal(client, owner)
    client.call("goal.delete", shop.key, ListID=shop.list_id, GoalID=first)
    assert make_goal(client, shop) > first, "a number is never given twice"


def test_a_list_that_is_deleted_meanwhile_gets_no_goal(
    client: InProcess, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was there when the call was checked, and is not when the goal is written."""
    monkeypatch.setattr(goal_create, "own_list_id", lambda *_: 10**6)
    answer = client.call("goal.create", shop.key, ListID=shop.list_id, Name="Late", Event="x")
    assert answer.refusal == (422, [3])
    assert client.rows("SELECT id FROM goals WHERE list_id = ?", 10**6) == []
