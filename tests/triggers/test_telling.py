"""Triggers tell of events: signed, whole, in the order of each person, and nothing of what starts none."""

from __future__ import annotations

from typing import Any

import gevent
import pytest
from gevent.event import Event
from gevent.socket import socket

from tests.client import InProcess, Shop, Track
from tests.receiver import NO_CONTENT, Receiver, receiving, status
from tests.triggers.conftest import Make
from tracker.delivery import event_tail, trigger_worker
from tracker.delivery.sending_places import MAX_OF_TRIGGER
from tracker.delivery.trigger_worker import TriggerWorker
from tracker.storage.engine import Transaction
from tracker.storage.triggers import WaitingDelivery, delivery_queue


def test_an_event_is_told_signed_as_it_was_stored(
    client: InProcess, shop: Shop, make: Make, track: Track, receiver: Receiver
) -> None:
    made = make()
    track(Email="a@example.com", Properties={"plan": "pro"})
    told = receiver.next()
    assert told.path == "/hook"
    assert told.is_signed_by(made["Secret"])
    [recent] = client.ok("events.recent", shop.key, ListID=shop.list_id, Event="seen")["Events"]
    assert told.message == {
        "Type": "event",
        "DeliveryID": told.id,
        "ListID": shop.list_id,
        "TriggerID": made["TriggerID"],
        "Trigger": "Told",
        "Event": recent,
    }
    assert recent["Subscriber"]["EmailAddress"] == "a@example.com"


def test_other_events_are_not_told(make: Make, track: Track, receiver: Receiver) -> None:
    track(Email="a@example.com", Properties={"n": 0})
    make()
    track(Event="other")
    track(Properties={"isSilent": True})
    track(Timestamp="2026-01-01T00:00:00Z")
    track(Email="a@example.com", Properties={"n": 1})
    assert receiver.next().event["Properties"] == {"n": 1}
    assert receiver.is_empty()


def test_each_person_is_told_of_in_order(make: Make, track: Track, receiver: Receiver) -> None:
    make()
    receiver.answers = [status(500)]
    for n in range(4):
        track(Email="a@example.com", Properties={"n": n})
    assert receiver.next().event["Properties"] == {"n": 0}
    track(Email="b@example.com", Properties={"n": 9})
    assert receiver.next().event["Properties"] == {"n": 9}, "a's others wait for the first"


@pytest.mark.parametrize("database_kind", ["mariadb"], indirect=True, scope="module")
def test_a_delivery_that_ends_while_due_ones_are_read_is_not_begun_again(
    client: InProcess,
    shop: Shop,
    make: Make,
    track: Track,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a look has read is older than what was written meanwhile; of a file nothing else is read while it looks."""
    made, answered, has_read, is_over = make(), Event(), Event(), Event()
    due = delivery_queue.due_deliveries

    def read(transaction: Transaction, *about: int) -> list[WaitingDelivery]:
        found = due(transaction, *about)
        if not receiver.requests.empty() and not has_read.is_set():
            has_read.set()
            answered.set()
            with gevent.Timeout(20):
                while status_of_first() != "accepted":
                    gevent.sleep(0.01)
            gevent.idle()
            is_over.set()
        return found

    def status_of_first() -> str:
        place = {"ListID": shop.list_id, "TriggerID": made["TriggerID"]}
        [told] = client.ok("deliveries.get", shop.key, **place)["Deliveries"]
        return str(told["Status"])

    def answer(connection: socket) -> None:
        answered.wait()
        connection.sendall(NO_CONTENT)

    monkeypatch.setattr(delivery_queue, "due_deliveries", read)
    receiver.answers = [answer]
    track(Email="a@example.com", Properties={"n": 0})
    assert is_over.wait(20)
    track(Email="a@example.com", Properties={"n": 1})
    assert [receiver.next().event["Properties"]["n"] for _ in range(2)] == [0, 1]
    assert receiver.is_empty()


def test_an_event_in_another_spelling_is_told(
    client: InProcess, shop: Shop, make: Make, track: Track, receiver: Receiver
) -> None:
    about = {"ListID": shop.list_id, "Event": "Seen"}
    make()
    client.ok("event.alias", shop.key, **about, As="seen")
    track(Event="Seen", Email="a@example.com")
    assert receiver.next().event["Event"] == "Seen", "what is stored keeps its name"
    client.ok("event.unalias", shop.key, **about)
    track(Event="Seen", Email="a@example.com")
    assert receiver.is_empty()


def test_what_came_before_another_spelling_was_the_events_is_not_told(
    client: InProcess,
    shop: Shop,
    make: Make,
    track: Track,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_tail, "NEAR_OVERLAP_MS", 0)
    monkeypatch.setattr(event_tail, "OVERLAP_EVERY", 1)
    make()
    track(Event="Seen", Email="a@example.com")
    for n in range(2):  # a look has begun since
        track(Email="a@example.com", Properties={"n": n})
        receiver.next()
    client.ok("event.alias", shop.key, ListID=shop.list_id, Event="Seen", As="seen")
    track(Email="a@example.com", Properties={"n": 2})
    assert receiver.next().event["Properties"] == {"n": 2}
    assert receiver.is_empty()


def test_an_event_that_is_seen_long_after_its_id_was_made_is_told(
    make: Make, track: Track, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one whose commit took seconds: the looks that go back a little only are past it."""
    monkeypatch.setattr(event_tail, "NEAR_OVERLAP_MS", -60_000)
    monkeypatch.setattr(event_tail, "WIDE_EVERY", 10**9)
    monkeypatch.setattr(trigger_worker, "LOOK_SECONDS", 0.01)
    make()
    track(Email="a@example.com", Properties={"n": 0})
    assert receiver.next().event["Properties"] == {"n": 0}


def test_all_that_one_look_found_is_sent_without_another(
    client: InProcess, shop: Shop, make: Make, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person's messages one after the other, and those of more people than may be told at a time."""
    people = [*(f"a{n}@example.com" for n in range(2 * MAX_OF_TRIGGER)), *["a0@example.com"] * 3]
    events = [{"Event": "seen", "Email": each, "Properties": {"n": n}} for n, each in enumerate(people)]
    make()
    with monkeypatch.context() as patched:
        patched.setattr(trigger_worker, "LOOK_SECONDS", 1000)
        client.ok("event.batch", shop.key, ListID=shop.list_id, Events=events)
        client.services.triggers.wake()
        told = [receiver.next().event["Properties"]["n"] for _ in events]
    client.services.triggers.wake()
    assert sorted(told) == list(range(len(events)))
    assert [n for n in told if people[n] == people[0]] == [0, *range(2 * MAX_OF_TRIGGER, len(events))]


def test_a_change_that_another_process_made_holds_for_what_is_sent_after_it(
    client: InProcess,
    shop: Shop,
    make: Make,
    track: Track,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def change(made: dict[str, Any], **values: Any) -> None:
        """As another process does it: nobody here is woken."""
        triggers = client.services.stores.triggers
        triggers.change(shop.list_id, made["TriggerID"], values, lambda *_: None)

    first, second = make(), make(Name="Other")
    track(Properties={"n": 0})
    assert receiver.next().id != receiver.next().id
    monkeypatch.setattr(trigger_worker, "REFRESH_SECONDS", 1000)
    monkeypatch.setattr(TriggerWorker, "wake", lambda _: None)
    with receiving() as moved:
        change(second, url=moved.url)
        change(first, is_active=False)
        track(Properties={"n": 1})
        assert moved.next().event["Properties"] == {"n": 1}
        assert receiver.is_empty()
    monkeypatch.undo()
    change(first, is_active=True)
    change(second, is_active=False)
    track(Properties={"n": 2})
    assert receiver.next().event["Properties"] == {"n": 2}, "nothing of the time of the pause"
