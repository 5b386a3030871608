"""When did an event happen? What is claimed, when it was sent and received, and which of them is believed."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import pytest

from tests.client import InProcess, Shop, Track
from tests.commands.test_event_batch import statuses
from tracker.domain.conversions import BUCKET_MS
from tracker.storage.aggregates.counters import events_by_bucket
from tracker.times import iso_utc

SECOND, HOUR, DAY = 1_000, 3_600_000, 24 * 3_600_000
YEARS = 3653 * DAY


class Times(NamedTuple):
    """UTC milliseconds of one stored event."""

    happened: int
    received: int
    claimed: int | None
    sent: int | None


def times(client: InProcess, shop: Shop) -> list[Times]:
    """Of the list's events, in the order of storing."""
    sql = "SELECT event_at, received_at, claimed_at, sent_at FROM events WHERE list_id = ? ORDER BY id"
    return [Times(*row) for row in client.rows(sql, shop.list_id)]


def now() -> int:
    return time.time_ns() // 1_000_000


def test_without_a_claim_it_happened_when_it_was_received(
    client: InProcess, track: Track, shop: Shop
) -> None:
    before = now()
    track()
    track(SentAt=now() + HOUR)
    first, second = times(client, shop)
    assert before <= first.received <= now()
    assert (first.happened, first.claimed, first.sent) == (first.received, None, None)
    assert second.happened == second.received
    assert second.sent is not None


@pytest.mark.parametrize("spell", [lambda ms: iso_utc(ms), lambda ms: ms, lambda ms: str(ms), lambda ms: ms / 1000, lambda ms: f"{ms / 1000:.3f}",
                                   lambda ms: iso_utc(ms).replace("T", " ").replace("Z", "+00:00")])  # fmt: skip
def test_a_claim_stands_in_each_spelling(client: InProcess, track: Track, shop: Shop, spell: Any) -> None:
    claimed = now() - HOUR
    assert track(Timestamp=spell(claimed)).status == 200
    [stored] = times(client, shop)
    assert (stored.happened, stored.claimed, stored.sent) == (claimed, claimed, None)


@pytest.mark.parametrize("error", [-50 * SECOND, -1, 0, 50 * SECOND])
def test_a_clock_right_within_a_minute_is_never_touched(
    client: InProcess, track: Track, shop: Shop, error: int
) -> None:
    sent = now() + error
    track(Timestamp=sent - HOUR, SentAt=sent)
    [stored] = times(client, shop)
    assert (stored.happened, stored.claimed, stored.sent) == (sent - HOUR, sent - HOUR, sent)


@pytest.mark.parametrize("error", [-4 * DAY, -70 * SECOND, 70 * SECOND, 4 * DAY, 9 * 365 * DAY])
def test_a_wrong_clock_is_corrected_by_its_error(
    client: InProcess, track: Track, shop: Shop, error: int
) -> None:
    sent = now() + error
    assert track(Timestamp=sent - HOUR, SentAt=iso_utc(sent)).status == 200
    [stored] = times(client, shop)
    assert stored.happened == stored.received - HOUR
    assert (stored.claimed, stored.sent) == (sent - HOUR, sent)


@pytest.mark.parametrize("error", [0, -3 * DAY, 3 * DAY])
def test_events_of_one_request_keep_order_and_spacing(client: InProcess, shop: Shop, error: int) -> None:
    sent = now() + error
    agos = [5 * HOUR, 5 * HOUR - 1, HOUR, 1, 0]
    events = [{"Event": "seen", "Timestamp": sent - ago} for ago in agos]
    answer = client.call("event.batch", shop.key, ListID=shop.list_id, Events=events, SentAt=sent)
    assert statuses(answer) == ["ok"] * 5
    stored = times(client, shop)
    assert [stored[-1].happened - one.happened for one in stored] == agos
    assert stored[-1].happened == (sent if error == 0 else stored[-1].received)
    assert len({one.received for one in stored}) == 1


@pytest.mark.parametrize(
    ("offset", "is_fine"),
    [
        (DAY - HOUR, True),
        (DAY + SECOND, False),
        (SECOND - YEARS, True),
        (-SECOND - YEARS, False),
        (-40 * 365 * DAY, False),
    ],
)
def test_how_far_ahead_and_how_long_ago(
    client: InProcess, track: Track, shop: Shop, offset: int, is_fine: bool
) -> None:
    answer = track(Timestamp=now() + offset)
    assert answer.status == (200 if is_fine else 422)
    if not is_fine:
        [row] = answer.body["Errors"]
        assert (row["Code"], row["Message"]) == (18, "Invalid Timestamp parameter")
        assert row["Hint"].startswith("An event may be at most a day ahead")
    assert len(times(client, shop)) == is_fine


def test_it_is_the_corrected_time_that_must_be_possible(client: InProcess, track: Track, shop: Shop) -> None:
    far = now() + 2 * DAY
    assert track(Timestamp=far, SentAt=far).status == 200
    assert track(Timestamp=now(), SentAt=now() - 2 * DAY).codes == [18]
    assert len(times(client, shop)) == 1


@pytest.mark.parametrize(
    "value", ["now", "2026-01-01", "2026-01-01T00:00:00", " ", True, [], {}, -1, "١", 1e30]
)
def test_what_is_no_time(track: Track, value: Any) -> None:
    assert track(Timestamp=value).codes == [18]
    assert track(SentAt=value).codes == [19]
    assert track(Timestamp=value, SentAt=value).codes == [18, 19]


def test_the_time_of_sending_makes_no_other_event(track: Track) -> None:
    """A repeat is sent later; what happened is the same."""
    claimed = now() - HOUR
    first = {"EventID": "e-1", "Timestamp": claimed, "Properties": {"a": 1, "$sent_at": "x"}}
    assert track(**first, SentAt=now()).status == 200
    again = track(
        **first | {"Timestamp": iso_utc(claimed), "Properties": {"$sent_at": "y", "a": 1}},
        SentAt=now() + SECOND,
    )
    assert again.body["duplicate"] is True
    assert track(**first | {"Timestamp": claimed + 1}).codes == [17]


def test_counters_go_by_the_time_it_happened(client: InProcess, track: Track, shop: Shop) -> None:
    yesterday = now() - DAY
    for _ in range(2):
        track(Timestamp=yesterday)
    counted = client.services.storage.read(lambda t: events_by_bucket(t, shop.list_id))
    assert counted == {(b"seen", yesterday - yesterday % BUCKET_MS): 2}


def test_the_identify_event_of_an_event_happened_with_it(client: InProcess, track: Track, shop: Shop) -> None:
    claimed = now() - HOUR
    track(Timestamp=claimed, Email="a@example.com")
    assert [one.happened for one in times(client, shop)] == [claimed, claimed]
