"""Does a clock that jumps delete anything? Retention, spent EventIDs, sessions, places of logins; jobs that wait for it."""

from __future__ import annotations

import time
from functools import partial

import gevent
import pytest

from tests.client import InProcess, Shop, Track
from tests.contract.test_retention import ago, differences, one_day, update
from tracker.jobs.clock_witness import NOTE_SECONDS, Witness
from tracker.jobs.kinds import JOB_KINDS
from tracker.jobs.runner import Jobs
from tracker.privacy.retention import NO_SUBJECT, RETENTION
from tracker.storage import job_queue
from tracker.storage.accounts import known_networks
from tracker.storage.engine import trusted_time

HOUR, DAY = 3_600_000, 24 * 3_600_000
STAMP = "UPDATE events SET received_at = ?, event_at = ? WHERE list_id = ? AND id = ?"


class Clock:
    """The two clocks of a machine: UTC milliseconds, which can be set, and seconds that go on."""

    def __init__(self) -> None:
        self.ms, self.seconds = time.time_ns() // 1_000_000, 1000.0

    def now(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.seconds

    def run(self, hours: float) -> None:
        self.ms += int(hours * HOUR)
        self.seconds += hours * 3600


class Machine:
    """A served Tracker with a clock: what its jobs do, and what it writes down of the time."""

    def __init__(self, client: InProcess, clock: Clock) -> None:
        self.client, self.clock = client, clock
        self.jobs = Jobs(client.services.storage, JOB_KINDS, client.services.ingest.new_id, clock.now)
        self.witness = Witness(client.services.storage, clock.now, clock.monotonic)
        self.witness.note()

    def run(self, hours: int, shop: Shop) -> None:
        """So long, with a look for jobs every hour."""
        for _ in range(hours):
            for _ in range(6):
                self.clock.run(1 / 6)
                self.witness.note()
            self.work(shop)

    def work(self, shop: Shop) -> None:
        job = self.jobs.find(shop.list_id, RETENTION, NO_SUBJECT)
        assert job is not None
        look = partial(job_queue.due, now=self.clock.ms, most=1000, kinds=[RETENTION])
        due = self.client.services.storage.read(look)
        claimed = self.jobs.claim(job) if (job.list_id, job.id) in due else None
        while claimed is not None and claimed.is_open:
            claimed.step()


def events(client: InProcess, shop: Shop) -> int:
    return int(client.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", shop.list_id)[0][0])


def events_from(client: InProcess, shop: Shop) -> int | None:
    [(moment,)] = client.rows("SELECT events_from FROM list_settings WHERE list_id = ?", shop.list_id)
    return None if moment is None else int(moment)


@pytest.fixture
def clock(client: InProcess) -> Clock:
    """A clock that is right, on a database that knows it."""
    clock = Clock()
    client.services.storage.write(partial(trusted_time.trust, now=clock.ms))
    return clock


@pytest.fixture
def month(client: InProcess, shop: Shop, track: Track) -> None:
    """A list that keeps events for 30 days, with one that is 40 days old and some that are new."""
    track(Timestamp=ago(days=40), EventID="old")
    for n in range(5):
        track(EventID=f"new-{n}")
    update(client, shop, RetentionDays=30)


def test_a_clock_that_is_ahead_deletes_nothing_over_restarts_and_with_events_that_it_stamps(
    client: InProcess, shop: Shop, track: Track, clock: Clock, month: None
) -> None:
    clock.ms += 40 * DAY
    for _ in range(3):
        Machine(client, clock).run(7, shop)
        track(EventID=f"stamped-{clock.ms}")
        [(newest,)] = client.rows("SELECT MAX(id) FROM events WHERE list_id = ?", shop.list_id)
        row = (clock.ms, clock.ms, shop.list_id, newest)
        client.services.storage.write(lambda t, row=row: t.execute(STAMP, row))
    assert events(client, shop) == 6 + 3
    assert events_from(client, shop) is None
    clock.ms -= 40 * DAY
    Machine(client, clock).run(2, shop)
    assert events(client, shop) == 5 + 3, "what is really old goes once the clock is right"
    moment = events_from(client, shop)
    assert moment is not None
    assert moment <= clock.ms - 30 * DAY


def test_after_a_month_without_a_tracker_events_go_a_day_later(
    client: InProcess, shop: Shop, clock: Clock, month: None
) -> None:
    clock.ms += 31 * DAY
    machine = Machine(client, clock)
    machine.run(20, shop)
    assert events(client, shop) == 6
    machine.run(8, shop)
    assert events(client, shop) == 0
    moment = events_from(client, shop)
    assert moment is not None
    assert moment <= clock.ms - 30 * DAY


def test_somebody_who_says_that_it_is_right_need_not_wait(
    client: InProcess, shop: Shop, clock: Clock, month: None
) -> None:
    clock.ms += 31 * DAY
    machine = Machine(client, clock)
    machine.run(2, shop)
    assert events(client, shop) == 6
    client.services.storage.write(partial(trusted_time.trust, now=clock.ms))
    machine.run(2, shop)
    assert events(client, shop) == 0


def test_what_was_put_off_by_a_clock_that_was_ahead_is_done_when_it_is_right(
    client: InProcess, shop: Shop, clock: Clock, month: None
) -> None:
    """Forgetting somebody must not wait for the forty days, nor must a job that a killed process had claimed."""
    job = client.services.jobs.find(shop.list_id, RETENTION, NO_SUBJECT)
    ahead = Jobs(
        client.services.storage, JOB_KINDS, client.services.ingest.new_id, lambda: clock.ms + 40 * DAY
    )
    assert ahead.claim(job) is not None
    right = Jobs(client.services.storage, JOB_KINDS, client.services.ingest.new_id, clock.now)
    assert right.claim(job) is not None
    assert right.claim(job) is None, "a lease of this clock holds"


def test_spent_event_ids_and_places_are_kept_while_the_clock_is_ahead(
    client: InProcess, shop: Shop, track: Track, clock: Clock
) -> None:
    sent = {"Email": "a@example.com", "EventID": "e-1"}
    track(**sent)
    answer = client.call("subscriber.forget", shop.key, ListID=shop.list_id, EmailAddress="a@example.com")
    assert answer.body["Status"] in ("finished", "running")
    storage = client.services.storage
    remember = partial(known_networks.remember, user_id=shop.user_id)
    storage.write(partial(remember, network="home", now=clock.ms))
    clock.ms += 100 * DAY
    Machine(client, clock).run(3, shop)
    storage.write(partial(remember, network="abroad", now=clock.ms))
    is_known = partial(known_networks.is_known, user_id=shop.user_id, network="home")
    assert storage.read(is_known)
    assert track(**sent).body["duplicate"] is True


def test_a_served_tracker_writes_down_the_time(client: InProcess, clock: Clock) -> None:
    client.services.storage.write(partial(trusted_time.trust, now=clock.ms - 2 * HOUR))
    jobs = Jobs(client.services.storage, {}, client.services.ingest.new_id, clock.now)
    jobs.serve()
    for _ in range(100):
        if client.services.storage.read(trusted_time.read).seen_at == clock.ms:
            break
        gevent.sleep(0.05)
    jobs.close()
    assert client.services.storage.read(trusted_time.read).seen_at == clock.ms
    assert NOTE_SECONDS <= 3600


def test_by_the_right_clock_nothing_has_changed(
    client: InProcess, shop: Shop, clock: Clock, month: None
) -> None:
    assert one_day(client, shop) == 1
    assert differences(client, shop) == []
