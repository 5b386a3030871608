"""Do events go when a list keeps them no longer, and only they? `list.update`, the daily job, `tracker db check`."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.client import InProcess, Shop, Track
from tracker.integrity.counter_check import recount
from tracker.jobs.lease import LeasedJob

ORDER = {"conversion-name": "Order", "conversion-value": 3.5, "conversion-currency": "EUR"}


def ago(**past: float) -> str:
    return (datetime.now(UTC) - timedelta(**past)).isoformat()


def update(client: InProcess, shop: Shop, **settings: Any) -> dict[str, Any]:
    answer = client.call("list.update", shop.key, ListID=shop.list_id, **settings)
    assert answer.status == 200, answer.body
    return dict(answer.body)


def one_day(client: InProcess, shop: Shop) -> int:
    """What a server does once a day; how many events were deleted."""
    jobs = client.services.jobs
    claimed: LeasedJob = jobs.claim(jobs.find(shop.list_id, "retention", 0))
    while claimed.is_open:
        claimed.step()
    return int(claimed.job.state["last"]["removed"])


def differences(client: InProcess, shop: Shop) -> list[str]:
    client.services.ingest.flush()
    return [str(each) for each in recount(client.services.storage, shop.list_id).differences]


def test_settings_are_changed_one_by_one_and_told(client: InProcess, shop: Shop) -> None:
    first = update(client, shop, SubscriberListName="Kiosk", RetentionDays=90, ConversionIdIs="goal")
    told = {"Name": "Kiosk", "ConversionIdIs": "goal", "RetentionDays": 90, "HonourPrivacySignal": False}
    assert first.items() >= told.items()
    origins = {"AllowedOrigins": ["https://Shop.example", "http://localhost:8080"]}
    second = update(client, shop, HonourPrivacySignal=True, KeepAddress=True, **origins)
    changed = {"HonourPrivacySignal": True, "KeepAddress": True}
    lower = {"AllowedOrigins": ["https://shop.example", "http://localhost:8080"]}
    assert second.items() >= (told | changed | lower).items()
    got = client.call("list.get", shop.key, ListID=shop.list_id).body["List"]
    assert got.items() >= (told | changed | lower).items()
    assert update(client, shop, RetentionDays=0)["RetentionDays"] == 0


def test_nothing_is_changed_by_a_call_that_is_refused(client: InProcess, shop: Shop) -> None:
    answer = client.call(
        "list.update", shop.key, ListID=shop.list_id, SubscriberListName="x", RetentionDays=-1
    )
    assert (answer.status, answer.codes) == (422, [6])
    assert client.call("list.get", shop.key, ListID=shop.list_id).body["List"]["Name"] == "Fresh"


def test_old_events_go_and_their_counts_stay(client: InProcess, shop: Shop, track: Track) -> None:
    order = {"Event": "conversion", "Email": "a@example.com"}
    track(Timestamp=ago(days=40), EventID="old", Email="a@example.com", Properties={"old": 1})
    track(Timestamp=ago(days=31), Properties={"conversion-id": "o-1", **ORDER}, **order)
    track(Timestamp=ago(days=29), Properties={"conversion-id": "o-2", **ORDER}, **order)
    track(Properties={"new": 1})
    assert update(client, shop, RetentionDays=30)["EventsFrom"] is None
    assert one_day(client, shop) == 3  # the identify event is as old as the one it came with
    names = client.rows("SELECT name FROM events WHERE list_id = ? ORDER BY event_at", shop.list_id)
    assert [bytes(name) for (name,) in names] == [b"conversion", b"seen"]
    [(counted,)] = client.rows("SELECT SUM(events) FROM event_counts WHERE list_id = ?", shop.list_id)
    [(sold,)] = client.rows("SELECT SUM(conversions) FROM conversion_totals WHERE list_id = ?", shop.list_id)
    assert (int(counted), int(sold)) == (5, 2)
    told = client.call("list.get", shop.key, ListID=shop.list_id).body["List"]["EventsFrom"]
    from_ms = datetime.fromisoformat(told).timestamp()
    assert abs(time.time() - 30 * 86_400 - from_ms) < 60
    assert differences(client, shop) == []
    assert (
        client.call("subscriber.get", shop.key, ListID=shop.list_id, EmailAddress="a@example.com").status
        == 200
    )


@pytest.fixture
def revenue(client: InProcess, shop: Shop) -> Callable[[str], tuple[float, bool]]:
    """`revenue(address)`: (TotalRevenue, IsRevenueComplete) of a person."""

    def call(email: str) -> tuple[float, bool]:
        answer = client.call("subscriber.get", shop.key, ListID=shop.list_id, EmailAddress=email)
        assert answer.status == 200, answer.body
        return answer.body["TotalRevenue"], answer.body["IsRevenueComplete"]

    return call


def test_a_subscribers_revenue_says_that_it_lacks_what_was_deleted(
    client: InProcess, shop: Shop, track: Track, revenue: Callable[[str], tuple[float, bool]]
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
    update(client, shop, RetentionDays=3)
    assert one_day(client, shop) >= 3
    track(UUID=browsers[1], Email="later@example.com")
    for each in ("named", "then", "later"):
        assert revenue(f"{each}@example.com") == (3.5, False), each
    for each, value in (("new", 3.5), ("nothing", 0), ("looked", 0)):
        assert revenue(f"{each}@example.com") == (value, True), each
    client.call("subscriber.forget", shop.key, ListID=shop.list_id, EmailAddress="named@example.com")
    left = client.rows("SELECT owner_id FROM expired_owners WHERE list_id = ?", shop.list_id)
    assert len(left) == 3, "two visitors and the person whose visitor it was then"
    assert differences(client, shop) == []


def test_what_is_deleted_is_not_stored_again(client: InProcess, shop: Shop, track: Track) -> None:
    sent = {"EventID": "old", "Timestamp": ago(days=40), "Properties": {"a": 1}}
    track(**sent)
    order = {"Event": "conversion", "Properties": {"conversion-id": "o-1", **ORDER}}
    track(Timestamp=ago(days=40), **order)
    update(client, shop, RetentionDays=30)
    assert one_day(client, shop) == 2
    repeat = track(**sent)
    assert (repeat.status, repeat.body["duplicate"]) == (200, True)
    track(**order)  # it has been counted, though its first event is gone
    [(sold,)] = client.rows("SELECT SUM(conversions) FROM conversion_totals WHERE list_id = ?", shop.list_id)
    assert int(sold) == 1
    assert differences(client, shop) == []


def test_more_than_one_step_holds_goes_in_several(client: InProcess, shop: Shop) -> None:
    for days in (40, 10):
        events = [{"Event": "seen", "Timestamp": ago(days=days)} for _ in range(700)]
        assert client.call("event.batch", shop.key, ListID=shop.list_id, Events=events).status == 200
    update(client, shop, RetentionDays=30)
    assert one_day(client, shop) == 700
    assert client.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", shop.list_id) == [(700,)]
    assert one_day(client, shop) == 0
    assert differences(client, shop) == []


def test_a_subscriber_can_be_forgotten_whose_old_events_are_gone(
    client: InProcess, shop: Shop, track: Track
) -> None:
    track(Timestamp=ago(days=40), Email="a@example.com")
    track(Email="a@example.com")
    update(client, shop, RetentionDays=30)
    one_day(client, shop)
    answer = client.call("subscriber.forget", shop.key, ListID=shop.list_id, EmailAddress="a@example.com")
    assert answer.body["Status"] == "finished"
    assert differences(client, shop) == []


def test_browsers_that_ask_not_to_be_tracked_are_not_when_the_list_says_so(
    client: InProcess, shop: Shop
) -> None:
    public_id = client.call("list.get", shop.key, ListID=shop.list_id).body["List"]["EventListTrackerID"]

    def stored_by(header: dict[str, str]) -> tuple[Any, int]:
        before = stored()
        answer = client.request("POST", f"/t/{public_id}", headers=header, json={"Event": "page_view"})
        return (answer.status, answer.body), stored() - before

    def stored() -> int:
        """Other lists may be losing events meanwhile, in the background."""
        return int(client.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", shop.list_id)[0][0])

    signals = ({"Sec-GPC": "1"}, {"DNT": "1"})
    usual = stored_by({})
    assert usual[1] == 1
    assert [stored_by(header) for header in signals] == [usual, usual]
    update(client, shop, HonourPrivacySignal=True)
    assert [stored_by(header) for header in signals] == [(usual[0], 0), (usual[0], 0)]
    assert stored_by({"DNT": "0"}) == usual
