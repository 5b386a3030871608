"""Does an instance that is to stop serve on while it says so, and send its clients elsewhere, and end in time?"""

from __future__ import annotations

import json
import signal
from http.client import HTTPConnection

from tests.http.test_server import HELLO, SmallServer, Wire, ended, is_refused
from tests.processes import until
from tests.served import Account, StartTracker, Tracker, make_account


class Kept:
    """A connection that stays open as long as the server likes."""

    def __init__(self, tracker: Tracker, account: Account) -> None:
        self._connection = HTTPConnection("127.0.0.1", tracker.port, timeout=15)
        self._headers = {"Authorization": f"Bearer {account.key}", "Content-Type": "application/json"}
        self._body = json.dumps({"Event": "seen", "ListID": account.list_id})

    def track(self) -> tuple[int, bool]:
        """The status of an event, and whether the connection ends with it."""
        self._connection.request("POST", "/api/v1/event", self._body, self._headers)
        reply = self._connection.getresponse()
        reply.read()
        return reply.status, reply.will_close


def test_a_draining_instance_serves_on_and_says_so(start_tracker: StartTracker) -> None:
    """All workers of it; and a second SIGTERM ends it at once."""
    tracker = start_tracker(workers=2, settings={"TRACKER_DRAIN_SECONDS": "600"})
    account = make_account(tracker, "owner@example.com")
    kept = [Kept(tracker, account) for _ in range(4)]
    assert [each.track() for each in kept] == [(200, False)] * 4
    tracker.running.send(signal.SIGTERM)
    ready = until(lambda: reply if (reply := tracker.get("/ready")).status == 503 else None)
    assert ready.body == {"status": "draining", "reason": "this instance is being stopped"}
    assert (ready.headers["Retry-After"], ready.headers["Connection"]) == ("1", "close")
    assert {tracker.get("/ready").status for _ in range(10)} == {503}
    assert [each.track() for each in kept] == [(200, True)] * 4
    assert [each.track() for each in kept] == [(200, True)] * 4, "on connections made meanwhile"
    assert tracker.stop() == 0
    assert is_refused(tracker)


def test_draining_ends_by_itself() -> None:
    """What has begun until then is answered."""
    server = SmallServer()
    server.wrong = {"TRACKER_DRAIN_SECONDS": "1"}
    with server, Wire(server) as half:
        half.send(HELLO[:-1])
        server.running.send(signal.SIGTERM)
        until(lambda: any("draining for 1 s" in str(record) for record in server.records()))
        with Wire(server) as other:
            assert other.ask(HELLO).status == 200
        until(lambda: is_refused(server))
        half.send(HELLO[-1:])
        answer = half.answer()
        assert (answer.status, answer.headers["Connection"]) == (200, "close")
        assert ended(server.running) == 0
