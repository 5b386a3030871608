"""`goal.update`: what is not sent stays, what cannot be is refused and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.goals import RULE, goals_of, last_entry, make_goal


@pytest.mark.parametrize(
    ("params", "changed"),
    [
        ({}, {}),
        ({"Name": "Larger"}, {"Name": "Larger"}),
        ({"Name": "BIG ORDER"}, {"Name": "BIG ORDER"}),
        ({"Event": "order"}, {"Event": "order"}),
        ({"Where": []}, {"Where": []}),
    ],
)
def test_what_is_not_sent_stays(
    client: InProcess, shop: Shop, params: dict[str, Any], changed: dict[str, Any]
) -> None:
    goal = make_goal(client, shop, Where=RULE)
    [before] = goals_of(client, shop)
    answer = client.call("goal.update", shop.key, ListID=shop.list_id, GoalID=goal, **params)
    assert answer.body == {"Success": True, "ErrorCode": 0, "ErrorText": ""}
    assert goals_of(client, shop) == [before | changed]
    assert last_entry(client, shop) == ("goal.update", f"list:{shop.list_id} goal:{goal}")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Name": " "}, 4),
        ({"Event": "x" * 201}, 5),
        ({"Where": [{"Is": "is set"}]}, 6),
        ({"Where": [{"Of": "event", "Property": "x", "Is": "matches regex", "Value": ["a", "(a"]}]}, 6),
        (
            {
                "Event": "y",
                "Where": [{"Of": "event", "Property": "x", "Is": "does not match regex", "Value": "a(?=b)"}],
            },
            6,
        ),
        ({"Name": "THE other"}, 7),
        ({"GoalID": "x"}, 9),
        ({"GoalID": 2**62}, 10),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    client: InProcess, shop: Shop, params: dict[str, Any], code: int
) -> None:
    goal = make_goal(client, shop, Where=RULE)
    make_goal(client, shop, "The other")
    before = goals_of(client, shop)
    sent = {"ListID": shop.list_id, "GoalID": goal, **params}
    assert client.call("goal.update", shop.key, **sent).codes == [code]
    assert goals_of(client, shop) == before
