"""`alerts.get`: alerts as they stand, and one with its history."""

from __future__ import annotations

import pytest

from tests.client import InProcess, Shop
from tests.commands.alerts import alerts_of, make_alert


def test_alerts_are_listed_oldest_first_and_one_has_its_history(client: InProcess, shop: Shop) -> None:
    made = [make_alert(client, shop, Name=name)["AlertID"] for name in ("One", "Two")]
    found = alerts_of(client, shop)
    assert [each["AlertID"] for each in found] == made
    assert "Firings" not in found[0]
    [one] = alerts_of(client, shop, AlertID=made[1])
    assert (one["Name"], one["Firings"], one["Notices"]) == ("Two", [], [])


def test_whether_mails_are_sent_is_told(client: InProcess, shop: Shop) -> None:
    assert not client.ok("alerts.get", shop.key, ListID=shop.list_id)["IsMailSent"]


@pytest.mark.parametrize(("number", "code"), [("x", 9), (2**62, 10)])
def test_a_wrong_number_is_refused(client: InProcess, shop: Shop, number: object, code: int) -> None:
    answer = client.call("alerts.get", shop.key, ListID=shop.list_id, AlertID=number)
    assert answer.refusal == (422, [code])


def test_alerts_of_others_are_not_found(client: InProcess, shop: Shop) -> None:
    other = client.open_shop(f"other{shop.list_id}@example.com")
    made = make_alert(client, other)["AlertID"]
    answer = client.call("alerts.get", shop.key, ListID=shop.list_id, AlertID=made)
    assert answer.refusal == (422, [10])
