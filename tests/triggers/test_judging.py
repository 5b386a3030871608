"""Conditions of triggers mean what they mean in reports: the same process judges them, without a copy of the list."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.client import InProcess, Shop, Track
from tests.commands.triggers import CONDITION, triggers_of
from tests.receiver import Receiver
from tests.triggers.conftest import Make
from tracker.analytics.reports_client import ReportsClient

EXPLODES = {"Of": "event", "Property": "plan", "Is": "matches regex", "Value": "^(a+)+$"}


@pytest.fixture(scope="module", autouse=True)
def _process(client: InProcess) -> Iterator[None]:
    yield
    ReportsClient.stop_process(client.services.analytics)


def test_only_events_for_which_the_conditions_hold_are_told(
    client: InProcess, shop: Shop, make: Make, track: Track, receiver: Receiver
) -> None:
    make(Where=[CONDITION, {"Of": "event", "Property": "seats", "Is": "at least", "Value": 3}])
    make(Name="Any plan", Where=[{**CONDITION, "Is": "is set", "Value": None}])
    make(Name="Regex", Where=[EXPLODES])
    for plan, seats in (("free", 9), ("pro", 2), ("pro", "3.0"), ("a" * 5_000 + "!", 1)):
        track(Email="a@example.com", Properties={"plan": plan, "seats": seats})
    told = [receiver.next() for _ in range(5)]
    assert [each.event["Properties"] for each in told if each.message["Trigger"] == "Told"] == [
        {"plan": "pro", "seats": "3.0"}
    ]
    assert sum(each.message["Trigger"] == "Any plan" for each in told) == 4
    assert not client.services.analytics.has_copy(shop.list_id)


def test_while_nobody_can_judge_events_wait_and_those_without_conditions_do_not(
    client: InProcess, make: Make, track: Track, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReportsClient, "judge", lambda *_: None)
    make(Where=[CONDITION])
    make(Name="Plain")
    track(Email="a@example.com", Properties={"plan": "pro"})
    assert receiver.next().message["Trigger"] == "Plain"
    monkeypatch.undo()
    client.services.triggers.wake()
    assert receiver.next().message["Trigger"] == "Told"


def test_conditions_that_nobody_can_judge_pause_the_trigger(
    client: InProcess, shop: Shop, make: Make, track: Track, receiver: Receiver
) -> None:
    """RE2 refuses some expressions that look right: this one would need more memory than it may have."""
    make(Where=[{**CONDITION, "Is": "matches regex", "Value": "((a{100}){100}){100}"}])
    make(Name="Fine", Where=[CONDITION])
    track(Email="a@example.com", Properties={"plan": "pro"})
    assert receiver.next().message["Trigger"] == "Fine"
    [paused, fine] = triggers_of(client, shop)
    assert (paused["PausedBy"], fine["PausedBy"]) == ("conditions", None)


def test_conditions_know_every_spelling(
    client: InProcess, shop: Shop, make: Make, track: Track, receiver: Receiver
) -> None:
    make(Where=[CONDITION])
    for name, shown in ({"Event": "Seen"}, "seen"), ({"Property": "Plan"}, "plan"):
        client.ok("event.alias", shop.key, ListID=shop.list_id, **name, As=shown)
    track(Event="Seen", Email="a@example.com", Properties={"Plan": "free"})
    track(Event="Seen", Email="a@example.com", Properties={"Plan": "pro"})
    assert receiver.next().event["Properties"] == {"Plan": "pro"}
