"""`goal.delete`: a goal is gone at once, and nobody else's is."""

from __future__ import annotations

from tests.client import InProcess, Shop
from tests.commands.goals import goals_of, last_entry, make_goal


def test_a_goal_is_gone(client: InProcess, shop: Shop) -> None:
    first, second = make_goal(client, shop), make_goal(client, shop, "Second")
    assert client.call("goal.delete", shop.key, ListID=shop.list_id, GoalID=first).body == {
        "Success": True,
        "ErrorCode": 0,
        "ErrorText": "",
    }
    assert last_entry(client, shop) == ("goal.delete", f"list:{shop.list_id} goal:{first}")
    assert [goal["GoalID"] for goal in goals_of(client, shop)] == [second]
    assert client.call("goal.delete", shop.key, ListID=shop.list_id, GoalID=first).codes == [10]


def test_a_goal_of_another_list_is_none(client: InProcess, shop: Shop, owner: Shop) -> None:
    theirs = make_goal(client, owner, f"Of list {shop.list_id}")
    assert client.call("goal.delete", shop.key, ListID=shop.list_id, GoalID=theirs).codes == [10]
    assert client.call("goal.update", shop.key, ListID=shop.list_id, GoalID=theirs, Name="x").codes == [10]
    assert theirs in [goal["GoalID"] for goal in goals_of(client, owner)]
