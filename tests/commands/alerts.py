"""Calls about alerts that several tests make."""

from __future__ import annotations

from typing import Any

from tests.client import InProcess, Shop
from tracker.domain.alert_rule import AlertReading, AlertRule
from tracker.storage.alerts import MAX_ALERTS
from tracker.storage.engine import Transaction

#: An alert that needs no engine: an event that was never sent.
SILENT = {
    "Name": "Orders stopped",
    "Kind": "silence",
    "Event": "order",
    "Hours": 3,
    "To": ["ada@example.com"],
}


def make_alert(client: InProcess, shop: Shop, **params: Any) -> dict[str, Any]:
    """A new alert of the shop's list, as `alert.create` answers; what is None is not sent."""
    sent = {name: value for name, value in {**SILENT, **params}.items() if value is not None}
    return client.ok("alert.create", shop.key, ListID=shop.list_id, **sent)


def alerts_of(client: InProcess, shop: Shop, **params: Any) -> list[dict[str, Any]]:
    answer = client.ok("alerts.get", shop.key, ListID=shop.list_id, **params)
    assert answer["TotalAlertCount"] == len(answer["Alerts"])
    found: list[dict[str, Any]] = answer["Alerts"]
    return found


def the_alert(client: InProcess, shop: Shop) -> dict[str, Any]:
    """The list's one alert, with its history."""
    [one] = alerts_of(client, shop)
    [found] = alerts_of(client, shop, AlertID=one["AlertID"])
    return found


def fill_with_alerts(client: InProcess, list_id: int, count: int = MAX_ALERTS) -> None:
    """So many alerts of a list, all paused."""
    columns = "list_id name folded_name rule secret is_active state since looked_at due_at version created_at"
    rule = b'{"kind":"silence","word":"not seen","event":"x"}'
    rows = [(list_id, b"%d" % n, b"%d" % n, rule, b"x", 0, 0, 0, 0, 0, 0, 0) for n in range(count)]
    client.services.storage.write(lambda transaction: transaction.insert("alerts", columns.split(), rows))


def watched_alert(client: InProcess, list_id: int) -> int:
    """The number of an alert of the list that is firing and whose mail was accepted, written as it is stored; always the same."""
    alerts = client.services.stores.alerts
    if there := alerts.of_list(list_id):
        return int(there[0].id)
    rule = AlertRule("silence", "not seen", 3, event="order").stored()
    columns = {"name": "Sales stopped", "rule": rule, "url": None, "url_secret": None, "is_active": True}
    address = ("ada@example.com", "ada@example.com")
    made = alerts.make(list_id, columns, [address], lambda *_: None)
    reading = AlertReading("0", words="It is 0").stored()

    def write(transaction: Transaction) -> None:
        sql = "UPDATE alerts SET state = 1, looked_at = 1, reading = ? WHERE id = ?"
        transaction.execute(sql, (reading, made))
        sql = "UPDATE alert_recipients SET state = 2, tried_at = 1 WHERE list_id = ? AND alert_id = ?"
        transaction.execute(sql, (list_id, made))

    client.services.storage.write(write)
    return made
