"""Are reports answered by a served Tracker, while it tracks, and looked after from the command line?"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.analytics.asking import Reporting
from tests.client import Reply
from tests.processes import until
from tests.served import Account, Tracker
from tracker.config import Settings


@pytest.fixture
def ended(tracker_on_each: Tracker) -> Iterator[Path]:
    """The folder of the copies; the process that serves them is ended after the test."""
    settings = Settings.from_environ({"TRACKER_DATABASE_URL": tracker_on_each.database_url})
    folder = tracker_on_each.folder / settings.reports_folder
    yield folder
    Reporting(tracker_on_each.database_url, folder).kill()


def report(tracker: Tracker, account: Account) -> Reply:
    return tracker.call("reports.trend", account.key, ListID=account.list_id, Measures=["events"])


def trend(tracker: Tracker, account: Account) -> dict[str, object]:
    answer = report(tracker, account)
    assert answer.status == 200, answer.body
    return dict(answer.body)


def test_reports_are_answered_and_tracking_goes_on_when_the_process_is_frozen(
    tracker_on_each: Tracker, account_on_each: Account, ended: Path
) -> None:
    tracker, account = tracker_on_each, account_on_each
    sent = {"ListID": account.list_id, "Event": "seen", "Email": "a@example.com"}
    for _ in range(3):
        assert tracker.call("event.track", account.key, **sent).status == 200
    until(lambda: trend(tracker, account)["Status"] == "ready", 60, "a report")
    pid = Reporting(tracker.database_url, ended).pid
    os.kill(pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as asking:
        asked = asking.submit(report, tracker, account)
        for _ in range(5):
            assert tracker.call("event.track", account.key, **sent).status == 200
            assert not asked.done()  # one worker waits for the answer and stores events
        assert (asked.result().status, asked.result().body["Errors"][0]["Code"]) == (503, 100014)
    until(lambda: report(tracker, account).status == 200, 60, "a report of another process")
    until(lambda: trend(tracker, account)["Status"] == "ready", 60, "a report again")
