"""`goals.get`: the goals of a list as they were made; permissions and other people's lists for all four commands."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.goals import goals_of, make_goal

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
    needed = "Reports.Get" if command == "goals.get" else "List.Update"
    other = "List.Update" if command == "goals.get" else "Reports.Get"
    keys = client.services.stores.keys
    assert client.call(command, keys.add(shop.user_id, other)).codes == [403]
    assert client.call(command, keys.add(shop.user_id, needed)).status == 422
