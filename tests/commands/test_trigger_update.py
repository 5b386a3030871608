"""`trigger.update`: what is not sent stays, what cannot be is refused and changes nothing; pauses, and new secrets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.goals import last_entry
from tests.commands.triggers import CONDITION, PUBLIC_URL, make_trigger, triggers_of
from tracker.analytics.reports_client import ReportsClient


@pytest.mark.parametrize(
    ("params", "changed"),
    [
        ({}, {}),
        ({"Name": "TOLD"}, {"Name": "TOLD"}),
        ({"Event": "order"}, {"Event": "order"}),
        ({"Where": []}, {"Where": []}),
        ({"URL": "http://9.9.9.9/x?y=1"}, {"URL": "http://9.9.9.9/x?y=1"}),
        ({"IsActive": False}, {"IsActive": False, "PausedBy": "user"}),
        ({"IsActive": True}, {}),
    ],
)
def test_what_is_not_sent_stays(
    client: InProcess, shop: Shop, params: dict[str, Any], changed: dict[str, Any]
) -> None:
    number = make_trigger(client, shop, PUBLIC_URL, Where=[CONDITION])["TriggerID"]
    [before] = triggers_of(client, shop)
    answer = client.ok("trigger.update", shop.key, ListID=shop.list_id, TriggerID=number, **params)
    assert answer == {"Success": True, "ErrorCode": 0, "ErrorText": ""}
    assert triggers_of(client, shop) == [before | changed]
    assert last_entry(client, shop) == ("trigger.update", f"list:{shop.list_id} trigger:{number}")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Name": " "}, 4),
        ({"Event": "x" * 201}, 5),
        ({"Where": [{"Is": "is set"}]}, 6),
        ({"Name": "the OTHER"}, 7),
        ({"TriggerID": "x"}, 9),
        ({"TriggerID": 2**62}, 10),
        ({"TriggerID": None}, 13),
        ({"URL": "http://10.0.0.1/"}, 17),
        ({"IsActive": 2}, 18),
        ({"NewSecret": "x"}, 19),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    client: InProcess, shop: Shop, params: dict[str, Any], code: int
) -> None:
    number = make_trigger(client, shop, PUBLIC_URL)["TriggerID"]
    make_trigger(client, shop, PUBLIC_URL, Name="The other")
    before = triggers_of(client, shop)
    sent = {"ListID": shop.list_id, "TriggerID": number, **params}
    assert client.call("trigger.update", shop.key, **sent).codes == [code]
    assert triggers_of(client, shop) == before


def test_a_new_secret_is_another_one(client: InProcess, shop: Shop) -> None:
    made = make_trigger(client, shop, PUBLIC_URL)
    sent = {"ListID": shop.list_id, "TriggerID": made["TriggerID"]}
    changed = client.ok("trigger.update", shop.key, **sent, NewSecret=True)
    assert changed["Secret"] != made["Secret"]
    assert "Secret" not in client.ok("trigger.update", shop.key, **sent, NewSecret=False)


def test_conditions_need_the_engine(client: InProcess, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    number = make_trigger(client, shop, PUBLIC_URL)["TriggerID"]
    monkeypatch.setattr(ReportsClient, "is_installed", lambda _: False)
    sent = {"ListID": shop.list_id, "TriggerID": number}
    assert client.call("trigger.update", shop.key, **sent, Where=[CONDITION]).codes == [20]
