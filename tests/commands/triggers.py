"""Calls about triggers that several tests make."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from tests.client import InProcess, Shop
from tracker.storage.triggers import (
    MAX_TRIGGERS,
    NEVER,
    DeliveryState,
    NewDelivery,
    PostAttempt,
    delivery_queue,
)

#: A target that may be called, and is not: nothing works at triggers where no test has them work.
PUBLIC_URL = "https://crm.invalid/hook"
CONDITION = {"Of": "event", "Property": "plan", "Is": "equals", "Value": "pro"}


def make_trigger(client: InProcess, shop: Shop, url: str, **params: Any) -> dict[str, Any]:
    """A new trigger of the shop's list, as `trigger.create` answers: with its number and its secret."""
    start = {} if "SegmentID" in params else {"Event": "seen"}
    sent = {"ListID": shop.list_id, "Name": "Told", "URL": url, **start, **params}
    return client.ok("trigger.create", shop.key, **sent)


def triggers_of(client: InProcess, shop: Shop) -> list[dict[str, Any]]:
    answer = client.ok("triggers.get", shop.key, ListID=shop.list_id)
    assert answer["TotalTriggerCount"] == len(answer["Triggers"])
    triggers: list[dict[str, Any]] = answer["Triggers"]
    return triggers


def deliveries_of(client: InProcess, shop: Shop, **params: Any) -> list[dict[str, Any]]:
    answer = client.ok("deliveries.get", shop.key, ListID=shop.list_id, **params)
    deliveries: list[dict[str, Any]] = answer["Deliveries"]
    return deliveries


def add_deliveries(
    client: InProcess, shop: Shop, trigger_id: int, count: int, is_accepted: bool = False
) -> list[str]:
    """Deliveries of one person that wait, as the worker adds them, or were accepted; their numbers, oldest first."""
    services, now = client.services, time.time_ns() // 1_000_000
    events = "SELECT id FROM events WHERE list_id = ? ORDER BY id"
    while len(client.rows(events, shop.list_id)) < count:
        client.ok("event.track", shop.key, ListID=shop.list_id, Event="seen")
    found = [
        NewDelivery(services.ingest.new_id(), trigger_id, event_id, None, 7, b'{"n":%d}' % number)
        for number, (event_id,) in enumerate(client.rows(events, shop.list_id)[:count])
    ]
    services.storage.write(lambda t: delivery_queue.add_deliveries(t, shop.list_id, found, now))
    attempt, state = PostAttempt(now, 87, 204, None, b""), DeliveryState.ACCEPTED
    for each in found if is_accepted else []:
        finish = partial(
            delivery_queue.finish,
            list_id=shop.list_id,
            delivery_id=each.id,
            attempt=attempt,
            state=state,
            due_at=NEVER,
        )
        services.storage.write(finish)
    return [str(each.id) for each in found]


def members_of(client: InProcess, shop: Shop, trigger_id: int) -> list[int]:
    """Whom a trigger on a segment keeps as its people."""
    sql = "SELECT subscriber_id FROM trigger_members WHERE list_id = ? AND trigger_id = ? ORDER BY subscriber_id"
    return [row[0] for row in client.rows(sql, shop.list_id, trigger_id)]


def fill_with_triggers(client: InProcess, list_id: int) -> None:
    """As many triggers as a list may have, all paused."""
    columns = "list_id name folded_name event rule url secret old_secret_until is_active paused_by active_from created_at"
    rows = [
        (list_id, b"%d" % n, b"%d" % n, b"x", b"[]", b"https://crm.invalid/", b"x", 0, 0, 1, 0, 0)
        for n in range(MAX_TRIGGERS)
    ]
    client.services.storage.write(lambda transaction: transaction.insert("triggers", columns.split(), rows))
