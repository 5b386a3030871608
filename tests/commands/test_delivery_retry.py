"""`delivery.retry`: a delivery is due again, with its days of retries; not one of a trigger that is paused."""

from __future__ import annotations

import pytest

from tests.client import InProcess, Shop
from tests.commands.triggers import PUBLIC_URL, add_deliveries, deliveries_of, make_trigger
from tracker.storage.triggers import NEVER, DeliveryState, PostAttempt, delivery_queue


def test_a_finished_delivery_is_due_again(client: InProcess, shop: Shop) -> None:
    number = make_trigger(client, shop, PUBLIC_URL)["TriggerID"]
    [delivery] = add_deliveries(client, shop, number, 1)
    attempt = PostAttempt(1_000, 5, None, "the host has no address", b"")
    client.services.storage.write(
        lambda t: delivery_queue.finish(
            t, shop.list_id, int(delivery), attempt, DeliveryState.GIVEN_UP, NEVER
        )
    )
    [given_up] = deliveries_of(client, shop)
    assert (given_up["Status"], given_up["NextAttemptAt"]) == ("given up", None)
    client.ok("delivery.retry", shop.key, ListID=shop.list_id, DeliveryID=delivery)
    [again] = deliveries_of(client, shop)
    assert (again["Status"], again["FinishedOn"]) == ("waiting", None)
    assert again["NextAttemptAt"] is not None
    assert again["Attempts"] == given_up["Attempts"]
    assert again["Attempts"][0]["Failure"] == "the host has no address"


def test_a_paused_trigger_sends_nothing(client: InProcess, shop: Shop) -> None:
    number = make_trigger(client, shop, PUBLIC_URL)["TriggerID"]
    first, second = add_deliveries(client, shop, number, 2)
    sent = {"ListID": shop.list_id, "TriggerID": number}
    client.ok("trigger.update", shop.key, **sent, IsActive=False)
    assert [each["NextAttemptAt"] for each in deliveries_of(client, shop)] == [None, None]
    answer = client.call("delivery.retry", shop.key, ListID=shop.list_id, DeliveryID=first)
    assert answer.codes == [27]
    client.ok("trigger.update", shop.key, **sent, IsActive=True)
    due = {each["DeliveryID"]: each["NextAttemptAt"] for each in deliveries_of(client, shop)}
    assert due[first] is not None, "the first of each person goes on"
    assert due[second] is None


@pytest.mark.parametrize(("sent", "code"), [({"DeliveryID": "x"}, 21), ({}, 23), ({"DeliveryID": 5}, 22)])
def test_what_is_no_delivery_is_refused(
    client: InProcess, shop: Shop, sent: dict[str, object], code: int
) -> None:
    assert client.call("delivery.retry", shop.key, ListID=shop.list_id, **sent).codes == [code]
