"""Failures of targets: retried with the same id, told in `triggers.get` and the log, paused after a day; and what is forgotten."""

from __future__ import annotations

import gevent
import pytest
from gevent.event import Event
from gevent.socket import socket

from tests.client import InProcess, Shop, Track
from tests.commands.goals import last_entry
from tests.commands.triggers import deliveries_of, triggers_of
from tests.receiver import Receiver, receiving, status
from tests.triggers.conftest import Make
from tracker.delivery import delivering
from tracker.delivery.sending_places import MIN_OF_TRIGGER
from tracker.storage.triggers import DeliveryState


def when(holds: object) -> None:
    """Return when it holds."""
    with gevent.Timeout(20):
        while not holds():  # type: ignore[operator]
            gevent.sleep(0.005)


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "FIRST_RETRY_MS", 1)
    monkeypatch.setattr("tracker.delivery.trigger_worker.LOOK_SECONDS", 0.01)


def test_a_refused_delivery_is_repeated_with_its_id_and_then_the_next_goes(
    client: InProcess, shop: Shop, make: Make, track: Track, receiver: Receiver
) -> None:
    make()
    receiver.answers = [status(503, b"later"), status(302, b"", "Location: http://127.0.0.1:1/")]
    for n in range(2):
        track(Email="a@example.com", Properties={"n": n})
    told = [receiver.next() for _ in range(4)]
    assert [each.event["Properties"]["n"] for each in told] == [0, 0, 0, 1]
    assert len({each.id for each in told}) == 2
    assert len({each.body for each in told[:3]}) == 1
    when(lambda: len(deliveries_of(client, shop, Status="accepted")) == 2)
    [_, first] = deliveries_of(client, shop)
    assert [each["Status"] for each in first["Attempts"]] == [503, 302, 204], "a redirect is not followed"
    assert triggers_of(client, shop)[0]["FailingSince"] is None


def test_a_trigger_that_fails_for_a_day_is_paused(
    client: InProcess,
    shop: Shop,
    make: Make,
    track: Track,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = make()
    monkeypatch.setattr(delivering, "FAILING_MS", 0)
    receiver.answers = [status(500, b"out of order")]
    track(Email="a@example.com")
    when(lambda: not triggers_of(client, shop)[0]["IsActive"])
    [trigger] = triggers_of(client, shop)
    assert (trigger["PausedBy"], trigger["LastFailure"]) == ("failures", "the answer was 500")
    assert trigger["FailingSince"] is not None
    assert last_entry(client, shop) == ("trigger.paused", f"list:{shop.list_id} trigger:{made['TriggerID']}")
    track(Email="b@example.com")
    monkeypatch.undo()
    client.ok("trigger.update", shop.key, ListID=shop.list_id, TriggerID=made["TriggerID"], IsActive=True)
    told = [receiver.next(), receiver.next()]
    assert told[0].id == told[1].id, "what waited goes on; what came meanwhile started none"
    [delivery] = deliveries_of(client, shop, DeliveryID=told[1].id)
    assert delivery["Request"] == told[1].message
    assert delivery["Response"] in ("", "out of order")


def test_a_delivery_is_given_up_after_its_days(
    client: InProcess,
    shop: Shop,
    make: Make,
    track: Track,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make()
    monkeypatch.setattr(delivering, "TRIED_MS", 0)
    receiver.answers = [status(400)]
    for n in range(2):
        track(Email="a@example.com", Properties={"n": n})
    assert [receiver.next().event["Properties"]["n"] for _ in range(2)] == [0, 1]
    when(lambda: len(deliveries_of(client, shop, Status="accepted")) == 1)
    [given_up] = deliveries_of(client, shop, Status="given up")
    client.ok("delivery.retry", shop.key, ListID=shop.list_id, DeliveryID=given_up["DeliveryID"])
    assert receiver.next().id == given_up["DeliveryID"]
    assert DeliveryState.GIVEN_UP == 2


def test_a_target_that_hangs_holds_up_no_other(make: Make, track: Track, receiver: Receiver) -> None:
    def hang(connection: socket) -> None:
        connection.recv(1)

    with receiving() as hanging:
        hanging.answers = [hang] * 100
        make(URL=hanging.url)
        make(Name="Answers")
        for n in range(40):
            track(Email=f"a{n}@example.com")
        assert len({receiver.next().id for _ in range(40)}) == 40


def test_many_targets_that_hang_leave_places_to_one_that_answers(
    make: Make, track: Track, receiver: Receiver
) -> None:
    hung = Event()

    def hang(_: socket) -> None:
        hung.wait()

    with receiving() as hanging:
        hanging.answers = [hang] * 1000
        for n in range(8):
            make(Name=f"Hangs {n}", URL=hanging.url, Event="slow")
        make(Name="Answers")
        for n in range(30):
            track(Event="slow", Email=f"a{n}@example.com")
        for _ in range(8 * MIN_OF_TRIGGER):
            hanging.next()
        track(Email="a0@example.com")
        receiver.next(5.0)
        assert hanging.is_empty(), "the fewest places each, while they have not answered"
        hung.set()


def test_what_is_forgotten_or_deleted_leaves_no_delivery(
    client: InProcess, shop: Shop, make: Make, track: Track, receiver: Receiver
) -> None:
    make()
    track(Email="a@example.com")
    track(Email="b@example.com")
    track(Email="c@example.com")
    for _ in range(3):
        receiver.next()
    when(lambda: len(deliveries_of(client, shop, Status="accepted")) == 3)
    gone = client.ok("subscriber.forget", shop.key, ListID=shop.list_id, EmailAddress="a@example.com")
    client.ok("subscriber.delete", shop.key, ListID=shop.list_id, EmailAddress="b@example.com")
    [left] = client.rows("SELECT body FROM deliveries WHERE list_id = ?", shop.list_id)
    assert b"c@example.com" in bytes(left[0])
    assert {"Check": "deliveries", "Found": 0} in gone["Checks"]
    assert {"Table": "deliveries", "Rows": 1} in gone["Removed"]


def test_a_visitor_who_turns_out_to_be_known_stays_in_order(
    make: Make, track: Track, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "FIRST_RETRY_MS", 50)
    make()
    receiver.answers = [status(500)]
    uuid = track(Properties={"n": 0}).body["uuid"]
    receiver.next()
    track(UUID=uuid, Email="a@example.com", Properties={"n": 1})
    track(Email="b@example.com", Properties={"n": 2})
    told = [receiver.next().event["Properties"]["n"] for _ in range(3)]
    assert sorted(told) == [0, 1, 2]
    assert told.index(0) < told.index(1)
