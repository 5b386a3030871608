"""Does `events.follow` tell what comes, as it comes, and end when it is to end? Asked of served Trackers."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from itertools import count

import pytest
import requests

from tests.followers import follow
from tests.processes import until
from tests.served import Account, StartTracker, Tracker, make_account
from tests.servers import MariaDB, NewDatabase
from tracker.live.hub import MAX_FOLLOWERS_PER_USER

LIMITS = {"TRACKER_LIMITS": "event.track=1000000/60,events.follow=1000000/60"}


@pytest.fixture(scope="module")
def tracker_on_each(start_tracker: StartTracker, database_kind: str, new_database: NewDatabase) -> Tracker:
    """Two workers, so that what one commits the other has to tell."""
    return start_tracker(database_url=new_database(database_kind), workers=2, settings=LIMITS)


@pytest.fixture(scope="module")
def tracker(tracker_on_each: Tracker) -> Tracker:
    return tracker_on_each


@pytest.fixture(scope="module")
def account(account_on_each: Account) -> Account:
    return account_on_each


def track(tracker: Tracker, account: Account, **params: object) -> None:
    answer = tracker.call(
        "event.track", account.key, **{"ListID": account.list_id, "Event": "seen", **params}
    )
    assert answer.status == 200, answer.text


def test_an_event_is_told_as_it_is_listed(tracker: Tracker, account: Account) -> None:
    with follow(tracker, account.key, ListID=account.list_id) as follower:
        headers = follower.answer.headers
        assert headers["Content-Type"] == "text/event-stream"
        assert (headers["Cache-Control"], headers["X-Accel-Buffering"]) == ("no-store", "no")
        assert headers["Transfer-Encoding"] == "chunked"
        track(tracker, account, Email="jane@example.com", Properties={"text": "line\nbreak\r\n<b>", "n": 1})
        told = [follower.next(), follower.next()]
    listed = tracker.call("events.recent", account.key, ListID=account.list_id, RecordsPerRequest=2).body
    assert told == listed["Events"][::-1]


def test_only_what_is_asked_for_is_told(tracker: Tracker, account: Account) -> None:
    other = replace(
        account, list_id=tracker.ok("list.create", account.key, SubscriberListName="Other")["ListID"]
    )
    hidden = {"WithoutList": True}
    with (
        follow(tracker, account.key, ListID=account.list_id, Event="wanted") as one,
        follow(tracker, account.key, **hidden) as listless,
    ):
        track(tracker, other, Event="wanted", Properties={"n": 1})
        track(tracker, account, Event="unwanted", Properties={"n": 2})
        track(tracker, account, Event="wanted", Properties={"n": 3})
        tracker.call("event.track", account.key, Event="wanted", Properties={"n": 4})
        assert one.next()["Properties"] == {"n": 3}
        assert listless.next()["Properties"] == {"n": 4}


def test_it_goes_on_where_it_ended_and_ends_by_itself(tracker: Tracker, account: Account) -> None:
    with follow(tracker, account.key, ListID=account.list_id) as follower:
        track(tracker, account, Event="first")
        assert follower.next()["Event"] == "first"
        place = follower.last_id
    track(tracker, account, Event="second")
    with follow(tracker, account.key, ListID=account.list_id, After=place, Seconds=0) as follower:
        names = [told.data["Event"] for told in follower.rest()]
        assert names[-2:] == ["first", "second"], "the last seconds come again"
        place = follower.last_id
    with follow(tracker, account.key, ListID=account.list_id, After=place, Seconds=0, Event="x") as follower:
        assert follower.rest() == []
    header, once = (
        {"Last-Event-ID": place},
        {"ListID": account.list_id, "Seconds": 0, "After": "a place long ago"},
    )
    again = tracker.get("/api/v1/events.follow", account.key, params=once, headers=header)
    assert b'"second"' in again.raw, "a browser says the newest place in a header"
    refused = tracker.get("/api/v1/events.follow", account.key, params={"WithoutList": 1, "After": place})
    assert [row["Code"] for row in refused.body["Errors"]] == [7], "a place is one of its list"


#: One reading takes at most 500 new events and counts the others as skipped. It may have these on their way, and as many
#: that the follower was told when it came back, which were seen and followed by others since.
MAX_UNSEEN = 200


class Load:
    """Events numbered from 0 on, sent by several clients at once until the end of the context; `sent` were answered.

    However fast the machine is, they send no more than MAX_UNSEEN events that were not `seen` yet.
    """

    def __init__(self, tracker: Tracker, account: Account) -> None:
        self._tracker, self._account = tracker, account
        self._numbers, self._is_over = count(), threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(4)]
        self._unseen = threading.Semaphore(MAX_UNSEEN)
        self.sent: set[int] = set()
        self.seen: set[int] = set()

    def see(self, number: int) -> None:
        """A follower was told this one."""
        if number not in self.seen:
            self.seen.add(number)
            self._unseen.release()

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._unseen.release(len(self._threads))
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            session.headers["Authorization"] = f"Bearer {self._account.key}"
            while self._unseen.acquire() and not self._is_over.is_set():
                number = next(self._numbers)
                event = {"ListID": self._account.list_id, "Event": "load", "Properties": {"n": number}}
                answer = session.post(f"{self._tracker.url}/api/v1/event", json=event, timeout=15)
                if answer.status_code == 200:
                    self.sent.add(number)


def test_nothing_is_missing_over_workers_and_breaks(tracker: Tracker, account: Account) -> None:
    """Both workers commit; the follower is cut off again and again and comes back, to whichever worker takes it."""
    params = {"ListID": account.list_id, "Event": "load"}
    with follow(tracker, account.key, Seconds=0, **params) as follower:
        place = follower.last_id
    with Load(tracker, account) as load:
        for _ in range(3):
            enough = len(load.seen) + 60
            with follow(tracker, account.key, After=place, **params) as follower:
                while len(load.seen) < enough:
                    load.see(follower.next()["Properties"]["n"])
                place = follower.last_id
    with follow(tracker, account.key, After=place, Seconds=0, **params) as follower:
        for told in follower.rest():
            load.see(told.data["Properties"]["n"])
    assert len(load.sent) > 150
    assert load.seen >= load.sent, sorted(load.sent - load.seen)


def test_it_ends_soon_after_the_session(tracker: Tracker, account: Account) -> None:
    sign_in = {"Username": account.email, "Password": account.password}
    session = tracker.call("user.login", **sign_in).body["SessionID"]
    with follow(tracker, None, ListID=account.list_id, SessionID=session) as follower:
        track(tracker, account)
        assert follower.next()
        assert tracker.call("user.logout", SessionID=session).status == 200
        left = time.monotonic()
        follower.rest()
        assert time.monotonic() - left <= 10, "asked for: 5 s"


def test_a_place_is_free_again_when_a_client_has_gone() -> None:
    with Tracker(settings=LIMITS) as tracker:
        crowd = make_account(tracker, "crowd@example.com", "*")
        once = {"ListID": crowd.list_id, "Seconds": 0}

        def status() -> int:
            return tracker.get("/api/v1/events.follow", crowd.key, params=once).status

        with ExitStack() as opened:
            for _ in range(MAX_FOLLOWERS_PER_USER):
                opened.enter_context(follow(tracker, crowd.key, ListID=crowd.list_id))
            assert status() == 429
        until(lambda: status() == 200, 25, "a free place")


def test_a_stop_waits_for_no_follower() -> None:
    """Neither for one that reads, nor for one that does not and whose connection is full."""
    with Tracker(workers=1, settings=LIMITS) as tracker:
        account = make_account(tracker, "stop@example.com", "*")
        with follow(tracker, account.key, ListID=account.list_id) as follower, deaf(tracker, account):
            for number in range(60):
                track(tracker, account, Properties={f"p{n}": "x" * 30_000 for n in range(2)} | {"n": number})
            while follower.next()["Properties"]["n"] < 59:
                pass
            began = time.monotonic()
            assert tracker.stop() == 0
            assert time.monotonic() - began < 10, "requests under way have 20 s"
            assert follower.rest() == [], "it ended as a complete answer"


class deaf:  # noqa: N801  a context
    """A follower that never reads."""

    def __init__(self, tracker: Tracker, account: Account) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.connect(("127.0.0.1", tracker.port))
        path = f"/api/v1/events.follow?ListID={account.list_id}"
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {account.key}\r\n\r\n".encode()
        )

    def __enter__(self) -> None:
        until(lambda: self._socket.recv(1, socket.MSG_PEEK), what="its first bytes")

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def test_it_outlives_a_database_that_is_away() -> None:
    with MariaDB() as own, Tracker(own.new_database(), settings=LIMITS) as tracker:
        account = make_account(tracker, "away@example.com", "*")
        with follow(tracker, account.key, timeout=20, ListID=account.list_id) as follower:
            track(tracker, account, Event="before")
            assert follower.next()["Event"] == "before"
            own.pause()
            try:
                assert follower.next("unavailable") == {}
            finally:
                own.resume()
            assert follower.next("available") == {}
            until(lambda: tracker.get("/ready").status == 200)
            track(tracker, account, Event="after")
            assert follower.next()["Event"] == "after"
