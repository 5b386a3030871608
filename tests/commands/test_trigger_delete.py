"""`trigger.delete`: a trigger is gone at once with its deliveries, and nobody else's is."""

from __future__ import annotations

from tests.client import InProcess, Shop
from tests.commands.goals import last_entry
from tests.commands.triggers import PUBLIC_URL, add_deliveries, deliveries_of, make_trigger, triggers_of


def test_a_trigger_is_gone_with_its_deliveries(client: InProcess, shop: Shop) -> None:
    number = make_trigger(client, shop, PUBLIC_URL)["TriggerID"]
    kept = make_trigger(client, shop, PUBLIC_URL, Name="Kept")["TriggerID"]
    add_deliveries(client, shop, number, 3)
    add_deliveries(client, shop, kept, 1)
    sent = {"ListID": shop.list_id, "TriggerID": number}
    assert client.ok("trigger.delete", shop.key, **sent) == {
        "Success": True,
        "ErrorCode": 0,
        "ErrorText": "",
    }
    assert last_entry(client, shop) == ("trigger.delete", f"list:{shop.list_id} trigger:{number}")
    assert [each["TriggerID"] for each in triggers_of(client, shop)] == [kept]
    assert [each["TriggerID"] for each in deliveries_of(client, shop)] == [kept]
    assert client.call("trigger.delete", shop.key, **sent).codes == [10]


def test_a_trigger_of_another_list_is_none(client: InProcess, shop: Shop, owner: Shop) -> None:
    theirs = make_trigger(client, owner, PUBLIC_URL, Name=f"Of list {shop.list_id}")["TriggerID"]
    sent = {"ListID": shop.list_id, "TriggerID": theirs}
    for command in ("trigger.delete", "trigger.update", "trigger.test", "deliveries.get"):
        assert client.call(command, shop.key, **sent).codes == [10], command
    assert theirs in [each["TriggerID"] for each in triggers_of(client, owner)]
