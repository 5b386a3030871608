"""`trigger.test`: a made-up message goes out at once, signed, and the answer tells what came of it."""

from __future__ import annotations

import pytest

from tests.client import InProcess, NewClient, Shop
from tests.commands.triggers import deliveries_of, make_trigger
from tests.receiver import ALLOWED, receiving, status


@pytest.fixture(scope="module")
def client(new_client: NewClient) -> InProcess:
    return new_client(ALLOWED)


def test_a_message_is_sent_and_the_answer_shown(client: InProcess, shop: Shop) -> None:
    with receiving() as receiver:
        receiver.answers = [status(418, "a teapot ☕".encode())]
        made = make_trigger(client, shop, receiver.url, IsActive=False)
        sent = {"ListID": shop.list_id, "TriggerID": made["TriggerID"]}
        answer = client.ok("trigger.test", shop.key, **sent)
        told = receiver.next()
    assert told.is_signed_by(made["Secret"])
    assert told.message == answer["Request"]
    assert (told.message["Type"], told.message["DeliveryID"]) == ("test", None)
    assert (answer["IsAccepted"], answer["Status"], answer["Failure"]) == (False, 418, None)
    assert answer["Response"] == "a teapot ☕"
    assert deliveries_of(client, shop) == []


def test_both_secrets_sign_after_an_exchange(client: InProcess, shop: Shop) -> None:
    with receiving() as receiver:
        made = make_trigger(client, shop, receiver.url)
        sent = {"ListID": shop.list_id, "TriggerID": made["TriggerID"]}
        changed = client.ok("trigger.update", shop.key, **sent, NewSecret=True)
        assert client.ok("trigger.test", shop.key, **sent)["IsAccepted"]
        told = receiver.next()
    assert told.is_signed_by(made["Secret"])
    assert told.is_signed_by(changed["Secret"])


def test_a_target_that_is_away_is_said(client: InProcess, shop: Shop) -> None:
    with receiving() as receiver:
        url = receiver.url
    made = make_trigger(client, shop, url)
    answer = client.ok("trigger.test", shop.key, ListID=shop.list_id, TriggerID=made["TriggerID"])
    assert answer["Status"] is None
    assert answer["Failure"] == "no answer: Connection refused"


@pytest.mark.parametrize(("sent", "code"), [({"TriggerID": "x"}, 9), ({}, 13), ({"TriggerID": 5}, 10)])
def test_what_is_no_trigger_is_refused(
    client: InProcess, shop: Shop, sent: dict[str, object], code: int
) -> None:
    assert client.call("trigger.test", shop.key, ListID=shop.list_id, **sent).codes == [code]
