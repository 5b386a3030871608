"""Triggers on segments tell of who comes in and who leaves, once each, and of nobody who was there before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from tests.client import InProcess, Shop, Track
from tests.commands.segments import make_segment
from tests.commands.triggers import deliveries_of, members_of, triggers_of
from tests.receiver import PATIENCE, Receiver
from tests.triggers.conftest import Make
from tracker.analytics.reports_client import ReportsClient
from tracker.api import segment_moves
from tracker.delivery import segment_watch
from tracker.errors import OutcomeUnknown
from tracker.storage.engine import Transaction
from tracker.storage.triggers import trigger_members

RULE = [{"Of": "person", "Event": "bought", "Is": "happened"}]


@pytest.fixture(scope="module", autouse=True)
def _process(client: InProcess) -> Iterator[None]:
    yield
    ReportsClient.stop_process(client.services.analytics)


@pytest.fixture(autouse=True)
def _looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have segments looked at as often as the work goes round."""
    for name in ("LOOK_SECONDS", "AGAIN_SECONDS", "SHARE", "REST"):
        monkeypatch.setattr(segment_watch, name, 0)


class Segment:
    """A segment whose people the test says, in the place of the reports process: who moves is what differs from who is kept."""

    def __init__(self, client: InProcess, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client, self.shop, self.id = client, shop, make_segment(client, shop, rule=RULE)
        self.people: set[int] = set()
        self.asked = 0
        #: The answer in the place of one.
        self.failure: dict[str, Any] | None = None
        self.as_of_ago = 0
        #: Who is kept, as a process knows it that reads too early.
        self.known: set[int] | None = None
        monkeypatch.setattr(client.services.analytics, "moves", self._moves)

    def subscriber(self, email: str) -> int:
        made = self.client.ok(
            "subscriber.create", self.shop.key, ListID=self.shop.list_id, EmailAddress=email
        )
        return int(made["SubscriberID"])

    def look(self, times: int = 2) -> None:
        """Have whole looks begin and end."""
        self.wait(lambda before=self.asked: self.asked >= before + times)

    def wait(self, condition: Any) -> Any:
        with gevent.Timeout(PATIENCE):
            while not (found := condition()):
                self.client.services.triggers.wake()
                gevent.sleep(0.005)
        return found

    def _moves(self, question: Any, _spellings: Any, _seconds: float) -> dict[str, Any]:
        self.asked += 1
        if self.failure is not None:
            return self.failure
        kept = (
            set(members_of(self.client, self.shop, question.trigger_number))
            if self.known is None
            else self.known
        )
        most = question.limit
        answer = {"entered": sorted(self.people - kept)[:most], "left": sorted(kept - self.people)[:most]}
        return {"answer": {**answer, "scope": {"as_of": question.head.now - self.as_of_ago}}}


@pytest.fixture
def segment(client: InProcess, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Segment:
    return Segment(client, shop, monkeypatch)


def test_new_subscribers_who_come_before_the_first_look_are_told(
    client: InProcess, shop: Shop, segment: Segment, make: Make, receiver: Receiver
) -> None:
    ann = segment.subscriber("ann@example.com")
    segment.failure = {"building": True}
    made = make(SegmentID=segment.id)
    ben = segment.subscriber("ben@example.com")
    segment.people = {ann, ben}
    segment.failure = None
    segment.wait(lambda: members_of(client, shop, made["TriggerID"]) == [ann, ben])
    assert receiver.next().message["SubscriberID"] == str(ben)
    segment.look()
    assert receiver.is_empty(), "nobody can say when who was known before has come"


def test_who_comes_is_told_and_who_was_there_is_not(
    client: InProcess, shop: Shop, segment: Segment, make: Make, receiver: Receiver
) -> None:
    ann, ben = segment.subscriber("ann@example.com"), segment.subscriber("ben@example.com")
    segment.people = {ann}
    made = make(SegmentID=segment.id)
    segment.wait(lambda: members_of(client, shop, made["TriggerID"]) == [ann])
    segment.look()
    segment.people = {ann, ben}
    told = receiver.next()
    assert told.is_signed_by(made["Secret"])
    assert told.message.pop("NoticedAt").endswith("Z")
    assert told.message | {"NoticedAt": None} == {
        "Type": "enter",
        "DeliveryID": told.id,
        "ListID": shop.list_id,
        "TriggerID": made["TriggerID"],
        "Trigger": "Told",
        "Segment": {"SegmentID": segment.id, "Name": "Buyers"},
        "NoticedAt": None,
        "SubscriberID": str(ben),
        "Subscriber": {"EmailAddress": "ben@example.com", "ExternalID": None},
    }
    segment.people = {ben}
    segment.look()
    assert members_of(client, shop, made["TriggerID"]) == [ben], "who leaves may come again"
    segment.people = {ann, ben}
    assert receiver.next().message["SubscriberID"] == str(ann)
    assert receiver.is_empty()
    [first, _] = deliveries_of(client, shop, TriggerID=made["TriggerID"])
    assert first["EventID"] is None
    [trigger] = triggers_of(client, shop)
    assert (trigger["LookFailure"], trigger["LookedAt"] > trigger["CreatedOn"]) == (None, True)


def test_who_leaves_is_told_but_who_is_forgotten_is_not(
    client: InProcess, shop: Shop, segment: Segment, make: Make, receiver: Receiver
) -> None:
    people = [segment.subscriber(f"{name}@example.com") for name in ("ann", "ben", "cat")]
    segment.people = {*people}
    made = make(SegmentID=segment.id, On="exit")
    segment.wait(lambda: members_of(client, shop, made["TriggerID"]) == people)
    about = {"ListID": shop.list_id, "EmailAddress": "ann@example.com"}
    forgotten = client.ok("subscriber.forget", shop.key, **about)
    assert {"Table": "trigger_members", "Rows": 1} in forgotten["Removed"]
    client.ok("subscriber.delete", shop.key, **about | {"EmailAddress": "ben@example.com"})
    assert members_of(client, shop, made["TriggerID"]) == people[2:]
    segment.people = set()
    told = receiver.next().message
    assert (told["Type"], told["SubscriberID"]) == ("exit", str(people[2]))
    segment.look()
    assert receiver.is_empty()
    assert members_of(client, shop, made["TriggerID"]) == []


def test_somebody_who_is_gone_is_not_kept(
    client: InProcess, shop: Shop, segment: Segment, make: Make, receiver: Receiver
) -> None:
    """The reports process may still have them."""
    made = make(SegmentID=segment.id)
    segment.look()
    segment.people = {5}
    segment.look()
    assert receiver.is_empty()
    assert members_of(client, shop, made["TriggerID"]) == []


def test_while_nobody_can_tell_nothing_happens_and_it_is_said(
    client: InProcess, shop: Shop, segment: Segment, make: Make, receiver: Receiver
) -> None:
    segment.failure = {"building": 0.5}
    make(SegmentID=segment.id)
    for failure, said in (
        ({"building": 0.5}, "the copy of the list for reports is being built"),
        ({"error": "unavailable", "detail": "no DuckDB"}, "reports are not available: no DuckDB"),
        ({"error": "timeout", "detail": "it was late"}, "it was late"),
    ):
        segment.failure = failure
        segment.wait(lambda said=said: triggers_of(client, shop)[0]["LookFailure"] == said)
    assert triggers_of(client, shop)[0]["LookedAt"] is None
    segment.failure = None
    segment.wait(lambda: triggers_of(client, shop)[0]["LookFailure"] is None)
    segment.people = {segment.subscriber("ann@example.com")}
    assert receiver.next().message["Type"] == "enter"


def test_a_copy_that_is_behind_says_nothing(
    client: InProcess, shop: Shop, segment: Segment, make: Make, receiver: Receiver
) -> None:
    """An older one than was looked at would have people leave who came since."""
    ann = segment.subscriber("ann@example.com")
    segment.people = {ann}
    made = make(SegmentID=segment.id, On="exit")
    segment.wait(lambda: members_of(client, shop, made["TriggerID"]) == [ann])
    segment.as_of_ago, segment.people = 60_000, set()
    segment.look(3)
    assert members_of(client, shop, made["TriggerID"]) == [ann]
    segment.as_of_ago = 0
    assert receiver.next().message["Type"] == "exit"


@pytest.mark.parametrize("change", ["rule", "pause", "way"])
def test_after_a_change_who_is_there_is_kept_anew_and_told_to_nobody(
    client: InProcess, shop: Shop, segment: Segment, make: Make, receiver: Receiver, change: str
) -> None:
    ann, ben = segment.subscriber("ann@example.com"), segment.subscriber("ben@example.com")
    made = make(SegmentID=segment.id)
    about = {"ListID": shop.list_id, "TriggerID": made["TriggerID"]}
    segment.look()
    if change == "rule":
        segment.failure = {"building": 0}
        segment.look()
        rule = [{**RULE[0], "Times": 2}]
        client.ok("segment.update", shop.key, ListID=shop.list_id, SegmentID=segment.id, Rule=rule)
    elif change == "pause":
        client.ok("trigger.update", shop.key, **about, IsActive=False)
    segment.people = {ann}
    if change == "pause":
        client.ok("trigger.update", shop.key, **about, IsActive=True)
    elif change == "way":
        assert receiver.next().message["SubscriberID"] == str(ann)
        segment.people = set()
        client.ok("trigger.update", shop.key, **about, On="exit")
    segment.failure = None
    kept = [] if change == "way" else [ann]
    segment.wait(lambda: members_of(client, shop, made["TriggerID"]) == kept)
    segment.people = {ann, ben}
    segment.wait(lambda: members_of(client, shop, made["TriggerID"]) == [ann, ben])
    if change == "way":
        segment.people = {ann}
    assert receiver.next().message["SubscriberID"] == str(ben)
    assert receiver.is_empty()


def test_many_are_kept_and_told_some_at_a_time(
    client: InProcess,
    shop: Shop,
    segment: Segment,
    make: Make,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(segment_watch, "AT_ONCE", 2)
    monkeypatch.setattr(segment_moves, "AT_ONCE", 5)
    people = [segment.subscriber(f"p{number}@example.com") for number in range(14)]
    segment.people = {*people[:7]}
    made = make(SegmentID=segment.id)
    segment.wait(lambda: members_of(client, shop, made["TriggerID"]) == people[:7])
    segment.look()
    segment.people = {*people}
    told = sorted(int(receiver.next().message["SubscriberID"]) for _ in range(7))
    assert told == people[7:]
    segment.look()
    assert receiver.is_empty()


def test_a_move_that_another_process_has_kept_is_told_once(
    client: InProcess, shop: Shop, segment: Segment, make: Make, receiver: Receiver
) -> None:
    ann, ben = segment.subscriber("ann@example.com"), segment.subscriber("ben@example.com")
    segment.people = {ann}
    made = make(SegmentID=segment.id)
    segment.wait(lambda: members_of(client, shop, made["TriggerID"]) == [ann])
    segment.look()
    segment.known, segment.people = {ann}, {ann, ben}
    assert receiver.next().message["SubscriberID"] == str(ben)
    segment.look(3)
    segment.people = set()
    segment.look(3)
    assert receiver.is_empty()
    assert members_of(client, shop, made["TriggerID"]) == [ben], "ann has left, and ben is known to nobody"


@pytest.mark.parametrize("is_committed", [False, True])
def test_a_look_that_breaks_off_goes_on_where_it_was(
    client: InProcess,
    shop: Shop,
    segment: Segment,
    make: Make,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    is_committed: bool,
) -> None:
    """Also when it is not known whether the last transaction was committed."""
    monkeypatch.setattr(segment_watch, "AT_ONCE", 2)
    made = make(SegmentID=segment.id)
    segment.look()
    people = [segment.subscriber(f"p{number}@example.com") for number in range(6)]
    apply, calls = trigger_members.apply_moves, []

    def breaking(transaction: Transaction, **params: Any) -> Any:
        calls.append(params)
        if len(calls) != 2:
            return apply(transaction, **params)
        if is_committed:
            apply(transaction, **params)
            transaction.execute("COMMIT")
            transaction.execute("BEGIN")
        raise OutcomeUnknown("the connection broke off")

    monkeypatch.setattr(trigger_members, "apply_moves", breaking)
    segment.people = {*people}
    assert sorted(int(receiver.next().message["SubscriberID"]) for _ in people) == people
    segment.look()
    assert receiver.is_empty()
    assert members_of(client, shop, made["TriggerID"]) == people
    assert len(calls) > 3


def test_who_is_in_it_goes_with_the_trigger(
    client: InProcess, shop: Shop, segment: Segment, make: Make, receiver: Receiver
) -> None:
    segment.people = {segment.subscriber("ann@example.com")}
    made = make(SegmentID=segment.id)
    segment.wait(lambda: members_of(client, shop, made["TriggerID"]))
    client.ok("trigger.delete", shop.key, ListID=shop.list_id, TriggerID=made["TriggerID"])
    segment.wait(lambda: not members_of(client, shop, made["TriggerID"]))


def test_moves_are_those_of_the_segment(
    client: InProcess,
    shop: Shop,
    make: Make,
    track: Track,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = make_segment(
        client, shop, rule=[*RULE, {"Of": "event", "Property": "price", "Is": "at least", "Value": 10}]
    )
    track(Event="bought", Email="ann@example.com", Properties={"price": 12})
    track(Event="bought", UUID="0f8fad5b-d9cb-469f-a165-70867728950e", Properties={"price": 12})
    made = make(SegmentID=number)
    _until(client, lambda: triggers_of(client, shop)[0]["LookedAt"])
    assert len(members_of(client, shop, made["TriggerID"])) == 1
    track(Event="bought", Email="ben@example.com", Properties={"price": 9})
    track(Event="bought", Email="cat@example.com", Properties={"price": 12, "isSilent": True})
    assert receiver.next().message["Subscriber"]["EmailAddress"] == "cat@example.com"
    track(Event="identify", UUID="0f8fad5b-d9cb-469f-a165-70867728950e", Email="dan@example.com")
    assert receiver.next().message["Subscriber"]["EmailAddress"] == "dan@example.com"


def _until(client: InProcess, condition: Any) -> None:
    with gevent.Timeout(60):
        while not condition():
            client.services.triggers.wake()
            gevent.sleep(0.02)
