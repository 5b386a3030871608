"""`alert.delete`: an alert goes away with its addresses."""

from __future__ import annotations

import pytest

from tests.client import InProcess, Shop
from tests.commands.alerts import alerts_of, make_alert


def test_an_alert_goes_with_its_addresses(client: InProcess, shop: Shop) -> None:
    about = {"ListID": shop.list_id, "AlertID": make_alert(client, shop)["AlertID"]}
    client.ok("alert.delete", shop.key, **about)
    assert alerts_of(client, shop) == []
    sql = "SELECT address FROM alert_recipients WHERE list_id = ?"
    assert client.rows(sql, shop.list_id) == []
    assert client.call("alert.delete", shop.key, **about).refusal == (422, [10])


@pytest.mark.parametrize(("number", "code"), [("x", 9), (0, 9), (None, 13)])
def test_a_wrong_number_is_refused(client: InProcess, shop: Shop, number: object, code: int) -> None:
    answer = client.call("alert.delete", shop.key, ListID=shop.list_id, AlertID=number)
    assert answer.refusal == (422, [code])
