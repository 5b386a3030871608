"""Do events go when a list keeps them no longer, and only they? `list.update`, the daily job, `tracker db check`."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.contract.conftest import Track
from tests.contract.desk import Desk, Shop
from tracker.integrity.counter_check import recount
from tracker.jobs.lease import LeasedJob

ORDER = {"conversion-name": "Order", "conversion-value": 3.5, "conversion-currency": "EUR"}


def ago(**past: float) -> str:
    return (datetime.now(UTC) - timedelta(**past)).isoformat()


def update(desk: Desk, shop: Shop, **settings: Any) -> dict[str, Any]:
    answer = desk.call("list.update", shop.key, ListID=shop.list_id, **settings)
    assert answer.status == 200, answer.body
    return dict(answer.body)


def one_day(desk: Desk, shop: Shop) -> int:
    """What a server does once a day; how many events were deleted."""
    jobs = desk.services.jobs
    claimed: LeasedJob = jobs.claim(jobs.find(shop.list_id, "retention", 0))
    while claimed.is_open:
        claimed.step()
    return int(claimed.job.state["last"]["removed"])


def differences(desk: Desk, shop: Shop) -> list[str]:
    desk.services.ingest.flush()
    return [str(each) for each in recount(desk.services.storage, shop.list_id).differences]


def test_settings_are_changed_one_by_one_and_told(desk: Desk, shop: Shop) -> None:
    first = update(desk, shop, SubscriberListName="Kiosk", RetentionDays=90, ConversionIdIs="goal")
    told = {"Name": "Kiosk", "ConversionIdIs": "goal", "RetentionDays": 90, "HonourPrivacySignal": False}
    assert first.items() >= told.items()
    origins = {"AllowedOrigins": ["https://Shop.example", "http://localhost:8080"]}
    second = update(desk, shop, HonourPrivacySignal=True, KeepAddress=True, **origins)
    changed = {"HonourPrivacySignal": True, "KeepAddress": True}
    lower = {"AllowedOrigins": ["https://shop.example", "http://localhost:8080"]}
    assert second.items() >= (told | changed | lower).items()
    got = desk.call("list.get", shop.key, ListID=shop.list_id).body["List"]
    assert got.items() >= (told | changed | lower).items()
    assert update(desk, shop, RetentionDays=0)["RetentionDays"] == 0


def test_nothing_is_changed_by_a_call_that_is_refused(desk: Desk, shop: Shop) -> None:
    answer = desk.call("list.update", shop.key, ListID=shop.list_id, SubscriberListName="x", RetentionDays=-1)
    assert (answer.status, answer.codes) == (422, [6])
    assert desk.call("list.get", shop.key, ListID=shop.list_id).body["List"]["Name"] == "Fresh"


def test_old_events_go_and_their_counts_stay(desk: Desk, shop: Shop, track: Track) -> None:
    order = {"Event": "conversion", "Email": "a@example.com"}
    track(Timestamp=ago(days=40), EventID="old", Email="a@example.com", Properties={"old": 1})
    track(Timestamp=ago(days=31), Properties={"conversion-id": "o-1", **ORDER}, **order)
    track(Timestamp=ago(days=29), Properties={"conversion-id": "o-2", **ORDER}, **order)
    track(Properties={"new": 1})
    assert update(desk, shop, RetentionDays=30)["EventsFrom"] is None
    assert one_day(desk, shop) == 3  # the identify event is as old as the one it came with
    names = desk.rows("SELECT name FROM events WHERE list_id = ? ORDER BY event_at", shop.list_id)
    assert [bytes(name) for (name,) in names] == [b"conversion", b"seen"]
    [(counted,)] = desk.rows("SELECT SUM(events) FROM event_counts WHERE list_id = ?", shop.list_id)
    [(sold,)] = desk.rows("SELECT SUM(conversions) FROM conversion_totals WHERE list_id = ?", shop.list_id)
    assert (int(counted), int(sold)) == (5, 2)
    told = desk.call("list.get", shop.key, ListID=shop.list_id).body["List"]["EventsFrom"]
    from_ms = datetime.fromisoformat(told).timestamp()
    assert abs(time.time() - 30 * 86_400 - from_ms) < 60
    assert differences(desk, shop) == []
    assert (
        desk.call("subscriber.get", shop.key, ListID=shop.list_id, EmailAddress="a@example.com").status == 200
    )


@pytest.fixture
def revenue(desk: Desk, shop: Shop) -> Callable[[str], tuple[float, bool]]:
    """`revenue(address)`: (TotalRevenue, IsRevenueComplete) of a person."""

    def call(email: str) -> tuple[float, bool]:
        answer = desk.call("subscriber.get", shop.key, ListID=shop.list_id, EmailAddress=email)
        assert answer.status == 200, answer.body
        return answer.body["TotalRevenue"], answer.body["IsRevenueComplete"]

    return call


def test_a_persons_revenue_says_that_it_lacks_what_was_deleted(
    desk: Desk, shop: Shop, track: Track, revenue: Callable[[str], tuple[float, bool]]
) -> None:
    """Of orders that named the person, and of visitors that were theirs then or became theirs later."""
    browsers = [str(uuid.uuid4()) for _ in range(3)]
    for number, who in enumerate(
        (
            {"Email": "named@example.com"},
            {"UUID": browsers[0]},
            {"UUID": browsers[1]},
            {"Email": "new@example.com"},
        )
    ):
        for days in (1,) if number == 3 else (5, 1):
            order = {**ORDER, "conversion-id": f"{number}-{days}"}
            track(Event="conversion", Timestamp=ago(days=days), Properties=order, **who)
    track(UUID=browsers[0], Email="then@example.com")
    track(Email="nothing@example.com")
    track(UUID=browsers[2], Event="seen", Timestamp=ago(days=5), Email="looked@example.com")
    assert revenue("named@example.com") == (7.0, True)
    update(desk, shop, RetentionDays=3)
    assert one_day(desk, shop) >= 3
    track(UUID=browsers[1], Email="later@example.com")
    for each in ("named", "then", "later"):
        assert revenue(f"{each}@example.com") == (3.5, False), each
    for each, value in (("new", 3.5), ("nothing", 0), ("looked", 0)):
        assert revenue(f"{each}@example.com") == (value, True), each
    desk.call("subscriber.forget", shop.key, ListID=shop.list_id, EmailAddress="named@example.com")
    left = desk.rows("SELECT owner_id FROM expired_owners WHERE list_id = ?", shop.list_id)
    assert len(left) == 3, "two visitors and the person whose visitor it was then"
    assert differences(desk, shop) == []


def test_what_is_deleted_is_not_stored_again(desk: Desk, shop: Shop, track: Track) -> None:
    sent = {"EventID": "old", "Timestamp": ago(days=40), "Properties": {"a": 1}}
    track(**sent)
    order = {"Event": "conversion", "Properties": {"conversion-id": "o-1", **ORDER}}
    track(Timestamp=ago(days=40), **order)
    update(desk, shop, RetentionDays=30)
    assert one_day(desk, shop) == 2
    repeat = track(**sent)
    assert (repeat.status, repeat.body["duplicate"]) == (200, True)
    track(**order)  # it has been counted, though its first event is gone
    [(sold,)] = desk.rows("SELECT SUM(conversions) FROM conversion_totals WHERE list_id = ?", shop.list_id)
    assert int(sold) == 1
    assert differences(desk, shop) == []


def test_more_than_one_step_holds_goes_in_several(desk: Desk, shop: Shop) -> None:
    for days in (40, 10):
        events = [{"Event": "seen", "Timestamp": ago(days=days)} for _ in range(700)]
        assert desk.call("event.batch", shop.key, ListID=shop.list_id, Events=events).status == 200
    update(desk, shop, RetentionDays=30)
    assert one_day(desk, shop) == 700
    assert desk.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", shop.list_id) == [(700,)]
    assert one_day(desk, shop) == 0
    assert differences(desk, shop) == []


def test_a_person_can_be_forgotten_whose_old_events_are_gone(desk: Desk, shop: Shop, track: Track) -> None:
    track(Timestamp=ago(days=40), Email="a@example.com")
    track(Email="a@example.com")
    update(desk, shop, RetentionDays=30)
    one_day(desk, shop)
    answer = desk.call("subscriber.forget", shop.key, ListID=shop.list_id, EmailAddress="a@example.com")
    assert answer.body["Status"] == "finished"
    assert differences(desk, shop) == []


def test_browsers_that_ask_not_to_be_tracked_are_not_when_the_list_says_so(desk: Desk, shop: Shop) -> None:
    public_id = desk.call("list.get", shop.key, ListID=shop.list_id).body["List"]["EventListTrackerID"]

    def stored_by(header: dict[str, str]) -> tuple[Any, int]:
        before = stored()
        answer = desk.request("POST", f"/t/{public_id}", headers=header, json={"Event": "page_view"})
        return (answer.status, answer.body), stored() - before

    def stored() -> int:
        """Other lists may be losing events meanwhile, in the background."""
        return int(desk.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", shop.list_id)[0][0])

    signals = ({"Sec-GPC": "1"}, {"DNT": "1"})
    usual = stored_by({})
    assert usual[1] == 1
    assert [stored_by(header) for header in signals] == [usual, usual]
    update(desk, shop, HonourPrivacySignal=True)
    assert [stored_by(header) for header in signals] == [(usual[0], 0), (usual[0], 0)]
    assert stored_by({"DNT": "0"}) == usual
