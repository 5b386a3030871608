"""Calls about schedules that several tests make."""

from __future__ import annotations

from typing import Any

from tests.client import InProcess, Shop

TO = ["ada@example.com", "Bea@Example.com"]


def schedule(client: InProcess, shop: Shop, **params: Any) -> int:
    """The number of a new schedule of the shop's list. The reports engine has to answer: the fixture `engine`."""
    what = {} if "SavedReportID" in params else {"Overview": True}
    sent = {"ListID": shop.list_id, "Every": "day", "At": 8, "To": TO, **what, **params}
    return int(client.ok("schedule.create", shop.key, **sent)["ScheduleID"])


def schedules(client: InProcess, shop: Shop) -> list[dict[str, Any]]:
    answer = client.ok("schedules.get", shop.key, ListID=shop.list_id)
    assert answer["TotalScheduleCount"] == len(answer["Schedules"])
    return list(answer["Schedules"])


def recipients(client: InProcess, shop: Shop, what: str) -> list[Any]:
    """What is said of each address of the list's one schedule."""
    [one] = schedules(client, shop)
    return [to[what] for to in one["To"]]
