"""Is an event kept whatever the clock of its browser says, and never in the future?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.test_event_collect import Door
from tests.contract.test_time import DAY, HOUR, SECOND, YEARS, Times, now, times
from tracker.domain.conversions import BUCKET_MS
from tracker.storage.aggregates.counters import events_by_bucket
from tracker.times import iso_utc

MINUTE = 60 * SECOND


@pytest.fixture
def door(client: InProcess, shop: Shop) -> Door:
    return Door(client, shop)


def sent(door: Door, **event: Any) -> Times:
    """The times that are stored of one event, sent alone and in a batch."""
    shared = {name: event.pop(name) for name in ("SentAt",) if name in event}
    alone = door.post({"Event": "seen", **shared, **event})
    assert alone.body == {"status": "success"}
    batch = door.post({**shared, "Events": [{"Event": "seen", **event}]})
    assert batch.body["results"] == [{"status": "ok"}]
    first, second = times(door.client, door.shop)
    assert abs((first.received - first.happened) - (second.received - second.happened)) < 2 * SECOND
    assert (first.claimed, first.sent) == (second.claimed, second.sent)
    return first


#: Milliseconds that a clock says that was not set yet: of an epoch, or so many ahead of now.
NOT_SET = {
    "1970": 0,
    "5,000 s later": 5_000_000,
    "1980": 315_532_800_000,
    "2000": 946_684_800_000,
    "2001": 10**12,
}
AHEAD = {"3 days": 3 * DAY, "an hour": HOUR, "40 s": 40 * SECOND, "eleven years behind": -YEARS - DAY}


@pytest.mark.parametrize("clock", [*NOT_SET, *AHEAD])
@pytest.mark.parametrize("is_told", [True, False], ids=["sent by a clock that is right now", "not told"])
def test_what_was_claimed_before_the_clock_was_set_right_happened_when_it_came(
    door: Door, clock: str, is_told: bool
) -> None:
    claimed = NOT_SET[clock] if clock in NOT_SET else now() + AHEAD[clock]
    stored = sent(door, Timestamp=claimed, **({"SentAt": now()} if is_told else {}))
    assert stored.happened == stored.received
    assert stored.claimed == claimed, "what was said is kept"


@pytest.mark.parametrize("error", [3 * DAY, HOUR, 50 * SECOND, -HOUR, -26 * 365 * DAY])
def test_a_clock_that_is_still_wrong_is_corrected(door: Door, error: int) -> None:
    clock = now() + error
    stored = sent(door, Timestamp=clock - 10 * MINUTE, SentAt=clock)
    assert 0 <= stored.received - stored.happened - 10 * MINUTE < 5 * SECOND
    assert (stored.claimed, stored.sent) == (clock - 10 * MINUTE, clock)


def test_a_clock_that_stands_in_1970_counts_milliseconds(door: Door) -> None:
    stored = sent(door, Timestamp=5_000_000, SentAt=9_000_000)
    assert stored.received - stored.happened == 4_000_000
    assert (stored.claimed, stored.sent) == (5_000_000, 9_000_000)


@pytest.mark.parametrize("year", ["1980-01-01T00:00:00Z", "2000-01-01T00:00:00Z"])
def test_a_clock_that_begins_later_may_count_seconds(door: Door, year: str) -> None:
    begun = {"1980": 315_532_800, "2000": 946_684_800}[year[:4]]
    stored = sent(door, Timestamp=begun + 100, SentAt=begun + 700)
    assert stored.received - stored.happened == 10 * MINUTE


@pytest.mark.parametrize("beyond", [-5_000_000, 10**15])
def test_a_clock_beyond_the_calendar_harms_nothing(door: Door, beyond: int) -> None:
    stored = sent(door, Timestamp=beyond, SentAt=beyond + 1000)
    assert 0 <= stored.received - stored.happened <= 1000


@pytest.mark.parametrize("error", [50 * SECOND, 3 * DAY])
def test_events_of_one_request_keep_their_order(door: Door, error: int) -> None:
    clock = now() + error
    events = [
        {"Event": "seen", "Timestamp": clock - ago} for ago in (5 * MINUTE, 40 * SECOND, 30 * SECOND, 0)
    ]
    assert door.post({"SentAt": clock, "Events": events}).status == 200
    stored = times(door.client, door.shop)
    assert [one.received - one.happened for one in stored] == [5 * MINUTE, 40 * SECOND, 30 * SECOND, 0]


def test_what_is_no_time_is_refused_alone(door: Door) -> None:
    events = [{"Event": "a", "Timestamp": "yesterday"}, {"Event": "b", "Timestamp": True}, {"Event": "c"}]
    results = door.post({"SentAt": now(), "Events": events}).body["results"]
    codes = [[row["Code"] for row in result.get("Errors", [])] for result in results]
    assert codes == [[18], [18], []]


def test_counters_and_repeats_go_by_what_is_stored(client: InProcess, door: Door) -> None:
    event = {"Event": "seen", "EventID": "e-1", "Timestamp": now() + 3 * DAY}
    for _ in range(2):
        assert door.post({"SentAt": now(), "Events": [event]}).body["results"] == [
            {"status": "ok", "EventID": "e-1"}
        ]
    [stored] = times(client, door.shop)
    counted = client.services.storage.read(lambda t: events_by_bucket(t, door.shop.list_id))
    assert counted == {(b"seen", stored.received - stored.received % BUCKET_MS): 1}


def test_with_a_key_an_impossible_time_is_still_an_error(client: InProcess, shop: Shop) -> None:
    """The clock of a back end is its owner's: an hour ahead may be meant, a time in seconds is read as ever."""
    track = {"ListID": shop.list_id, "Event": "seen"}
    assert client.call("event.track", shop.key, **track, Timestamp=now() + 3 * DAY).codes == [18]
    assert client.call("event.track", shop.key, **track, Timestamp=iso_utc(946_684_800_000)).codes == [18]
    assert client.call("event.track", shop.key, **track, Timestamp=5_000_000, SentAt=9_000_000).status == 200
    assert client.call("event.track", shop.key, **track, Timestamp=now() + HOUR).status == 200
    first, second = times(client, shop)
    assert first.received - first.happened == 4_000_000
    assert second.happened == second.claimed
