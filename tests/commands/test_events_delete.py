"""`events.delete`: events of a name go with all that was counted of them, and nothing else does."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import pytest

from tests.client import InProcess, Shop, Track
from tests.full_catalogue import Listing
from tracker.integrity.counter_check import recount
from tracker.jobs.lease import new_token
from tracker.privacy import named_deletion
from tracker.storage import job_queue
from tracker.storage.job_queue import Job


def differences(client: InProcess, shop: Shop) -> list[str]:
    client.services.ingest.flush()
    return [str(each) for each in recount(client.services.storage, shop.list_id).differences]


def names(client: InProcess, shop: Shop) -> list[str]:
    rows = client.rows("SELECT name FROM events WHERE list_id = ? ORDER BY id", shop.list_id)
    return [bytes(name).decode() for (name,) in rows]


@pytest.mark.parametrize(
    ("params", "codes"),
    [
        ({}, [11]),
        ({"Event": ""}, [6]),
        ({"Event": "x" * 201}, [6]),
        ({"Event": "x", "From": "soon"}, [7]),
        ({"Event": "x", "To": "2026-02-30"}, [8]),
        ({"Event": "x", "From": "2026-02-02", "To": "2026-02-01"}, [9]),
        ({"JobID": 0}, [10]),
        ({"JobID": 5}, [12]),
        ({"Event": "x", "ListID": None}, [1]),
        ({"Event": "x", "ListID": "y"}, [2]),
        ({"Event": "x", "ListID": 999_999_999}, [3]),
        ({"Event": "x", "ListID": None, "WithoutList": "y"}, [4]),
        ({"Event": "x", "WithoutList": True}, [5]),
    ],
)
def test_what_cannot_be_deleted_has_its_number(
    client: InProcess, shop: Shop, params: dict[str, Any], codes: list[int]
) -> None:
    sent = {name: value for name, value in {"ListID": shop.list_id, **params}.items() if value is not None}
    assert client.call("events.delete", shop.key, **sent).refusal == (422, codes)


def test_events_of_a_name_go_with_their_counts(
    client: InProcess, shop: Shop, track: Track, listing: Listing
) -> None:
    for email in ("a@example.com", "b@example.com"):
        track(Event="ux_test", Email=email, Properties={"a": 1}), track(Event="good", Email=email)
    order = {"conversion-name": "Order", "conversion-value": 5, "conversion-id": "1"}
    track(Event="conversion", Email="a@example.com", Properties=order)
    answer = client.ok("events.delete", shop.key, ListID=shop.list_id, Event="ux_test")
    assert (answer["Status"], answer["Progress"], answer["Removed"]) == ("finished", 1.0, 2)
    assert sorted(set(names(client, shop))) == ["conversion", "good", "identify"]
    assert "ux_test" not in listing()
    found = client.ok("subscriber.events", shop.key, ListID=shop.list_id, EmailAddress="a@example.com")
    assert "ux_test" not in [event["Event"] for event in found["Events"]]
    assert differences(client, shop) == []
    again = client.ok("events.delete", shop.key, ListID=shop.list_id, JobID=answer["JobID"])
    assert again == answer
    removed = client.ok("events.delete", shop.key, ListID=shop.list_id, Event="conversion")["Removed"]
    assert (removed, differences(client, shop)) == (1, [])
    assert client.rows("SELECT conversions FROM conversion_totals WHERE list_id = ?", shop.list_id) == []


def test_a_range_goes_and_the_name_stays(
    client: InProcess, shop: Shop, track: Track, listing: Listing
) -> None:
    for day in (1, 2, 3):
        track(Event="x", Timestamp=f"2026-01-0{day}T12:00:00Z")
    sent = {"ListID": shop.list_id, "Event": "x", "From": "2026-01-02", "To": "2026-01-02"}
    assert client.ok("events.delete", shop.key, **sent)["Removed"] == 1
    times = client.rows("SELECT event_at FROM events WHERE list_id = ? ORDER BY event_at", shop.list_id)
    assert len(times) == 2
    assert times[1][0] - times[0][0] == 2 * 24 * 3_600_000
    assert (listing(), differences(client, shop)) == ({"x": []}, [])
    assert (
        client.ok("events.delete", shop.key, **sent | {"From": "2026-01-03", "To": "2026-01-03"})["Removed"]
        == 1
    )


def test_a_repeat_of_a_deleted_event_is_not_stored_again(client: InProcess, shop: Shop, track: Track) -> None:
    sent = {"Event": "x", "EventID": "once"}
    track(**sent)
    client.ok("events.delete", shop.key, ListID=shop.list_id, Event="x")
    track(**sent)
    assert names(client, shop) == []


def test_a_deletion_of_another_list_is_none(client: InProcess, shop: Shop, owner: Shop, track: Track) -> None:
    track(Event="x")
    made = client.ok("events.delete", shop.key, ListID=shop.list_id, Event="x")
    assert client.call("events.delete", owner.key, ListID=owner.list_id, JobID=made["JobID"]).codes == [12]
    stranger = client.open_shop("stranger@deletes.example")
    assert client.call("events.delete", stranger.key, ListID=shop.list_id, JobID=made["JobID"]).codes == [3]


def test_the_same_deletion_is_begun_once_and_ten_run_at_most(client: InProcess, shop: Shop) -> None:
    for number in range(named_deletion.MAX_RUNNING):
        _waiting(client, shop.list_id, f"e{number}", number + 1)
    assert client.call("events.delete", shop.key, ListID=shop.list_id, Event="e10").codes == [13]
    running = client.ok("events.delete", shop.key, ListID=shop.list_id, Event="e0")
    assert (running["JobID"], running["Status"], running["FinishedAt"]) == ("1", "running", None)


def test_each_step_is_bounded_and_goes_on_where_the_last_one_ended(
    client: InProcess, shop: Shop, track: Track
) -> None:
    for number in range(7):
        track(Event="x" if number % 2 == 0 else "y", Properties={"n": number})
    job = _waiting(client, shop.list_id, "x", 77)
    rounds = 0
    while True:
        rounds += 1
        step = partial(named_deletion.step, job=job, now=time.time_ns() // 1_000_000, most=1)
        done = client.services.storage.write(step)
        job = Job(*(getattr(job, name) for name in Job.__slots__[:4]), done.state, 0, 0, 0)
        if done.is_finished:
            break
        assert done.rows <= 1
        assert 0 <= named_deletion.progress(done.state) < 1
    assert (rounds, names(client, shop)) == (5, ["y"] * 3)


def _waiting(client: InProcess, list_id: int, event: str, number: int) -> Job:
    """A deletion that another process has claimed."""

    def begin(transaction: Any) -> Job:
        state = named_deletion.begin(transaction, list_id, named_deletion.Doomed(event))
        assert state is not None
        now = time.time_ns() // 1_000_000
        job = Job(list_id, number, named_deletion.DELETE_EVENTS, number, state, 0, now, now)
        job_queue.add(transaction, job, new_token(), now + 60_000)
        return job

    made: Job = client.services.storage.write(begin)
    return made
