"""`deliveries.get`: newest first, in pages, by trigger and state; one with its bodies; nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.triggers import PUBLIC_URL, add_deliveries, deliveries_of, make_trigger


def test_deliveries_are_listed_in_pages_by_trigger_and_state(client: InProcess, shop: Shop) -> None:
    one = make_trigger(client, shop, PUBLIC_URL)["TriggerID"]
    other = make_trigger(client, shop, PUBLIC_URL, Name="Other")["TriggerID"]
    made = add_deliveries(client, shop, one, 3)
    [last] = add_deliveries(client, shop, other, 1)
    assert [each["DeliveryID"] for each in deliveries_of(client, shop)] == [last, *made[::-1]]
    assert [each["DeliveryID"] for each in deliveries_of(client, shop, TriggerID=one, Limit=2)] == made[:0:-1]
    page = deliveries_of(client, shop, BeforeDeliveryID=made[1])
    assert [each["DeliveryID"] for each in page] == made[:1]
    assert len(deliveries_of(client, shop, Status="waiting")) == 4
    assert deliveries_of(client, shop, Status="accepted") == []
    assert deliveries_of(client, shop, Status="Given Up") == []


def test_one_delivery_has_its_bodies(client: InProcess, shop: Shop) -> None:
    number = make_trigger(client, shop, PUBLIC_URL)["TriggerID"]
    first, second = add_deliveries(client, shop, number, 2)
    [delivery] = deliveries_of(client, shop, DeliveryID=first)
    assert delivery["NextAttemptAt"] == delivery["CreatedOn"]
    assert delivery["Request"] == {"n": 0}
    assert delivery["Response"] == ""
    [behind] = deliveries_of(client, shop, DeliveryID=second)
    assert behind["NextAttemptAt"] is None, "it waits for the first of its person"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"TriggerID": "x"}, 9),
        ({"TriggerID": 2**62}, 10),
        ({"DeliveryID": "x"}, 21),
        ({"DeliveryID": 2**62}, 22),
        ({"Status": "lost"}, 24),
        ({"Limit": 0}, 25),
        ({"BeforeDeliveryID": "x"}, 26),
    ],
)
def test_what_cannot_be_asked_is_refused(
    client: InProcess, shop: Shop, params: dict[str, Any], code: int
) -> None:
    assert client.call("deliveries.get", shop.key, ListID=shop.list_id, **params).codes == [code]


def test_a_delivery_of_another_list_or_trigger_is_none(client: InProcess, shop: Shop, owner: Shop) -> None:
    theirs = make_trigger(client, owner, PUBLIC_URL, Name=f"Of {shop.list_id}")["TriggerID"]
    [delivery] = add_deliveries(client, owner, theirs, 1)
    mine = make_trigger(client, shop, PUBLIC_URL)["TriggerID"]
    sent = {"ListID": shop.list_id, "DeliveryID": delivery}
    assert client.call("deliveries.get", shop.key, **sent).codes == [22]
    assert client.call("deliveries.get", shop.key, **sent, TriggerID=mine).codes == [22]
    assert client.call("delivery.retry", shop.key, **sent).codes == [22]
