"""Calls about goals that several tests make."""

from __future__ import annotations

from typing import Any

from tests.client import InProcess, Shop

RULE = [{"Of": "event", "Property": "conversion-value", "Is": "at least", "Value": 100}]


def make_goal(client: InProcess, shop: Shop, name: str = "Big order", **params: Any) -> int:
    """The number of a new goal of the shop's list."""
    sent = {"ListID": shop.list_id, "Name": name, "Event": "conversion", **params}
    answer = client.call("goal.create", shop.key, **sent)
    assert answer.status == 200, answer.body
    return int(answer.body["GoalID"])


def goals_of(client: InProcess, shop: Shop) -> list[dict[str, Any]]:
    answer = client.call("goals.get", shop.key, ListID=shop.list_id)
    assert answer.status == 200, answer.body
    assert answer.body["TotalGoalCount"] == len(answer.body["Goals"])
    goals: list[dict[str, Any]] = answer.body["Goals"]
    return goals


def last_entry(client: InProcess, shop: Shop) -> tuple[str, str]:
    """Action and object of the newest entry of the audit log."""
    [entry] = client.call("audit.get", shop.key, RecordsPerRequest=1).body["Entries"]
    return entry["Action"], entry["Object"]
