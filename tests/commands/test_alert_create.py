"""`alert.create`: what is looked at can be, and somebody is told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.alerts import SILENT, alerts_of, fill_with_alerts, make_alert
from tests.commands.goals import last_entry
from tests.commands.stub_engine import StubEngine
from tracker.storage.alerts import MAX_ALERTS

NUMBER = {"Kind": "number", "Event": None, "Hours": None}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Name": " "}, 4),
        ({"Kind": "x"}, 5),
        ({**NUMBER, "Is": "above", "Value": 1, "Where": "x"}, 6),
        ({"Name": None}, 11),
        ({"Kind": None}, 12),
        ({"Is": "x"}, 14),
        ({"Is": "above"}, 14),
        ({"Kind": "refusals", "Event": None}, 15),
        ({"Hours": 0}, 16),
        ({"Hours": 169}, 16),
        ({**NUMBER, "Is": "above", "Value": -1}, 17),
        ({**NUMBER, "Is": "above", "Value": "1e3"}, 17),
        ({**NUMBER, "Is": "above", "Value": True}, 17),
        ({**NUMBER, "Is": "above", "Value": 1e300}, 17),
        ({**NUMBER, "Is": "above"}, 18),
        ({"Is": "less than usual", "Minimum": -1}, 19),
        ({"Event": ""}, 20),
        ({**NUMBER, "Is": "above", "Value": 1, "Measure": "x"}, 21),
        ({"Event": None}, 22),
        ({**NUMBER, "Is": "above", "Value": 1, "GoalID": 0}, 23),
        ({**NUMBER, "Is": "above", "Value": 1, "SegmentID": "x"}, 24),
        ({**NUMBER, "Is": "above", "Value": 1, "Currency": ""}, 25),
        ({"Value": 5}, 26),
        ({"Minimum": 5}, 26),
        ({"Measure": "people"}, 26),
        ({"Kind": "refusals", "Is": "new origin"}, 26),
        ({**NUMBER, "Is": "above", "Value": 1, "GoalID": 10**6}, 27),
        ({**NUMBER, "Is": "above", "Value": 1, "SegmentID": 10**6}, 27),
        ({"To": ["x"]}, 28),
        ({"To": "ada@example.com"}, 28),
        ({"To": ["a@example.com"] * 21}, 28),
        ({"To": ["ada@example.com\r\nBcc: eve@example.com"]}, 28),
        ({"URL": "http://127.0.0.1/"}, 29),
        ({"URL": "ftp://crm.example"}, 29),
        ({"To": None}, 30),
        ({"To": []}, 30),
        ({"IsActive": "x"}, 31),
    ],
)
def test_what_is_no_alert_has_its_number_and_is_none(
    client: InProcess, shop: Shop, engine: StubEngine, params: dict[str, Any], code: int
) -> None:
    engine.reply = {"building": 0.5}
    sent = {name: value for name, value in {**SILENT, **params}.items() if value is not None}
    assert client.call("alert.create", shop.key, ListID=shop.list_id, **sent).refusal == (422, [code])
    assert alerts_of(client, shop) == []


def test_an_alert_is_kept_with_what_goes_without_saying(client: InProcess, shop: Shop) -> None:
    made = make_alert(client, shop, Is="less than usual", Hours=None, URL="https://crm.invalid/hook")
    assert made["Secret"].startswith("whsec_")
    [one] = alerts_of(client, shop)
    assert (one["Kind"], one["Is"], one["Hours"]) == ("silence", "less than usual", 24)
    assert (one["Value"], one["Minimum"], one["Event"], one["Measure"]) == (50.0, 20, "order", None)
    assert one["Rule"] == "“order” in the last 24 hours less than 50 % of what is usual"
    assert (one["State"], one["LookedAt"], one["Reading"], one["IsActive"]) == ("ok", None, None, True)
    assert [to["EmailAddress"] for to in one["To"]] == ["ada@example.com"]
    assert last_entry(client, shop) == ("alert.create", f"list:{shop.list_id} alert:{made['AlertID']}")


def test_reports_that_are_away_are_no_fault_of_an_alert(
    client: InProcess, shop: Shop, engine: StubEngine
) -> None:
    engine.reply = {"error": "unavailable", "detail": "away"}
    sent: dict[str, Any] = {**NUMBER, "Is": "up", "Value": 12.5, "Measure": "revenue"}
    assert make_alert(client, shop, **sent)["Secret"] is None
    [one] = alerts_of(client, shop)
    assert (one["Value"], one["Minimum"], one["Measure"]) == (12.5, 20, "revenue")


def test_who_may_not_see_numbers_cannot_have_them_told(
    client: InProcess, shop: Shop, engine: StubEngine
) -> None:
    engine.reply = {"building": 0.5}
    key = client.services.stores.keys.add(shop.user_id, "Shares.Update")
    sent = {
        "ListID": shop.list_id,
        "Name": "x",
        "Kind": "number",
        "Is": "above",
        "Value": 1,
        "To": ["a@x.example"],
    }
    assert client.call("alert.create", key, **sent).status == 403
    assert client.call("alert.create", key, **{**sent, **SILENT, "Is": None, "Value": None}).status == 200


def test_a_number_needs_the_engine(client: InProcess, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client.services.analytics, "is_installed", lambda: False)
    sent = {
        "ListID": shop.list_id,
        "Name": "x",
        "Kind": "number",
        "Is": "above",
        "Value": 1,
        "To": ["a@x.example"],
    }
    assert client.call("alert.create", shop.key, **sent).refusal == (422, [33])
    make_alert(client, shop)


def test_names_are_each_ones_own_and_a_list_has_so_many(client: InProcess, shop: Shop) -> None:
    make_alert(client, shop)
    again = client.call("alert.create", shop.key, ListID=shop.list_id, **{**SILENT, "Name": "ORDERS stopped"})
    assert again.refusal == (422, [7])
    fill_with_alerts(client, shop.list_id, MAX_ALERTS - 1)
    more = client.call("alert.create", shop.key, ListID=shop.list_id, **{**SILENT, "Name": "More"})
    assert more.refusal == (422, [8])
