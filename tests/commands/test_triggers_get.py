"""`triggers.get`: in the order they were made; permissions and other people's lists for all commands about triggers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.triggers import PUBLIC_URL, make_trigger, triggers_of

CALLS: dict[str, dict[str, Any]] = {
    "deliveries.get": {},
    "delivery.retry": {"DeliveryID": 1},
    "trigger.create": {"Name": "x", "Event": "x", "URL": PUBLIC_URL},
    "trigger.delete": {"TriggerID": 1},
    "trigger.test": {"TriggerID": 1},
    "trigger.update": {"TriggerID": 1},
    "triggers.get": {},
}
READS = {"triggers.get": "List.Get", "deliveries.get": "Subscribers.Get"}


def test_triggers_are_listed_as_they_were_made(client: InProcess, shop: Shop) -> None:
    assert triggers_of(client, shop) == []
    made = [make_trigger(client, shop, PUBLIC_URL, Name=name)["TriggerID"] for name in ("b", "a", "c")]
    assert [(each["TriggerID"], each["Name"]) for each in triggers_of(client, shop)] == list(
        zip(made, "bac", strict=True)
    )


@pytest.mark.parametrize("command", CALLS)
def test_anothers_list_a_missing_one_and_the_hidden_one_give_the_same_bytes(
    client: InProcess, shop: Shop, command: str
) -> None:
    stranger = client.open_shop(f"{command}@example.com")
    numbers = [stranger.list_id, 2**62, client.services.stores.lists.hidden_id(shop.user_id)]
    answers = {client.call(command, shop.key, ListID=number, **CALLS[command]).raw for number in numbers}
    assert answers == {b'{"Errors":[{"Code":3,"Message":"List not found"}]}'}
    assert triggers_of(client, stranger) == []
    assert client.call(command, shop.key, ListID="x", **CALLS[command]).codes == [2]


@pytest.mark.parametrize("command", CALLS)
def test_permissions(client: InProcess, shop: Shop, command: str) -> None:
    needed, other = READS.get(command, "Trigger.Update"), "List.Update"
    keys = client.services.stores.keys
    assert client.call(command, keys.add(shop.user_id, other)).codes == [403]
    assert client.call(command, keys.add(shop.user_id, needed)).status == 422


def test_who_may_not_change_triggers_sees_no_more_of_a_url_than_its_host(
    client: InProcess, shop: Shop
) -> None:
    url = "https://93.184.215.14:8443/hooks/T0/secret?token=x"
    make_trigger(client, shop, url)
    assert triggers_of(client, shop)[0]["URL"] == url
    key = client.services.stores.keys.add(shop.user_id, "List.Get")
    [seen] = client.ok("triggers.get", key, ListID=shop.list_id)["Triggers"]
    assert seen["URL"] == "https://93.184.215.14:8443/…"
