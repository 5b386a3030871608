"""`alert.test`: what an alert would say now, told to its receivers as a test; its state stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.client import InProcess, NewClient, Shop
from tests.commands.alerts import alerts_of, make_alert, the_alert
from tests.commands.stub_engine import StubEngine
from tests.receiver import ALLOWED, Receiver, receiving


@pytest.fixture(scope="module")
def client(new_client: NewClient) -> InProcess:
    return new_client(ALLOWED)


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def test_a_test_says_what_is_found_and_decides_nothing(
    client: InProcess, shop: Shop, receiver: Receiver
) -> None:
    made = make_alert(client, shop, URL=receiver.url)
    told = client.ok("alert.test", shop.key, ListID=shop.list_id, AlertID=made["AlertID"])
    assert (told["IsBad"], told["Found"], told["MailCount"]) == (True, "It was not seen", 1)
    assert (told["Posted"]["IsAccepted"], told["Posted"]["Status"]) == (True, 204)
    got = receiver.next()
    assert got.is_signed_by(made["Secret"])
    assert got.message == told["Posted"]["Request"]
    assert (got.message["Type"], got.message["FiringID"]) == ("test", None)
    found = the_alert(client, shop)
    assert (found["State"], found["LookedAt"], found["Firings"]) == ("ok", None, [])
    assert [(each["Type"], each["Status"]) for each in found["Notices"]] == [("test", "waiting")]


def test_a_test_without_a_url_or_an_answer(client: InProcess, shop: Shop, engine: StubEngine) -> None:
    engine.reply = {"building": 0.5}
    made = make_alert(client, shop, Kind="number", Event=None, Is="above", Value=1)
    told = client.ok("alert.test", shop.key, ListID=shop.list_id, AlertID=made["AlertID"])
    assert (told["IsBad"], told["Found"], told["Posted"]) == (None, None, None)
    assert told["Trouble"] == "the copy of the list for reports is being built"


@pytest.mark.parametrize(("number", "code"), [("x", 9), (2**62, 10), (None, 13)])
def test_a_wrong_number_is_refused(client: InProcess, shop: Shop, number: object, code: int) -> None:
    answer = client.call("alert.test", shop.key, ListID=shop.list_id, AlertID=number)
    assert answer.refusal == (422, [code])
    assert alerts_of(client, shop) == []
